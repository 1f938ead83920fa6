#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "recorder/row.hpp"

namespace bms::recorder {

/// One step as it is stored: a few bytes where little changed.
struct Record {
  std::size_t channel = 0;  ///< which battery
  std::int64_t at_ms = 0;   ///< since the recorder began
  bool reading = false;     ///< a Reading arrived in this step
  bool has_step = true;     ///< false: a shunt, that has no engine
  std::string keyframe;     ///< JSON: the state of the engine before this step; mostly empty
  std::string rare;         ///< JSON: texts that changed, requests; mostly empty
  Row row;
};

/// What the record before left behind, per channel; both ends begin a group with a new one.
struct Base {
  Row row;
  bool known = false;
};

void append_varint(std::string& out, std::uint64_t value);

/// Appends `record`; `previous_ms`: the time of the record before it in the group, of whatever channel.
void encode(const Record& record, std::int64_t previous_ms, const Base& base, std::string& out);

/// Takes bytes apart; whatever they are, it reads nothing beyond them.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool done() const { return bytes_.empty(); }
  std::optional<std::uint64_t> varint();
  std::optional<std::uint8_t> byte();
  std::optional<double> number();
  std::optional<std::string_view> take(std::uint64_t size);
  std::optional<std::string_view> text();  ///< length first

 private:
  std::string_view bytes_;
};

/// The channel of the record that comes next; then decode() with that channel's base. nullopt: damaged.
std::optional<Record> decode(Cursor& cursor, std::size_t channel, std::int64_t previous_ms, const Base& base);

}  // namespace bms::recorder
