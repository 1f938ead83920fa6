#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace bms::recorder {

/// `raw` as zlib packs it.
std::string packed(std::string_view raw);

/// A recording in one piece, as it goes from the daemon to `dbus-bms export`.
class ArchiveWriter {
 public:
  using Sink = std::function<void(std::string_view bytes)>;

  ArchiveWriter(Sink sink, const std::string& header);
  /// Then its texts, then its numbers, each in any number of pieces.
  void begin_group(std::int64_t begin_ms, bool restated, std::uint64_t records);
  void texts(const std::string& packed, std::uint32_t raw_size);
  void numbers(std::string_view bytes);
  void end_group();

 private:
  Sink sink_;
  std::uint32_t check_ = 0;
};

/// Whether an archive has this battery; the empty name is all of them.
bool knows(std::string_view archive, const std::string& battery);

/// Writes an archive as JSON lines that `dbus-bms limits` replays to the same outputs. `battery`: only this one; empty:
/// all, with the bank. An empty text, or what is wrong with the archive (what came before is written).
std::string export_lines(std::string_view archive, const std::string& battery, std::ostream& out);

}  // namespace bms::recorder
