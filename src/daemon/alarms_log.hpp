#pragma once

#include <string>
#include <string_view>

#include "bms/reading.hpp"
#include "daemon/log_filter.hpp"

namespace bms::daemon {

/// What the battery measured of that which an alarm is about, as "cell 3 has 3.652 V". Empty: nothing measured belongs
/// to this condition, or the battery does not tell it.
std::string measured(Condition condition, const Reading& reading);

/// Says in the log which alarms of a battery are in force, with what was measured; once, when they change.
void tell_alarms(LogFilter& filter, std::string_view name, const Reading& reading, TimePoint now);

}  // namespace bms::daemon
