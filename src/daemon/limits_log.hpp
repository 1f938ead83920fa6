#pragma once

#include <string_view>

#include "daemon/log_filter.hpp"
#include "limits/output.hpp"

namespace bms::daemon {

/// Says in the log what changed in the limits of a battery or bank: the charge phase with what it saw, and each limit
/// when another constraint binds, at most one line per 10 s and constraint.
void tell_limits(LogFilter& filter, std::string_view name, const limits::Limits& limits, TimePoint now);

}  // namespace bms::daemon
