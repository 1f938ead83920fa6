#pragma once

#include <iosfwd>

namespace bms::config {

/// `dbus-bms import-config`: the config.ini of dbus-serialbattery becomes one of ours.
///
/// `config` gets a file whose limits are valid, ports to be checked by the user; `report` says what was taken over,
/// what behaves differently, what is not supported, what the user must decide and what is wrong. Answers 0, or 1 when
/// something is wrong or `in` is no such file; `config` then holds all the rest.
int import_dsb(std::istream& in, std::ostream& config, std::ostream& report);

}  // namespace bms::config
