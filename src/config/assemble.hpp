#pragma once

#include <span>
#include <string_view>

#include "config/config.hpp"
#include "config/document.hpp"

namespace bms::config {

/// Makes the configuration of a document; what is wrong is reported there.
Config assemble(Document& document, std::span<const DriverInfo> drivers, Scope scope);

/// The steps of assemble(), in this order.
void read_batteries(Document& document, std::span<const DriverInfo> drivers, Config& config);
void read_limits(Document& document, Scope scope, Config& config);
void check_references(Document& document, Config& config);
void read_bank(Document& document, std::span<const DriverInfo> drivers, Scope scope, Config& config);
void read_outputs(Document& document, Config& config);

/// The driver of this name; nullptr for `auto`, `dbus` and unknown ones.
const DriverInfo* driver_of(std::span<const DriverInfo> drivers, std::string_view name);
/// All unit names, for lookups and proposals. Views into `config`.
std::vector<std::string_view> unit_names(const Config& config);
/// The units that `name` means: one unit, or all of the section of this name.
std::vector<const BatteryUnit*> units_of(const Config& config, std::string_view name);
/// True when the bank is published.
bool bank_in_use(const Config& config);

}  // namespace bms::config
