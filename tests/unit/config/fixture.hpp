#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace bms::config {

/// Drivers that exist only here: what is built in must not change these tests.
inline const std::vector<DriverInfo>& test_drivers() {
  static const std::vector<DriverInfo> kDrivers = [] {
    DriverInfo pack;
    pack.name = "pack";
    pack.baud = 115200;
    pack.has_address = true;
    pack.address_min = 0;
    pack.address_max = 15;
    pack.address_default = 1;
    pack.settings = {{"invert_current", DriverSetting::Kind::boolean, "no", 0, 0, "current has the wrong sign"},
                     {"delay", DriverSetting::Kind::number, "5", 1, 100, "ms between requests"},
                     {"flavour", DriverSetting::Kind::text, "auto", 0, 0, "variant of the frames"}};
    DriverInfo single;
    single.name = "single";
    single.needs_cells = true;
    single.needs_capacity = true;
    DriverInfo shunt;
    shunt.name = "shunt19";
    shunt.baud = 19200;
    shunt.unavailable.cells = true;
    return std::vector<DriverInfo>{pack, single, shunt};
  }();
  return kDrivers;
}

inline Loaded load(std::string_view text, Scope scope = Scope::daemon) {
  return load_text(text, "c.ini", test_drivers(), scope);
}

/// The problems as a user sees them, one a line.
inline std::string problems(const Loaded& loaded) {
  std::string out;
  for (const auto& problem : loaded.problems) out += problem.text() + "\n";
  return out;
}

inline std::string problems(std::string_view text, Scope scope = Scope::daemon) { return problems(load(text, scope)); }

inline constexpr std::string_view kRack = "[battery:rack]\ndriver = pack\nport = /dev/ttyUSB0\naddress = 1, 2\n";

}  // namespace bms::config
