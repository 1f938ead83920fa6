#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bms/reading.hpp"

/// Alarm bits as Daly boards know them: every bit has a name, most have a condition of the project.
namespace bms::daly {

inline constexpr auto kWarn = AlarmLevel::warning;
inline constexpr auto kAlarm = AlarmLevel::alarm;

/// One bit of the 56 alarm bits of command 0x98; bit = byte * 8 + bit in the byte.
struct Flag {
  unsigned bit;
  std::string_view name;
  std::optional<Condition> condition;  ///< nullopt: nothing to complain about, shown by name only
  AlarmLevel level = AlarmLevel::alarm;
};

/// The table of command 0x98, in the order of its bits.
std::span<const Flag> status_flags();

/// Alarms of the bits that are set; names of all set bits go to `extra["alarm_flags"]`, separated by blanks.
void decode_flags(std::span<const Flag> table, std::uint64_t bits, Reading& reading);
/// The first bit of the table for each alarm that can be expressed.
std::uint64_t encode_flags(std::span<const Flag> table, const std::vector<Alarm>& alarms);
/// Exchanges the over-current bits of charging and discharging, for boards that have the current the wrong way round.
std::uint64_t swap_overcurrent(std::uint64_t bits);

/// Appends a name to `extra["alarm_flags"]`.
void note_flag(Reading& reading, std::string_view name);

}  // namespace bms::daly
