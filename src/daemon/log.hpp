#pragma once

#include "config/config.hpp"

namespace bms::daemon {

/// Log on standard error, one line an event; the supervisor (multilog, journald) adds the time.
void set_up_log(config::LogLevel level);

}  // namespace bms::daemon
