#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "bms/reading.hpp"
#include "limits/output.hpp"

namespace bms::victron {

/// The stock alarm (name below /Alarms) that stands for a condition a BMS reports.
std::string_view alarm_name(Condition condition);

/// Victron's BMS error number (as below /ErrorCode) that names a condition; 0: there is none.
std::int32_t error_number(Condition condition);

/// Names of the alarms that are always there once the BMS tells its alarms; the others appear when first raised.
std::span<const std::string_view> standard_alarms();

/// Level by name (0 ok, 1 warning, 2 alarm) of what the BMS and the engine say; nothing for a BMS that does not tell.
/// `limits` may be null.
using AlarmLevels = std::map<std::string_view, std::int32_t>;
AlarmLevels alarm_levels(const Reading* reading, const limits::Limits* limits);

/// Bit mask of /Battery/<n>/Status.
std::int32_t status_bits(const Reading& reading, const limits::Limits* limits);

}  // namespace bms::victron
