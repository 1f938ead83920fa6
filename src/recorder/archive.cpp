#include "recorder/archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <ostream>
#include <sstream>
#include <vector>

#include "recorder/codec.hpp"

namespace bms::recorder {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kMagic = "dbus-bms recording 2\n";
constexpr std::uint64_t kLargestChunk = 16U << 20U;  ///< bytes unpacked; an archive may lie
constexpr std::uint64_t kMostPacked = 1040;          ///< to one: more than zlib can do (1032), so nothing that is true
constexpr std::uint64_t kMostRecords = 100'000'000;  ///< of a group: years
constexpr char kGroup = 'G';
constexpr char kTextBytes = 'T';
constexpr char kNumberBytes = 'N';
constexpr char kEnd = 'E';

std::uint32_t checked(std::uint32_t check, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(check, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

struct Channel {
  std::string name;
  bool bank = false;
  Row shown;              ///< what the lines so far say
  bool appeared = false;  ///< it has a line
  bool keyed = false;     ///< its engine's state was told
};

/// Reads an archive and writes its lines.
class Exporter {
 public:
  Exporter(const std::string& battery, std::ostream& out) : battery_(battery), out_(out) {}

  std::string run(std::string_view archive) {
    if (!archive.starts_with(kMagic)) return "not a recording of this version";
    Cursor cursor(archive.substr(kMagic.size()));
    const auto text = cursor.text();
    if (!text || !header(*text)) return "header damaged";
    write_header();
    while (!cursor.done()) {
      const auto kind = cursor.byte();
      const bool good = kind == kGroup         ? begin_group(cursor)
                        : kind == kTextBytes   ? texts(cursor)
                        : kind == kNumberBytes ? numbers(cursor)
                        : kind == kEnd         ? end_group(cursor)
                                               : false;
      if (!good) return "damaged";
    }
    return open_ ? "cut off" : "";
  }

  /// Only what the header says.
  bool knows(std::string_view archive) {
    if (!archive.starts_with(kMagic)) return false;
    const auto text = Cursor(archive.substr(kMagic.size())).text();
    return text && header(*text) &&
           (battery_.empty() || std::any_of(channels_.begin(), channels_.end(),
                                            [this](const Channel& channel) { return channel.name == battery_; }));
  }

 private:
  bool header(std::string_view text) {
    const auto document = json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("channels") || !document["channels"].is_array()) return false;
    for (const auto& entry : document["channels"]) {
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) return false;
      const auto bank = entry.find("bank");
      channels_.push_back({entry["name"].get<std::string>(), bank != entry.end() && *bank == true, {}, false, false});
    }
    if (document.contains("start_unix_s")) start_unix_s_ = document["start_unix_s"];
    return channels_.size() <= kMostChannels;
  }

  void write_header() {
    ordered_json line{{"t", 0}, {"recording", 1}};
    if (!start_unix_s_.is_null()) line["start_unix_s"] = start_unix_s_;
    write(line);
  }

  bool begin_group(Cursor& cursor) {
    const auto begin = cursor.varint();
    const auto restated = cursor.byte();
    const auto records = cursor.varint();
    if (open_ || !begin || *begin > (1ULL << 44U) || !restated || !records || *records > kMostRecords) return false;
    open_ = true;
    begin_ms_ = static_cast<std::int64_t>(*begin);
    records_ = *records;
    texts_.clear();
    numbers_.clear();
    for (Channel& channel : channels_) {
      if (*restated != 0) channel.keyed = false;
    }
    return true;
  }

  bool texts(Cursor& cursor) {
    const auto raw_size = cursor.varint();
    const auto packed = cursor.text();
    if (!open_ || !raw_size || !packed) return false;
    if (*raw_size > std::min(kLargestChunk, kMostPacked * packed->size())) return false;
    std::string raw(static_cast<std::size_t>(*raw_size), '\0');
    uLongf size = raw.size();
    if (uncompress(reinterpret_cast<Bytef*>(raw.data()), &size, reinterpret_cast<const Bytef*>(packed->data()),
                   packed->size()) != Z_OK ||
        size != raw.size()) {
      return false;
    }
    texts_ += raw;
    return true;
  }

  bool numbers(Cursor& cursor) {
    const auto bytes = cursor.text();
    if (!open_ || !bytes) return false;
    numbers_ += *bytes;
    return true;
  }

  bool end_group(Cursor& cursor) {
    const auto check = cursor.varint();
    if (!open_ || check != checked(0, numbers_)) return false;
    open_ = false;
    RecordReader reader(begin_ms_, numbers_, texts_);
    for (std::uint64_t i = 0; i < records_; ++i) {
      const auto record = reader.next();
      if (!record || record->channel >= channels_.size() || !line(channels_[record->channel], *record)) return false;
    }
    return true;
  }

  /// The keys and values in `text`, mostly none; nullopt: it is something else.
  static std::optional<ordered_json> object(std::string_view text) {
    if (text.empty()) return ordered_json::object();
    auto parsed = ordered_json::parse(text, nullptr, false);
    return parsed.is_object() ? std::optional(std::move(parsed)) : std::nullopt;
  }

  bool line(Channel& channel, const Record& record) {
    if (!battery_.empty() && channel.name != battery_) return true;
    const auto keyframe = object(record.keyframe);
    const auto rare = object(record.rare);
    if (!keyframe || !rare) return false;
    // A bank whose engine is in the middle of something unknown cannot be replayed: it begins with its first state.
    if (channel.bank && !channel.keyed && record.keyframe.empty()) return true;
    ordered_json line{{"t", static_cast<double>(record.at_ms) / 1000}, {"battery", channel.name}};
    if (channel.bank) line["bank"] = true;
    if (record.has_step) line["step"] = record.reading ? "reading" : "silence";
    if (!record.keyframe.empty() && !channel.keyed) {
      line.update(*keyframe);
      channel.keyed = true;
    }
    line.update(*rare);
    line.update(changes(channel.shown, record.row, !channel.appeared));
    channel.shown = record.row;
    channel.appeared = true;
    write(line);
    return true;
  }

  void write(const ordered_json& line) {
    out_ << line.dump(-1, ' ', true, ordered_json::error_handler_t::replace) << '\n';
  }

  const std::string& battery_;
  std::ostream& out_;
  std::vector<Channel> channels_;
  json start_unix_s_;
  bool open_ = false;  ///< in a group
  std::int64_t begin_ms_ = 0;
  std::uint64_t records_ = 0;
  std::string texts_, numbers_;
};

}  // namespace

std::string packed(std::string_view raw) {
  uLongf size = compressBound(raw.size());
  std::string out(size, '\0');
  // Level 6: 64 kB take a few milliseconds on a GX; more effort gains some per cent.
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()), raw.size(),
                6) != Z_OK) {
    throw std::bad_alloc();
  }
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

ArchiveWriter::ArchiveWriter(Sink sink, const std::string& header) : sink_(std::move(sink)) {
  std::string begin(kMagic);
  append_varint(begin, header.size());
  sink_(begin + header);
}

void ArchiveWriter::begin_group(std::int64_t begin_ms, bool restated, std::uint64_t records) {
  std::string mark(1, kGroup);
  append_varint(mark, static_cast<std::uint64_t>(begin_ms));
  mark.push_back(restated ? '\1' : '\0');
  append_varint(mark, records);
  sink_(mark);
  check_ = 0;
}

void ArchiveWriter::texts(const std::string& packed, std::uint32_t raw_size) {
  std::string mark(1, kTextBytes);
  append_varint(mark, raw_size);
  append_varint(mark, packed.size());
  sink_(mark);
  sink_(packed);
}

void ArchiveWriter::numbers(std::string_view bytes) {
  std::string mark(1, kNumberBytes);
  append_varint(mark, bytes.size());
  sink_(mark);
  sink_(bytes);
  check_ = checked(check_, bytes);
}

void ArchiveWriter::end_group() {
  std::string mark(1, kEnd);
  append_varint(mark, check_);
  sink_(mark);
}

bool knows(std::string_view archive, const std::string& battery) {
  std::ostringstream nowhere;
  return Exporter(battery, nowhere).knows(archive);
}

std::string export_lines(std::string_view archive, const std::string& battery, std::ostream& out) {
  return Exporter(battery, out).run(archive);
}

}  // namespace bms::recorder
