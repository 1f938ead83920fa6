#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "recorder/range_coder.hpp"
#include "recorder/row.hpp"

namespace bms::recorder {

/// Records are at multiples of this: finer, most of a quiet step would be the trembling of its time.
inline constexpr std::int64_t kTick_ms = 10;

/// One step as it is stored: some bits for each number that is not what was to be expected.
struct Record {
  std::size_t channel = 0;  ///< which battery
  std::int64_t at_ms = 0;   ///< since the recorder began; a multiple of kTick_ms
  bool reading = false;     ///< a Reading arrived in this step
  bool has_step = true;     ///< false: a shunt, that has no engine
  std::string keyframe;     ///< JSON: the state of the engine before this step; mostly empty
  std::string rare;         ///< JSON: texts that changed, requests; mostly empty
  Row row;
};
inline constexpr std::size_t kMostChannels = 1024;

void append_varint(std::string& out, std::uint64_t value);

/// Takes bytes apart; whatever they are, it reads nothing beyond them.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool done() const { return bytes_.empty(); }
  std::optional<std::uint64_t> varint();
  std::optional<std::uint8_t> byte();
  std::optional<std::string_view> take(std::uint64_t size);
  std::optional<std::string_view> text();  ///< length first

 private:
  std::string_view bytes_;
};

/// What the records of a group so far tell about the next one; see codec.cpp.
class Memory;

/// Records of a group, one after the other. Their numbers and their texts go different ways: numbers have an entropy
/// coder of their own, texts are left to zlib.
class RecordWriter {
 public:
  explicit RecordWriter(std::int64_t begin_ms);
  RecordWriter(RecordWriter&&) noexcept;
  RecordWriter& operator=(RecordWriter&&) noexcept;
  ~RecordWriter();

  /// Appends what is finished to `numbers` and `texts`.
  void put(const Record& record, std::string& numbers, std::string& texts);
  /// The end of the numbers, should no record follow.
  [[nodiscard]] std::string tail() const { return coder_.tail(); }
  [[nodiscard]] std::size_t bytes() const;  ///< of memory

 private:
  RangeEncoder coder_;
  std::unique_ptr<Memory> memory_;
};

/// Gives them back. Whatever the bytes are: it reads nothing beyond them, and says so when they end too early.
class RecordReader {
 public:
  RecordReader(std::int64_t begin_ms, std::string_view numbers, std::string_view texts);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  std::optional<Record> next();  ///< nullopt: damaged

 private:
  RangeDecoder coder_;
  Cursor texts_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace bms::recorder
