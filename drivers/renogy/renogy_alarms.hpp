#pragma once

#include <cstdint>
#include <optional>

#include "bms/reading.hpp"

namespace bms::renogy {

/// The alarm and status registers; absent where they were not read.
struct AlarmWords {
  std::optional<std::uint32_t> cells;         ///< 5100
  std::optional<std::uint32_t> temperatures;  ///< 5102
  std::optional<std::uint32_t> others;        ///< 5104
  std::optional<std::uint16_t> status1;       ///< 5106
  std::optional<std::uint16_t> status2;       ///< 5107
  std::optional<std::uint16_t> status3;       ///< 5108
  std::optional<std::uint16_t> charge_state;  ///< 5109
};

/// Protections of status 1 are alarms, all others warnings; MOSFETs, heater and states go to their own fields. Names of
/// everything that is set go to `extra["alarm_flags"]`, separated by blanks.
void decode_alarms(const AlarmWords& words, Reading& reading);
/// The words of a battery in this state, as far as they can say it.
AlarmWords encode_alarms(const Reading& truth);

}  // namespace bms::renogy
