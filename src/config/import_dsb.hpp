#pragma once

#include <iosfwd>
#include <span>

#include "bms/driver.hpp"

namespace bms::config {

/// `dbus-bms import-config`: the config.ini of dbus-serialbattery becomes one of ours.
///
/// `config` gets a file whose limits are valid, ports to be checked by the user; `report` says what was taken over,
/// what behaves differently, what is not supported, what the user must decide and what is wrong. Answers 0, or 1 when
/// something is wrong or `in` is no such file; `config` then holds all the rest. An address that a driver of `drivers`
/// cannot have is left to the user.
int import_dsb(std::istream& in, std::ostream& config, std::ostream& report, std::span<const DriverInfo> drivers);

}  // namespace bms::config
