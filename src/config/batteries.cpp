#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/assemble.hpp"
#include "config/keys.hpp"
#include "config/text.hpp"

namespace bms::config {
namespace {

using Group = Document::Group;

/// `auto` finds the driver, `dbus` needs none: both are no protocol with a DriverInfo.
bool special(std::string_view driver) { return driver == "auto" || driver == "dbus"; }

std::string service_word(std::string_view name) {
  std::string word(name);
  for (char& c : word) {
    const bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!keep) c = '_';
  }
  return word;
}

struct BatteryReader {
  Document& document;
  std::span<const DriverInfo> drivers;
  const Group& group;
  const Daemon& daemon;
  Battery battery = {};
  const DriverInfo* info = nullptr;

  void read() {
    battery.section = group.suffix();
    const IniEntry* driver = group.find("driver");
    info = driver != nullptr ? driver_of(drivers, driver->value) : nullptr;
    const bool dbus = driver != nullptr && driver->value == "dbus";
    document.read(group, bind(battery, info, dbus ? std::span<const DriverInfo>{} : drivers));
    battery.poll_interval = battery.poll_interval_given.value_or(daemon.poll_interval);
    if (reserved_name(battery.section)) {
      document.report_section(group, "another name: bank, all, weighted and minimum mean something else");
    }
    check_driver();
    check_place();
    if (info != nullptr) check_needs();
    make_units();
  }

  void check_driver() {
    std::vector<std::string_view> names = {"auto", "dbus"};
    for (const auto& known : drivers) names.push_back(known.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (info != nullptr || special(battery.driver)) return;
    if (const auto* entry = group.find("driver"); entry != nullptr && entry->value.empty()) return;  // reported already
    document.report(group, "driver", fmt::format("one of: {}", fmt::join(names, " ")),
                    text::nearest(battery.driver, names));
  }

  /// Where the battery is: a port, or a service for driver dbus.
  void check_place() {
    const auto forbid = [&](std::string_view key, std::string_view why) {
      if (group.find(key) != nullptr) document.report(group, key, std::string(why));
    };
    if (battery.driver == "dbus") {
      for (const auto* key : {"port", "address", "baud"})
        forbid(key, "driver dbus has no serial port: leave this line out");
      if (group.find("service") == nullptr) {
        document.report(group, "service", "mandatory for driver dbus, such as com.victronenergy.battery.ttyS5");
      }
      if (battery.service.starts_with("com.victronenergy.battery.dbusbms_")) {
        document.report(group, "service",
                        "the service of another program: this one is our own, and would read what it has written "
                        "itself (soc_from, current_from and voltage_from take the name of a section)");
      }
      return;
    }
    forbid("service", "only for driver = dbus");
    if (group.find("port") == nullptr) {
      document.report(group, "port", "mandatory: /dev/..., usb:SERIAL or path:BY-PATH ('dbus-bms ports' lists them)");
    }
    check_addresses(forbid);
  }

  template <class Forbid>
  void check_addresses(const Forbid& forbid) {
    if (info == nullptr || battery.addresses.empty()) return;
    if (!info->has_address) {
      forbid("address", fmt::format("driver {} has no addresses: leave this line out", info->name));
      battery.addresses.clear();
      return;
    }
    const auto wrong = [&](unsigned address) { return address < info->address_min || address > info->address_max; };
    if (std::any_of(battery.addresses.begin(), battery.addresses.end(), wrong)) {
      document.report(group, "address",
                      fmt::format("driver {}: {} to {}", info->name, info->address_min, info->address_max));
    }
  }

  void check_needs() {
    if (info->needs_cells && group.find("cells") == nullptr) {
      document.report(group, "cells",
                      fmt::format("mandatory for driver {}: the number of cells in series", info->name));
    }
    if (info->needs_capacity && group.find("capacity") == nullptr) {
      document.report(group, "capacity", fmt::format("mandatory for driver {}: the capacity in Ah", info->name));
    }
  }

  void make_units() {
    const std::string shown = battery.name.empty() ? battery.section : battery.name;
    if (battery.addresses.size() < 2) {
      std::optional<unsigned> address;
      if (!battery.addresses.empty()) {
        address = battery.addresses.front();
      } else if (info != nullptr && info->has_address) {
        address = info->address_default;
      }
      add_unit(battery.section, address, shown);
      return;
    }
    for (std::size_t i = 0; i < battery.addresses.size(); ++i) {
      const unsigned address = battery.addresses[i];
      add_unit(fmt::format("{}_{:x}", battery.section, address), address, fmt::format("{} {}", shown, i + 1));
    }
  }

  void add_unit(std::string name, std::optional<unsigned> address, std::string shown) {
    BatteryUnit unit;
    unit.service_suffix = "dbusbms_" + service_word(name);
    unit.name = std::move(name);
    unit.address = address;
    unit.display_name = std::move(shown);
    battery.units.push_back(std::move(unit));
  }
};

/// Path without doubled slashes and dots, so that one port written in two ways is found; the rest as it is.
std::string port_key(std::string_view port) {
  if (!port.starts_with('/')) return std::string(port);
  std::vector<std::string_view> parts;
  while (!port.empty()) {
    const auto slash = port.find('/');
    const auto part = port.substr(0, slash);
    port.remove_prefix(slash == std::string_view::npos ? port.size() : slash + 1);
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  return fmt::format("/{}", fmt::join(parts, "/"));
}

/// Batteries on one port: each with its own address, all with one rate.
struct PortCheck {
  Document& document;
  std::span<const DriverInfo> drivers;
  struct Place {
    const Group* group;
    const Battery* battery;
  };
  std::map<std::string, std::vector<Place>> ports = {};

  [[nodiscard]] std::optional<unsigned> baud(const Battery& battery) const {
    if (battery.baud) return battery.baud;
    const auto* info = driver_of(drivers, battery.driver);
    return info != nullptr ? std::optional(info->baud) : std::nullopt;
  }

  /// Without an address there is room for one battery on a cable.
  static std::optional<std::string> clash(const Battery& first, const Battery& second) {
    for (const auto& a : first.units) {
      for (const auto& b : second.units) {
        if (!a.address || !b.address) return fmt::format("on {} with [battery:{}]", first.port, first.section);
        if (a.address == b.address) {
          return fmt::format("address {} on {} with [battery:{}]", *b.address, first.port, first.section);
        }
      }
    }
    return std::nullopt;
  }

  void add(const Group& group, const Battery& battery) {
    if (battery.port.empty()) return;
    auto& here = ports[port_key(battery.port)];
    for (const auto& other : here) {
      const bool known = (driver_of(drivers, battery.driver) != nullptr || battery.driver == "auto") &&
                         (driver_of(drivers, other.battery->driver) != nullptr || other.battery->driver == "auto");
      if (!known) continue;
      if (const auto what = clash(*other.battery, battery)) {
        document.report(group, group.find("address") != nullptr ? "address" : "port",
                        "two batteries on one cable need different addresses; this one shares " + *what);
        break;
      }
      const auto mine = baud(battery);
      const auto theirs = baud(*other.battery);
      if (mine && theirs && *mine != *theirs) {
        document.report(group, group.find("baud") != nullptr ? "baud" : "port",
                        fmt::format("{} as for [battery:{}]: batteries on one cable need one rate, this one has {}",
                                    *theirs, other.battery->section, *mine));
        break;
      }
    }
    here.push_back({&group, &battery});
  }
};

void check_names(Document& document, const Group& group, const Battery& battery,
                 std::map<std::string, std::string>& services) {
  for (const auto& unit : battery.units) {
    const auto [first, fresh] = services.emplace(unit.service_suffix, battery.section);
    if (fresh) continue;
    document.report_section(group, first->second == "bank"
                                       ? "another name: this one belongs to the bank"
                                       : fmt::format("another name: as a service it is {}, like [battery:{}]",
                                                     unit.service_suffix, first->second));
    return;
  }
}

/// As many units as the limits of the machine and of D-Bus can bear.
constexpr std::size_t kMostUnits = 256;

}  // namespace

void read_batteries(Document& document, std::span<const DriverInfo> drivers, Config& config) {
  const auto groups = document.with_prefix("battery:");
  for (const auto* group : groups) {
    BatteryReader reader{document, drivers, *group, config.daemon};
    reader.read();
    config.batteries.push_back(std::move(reader.battery));
    if (config.unit_count() > kMostUnits) {
      document.report_section(*group, fmt::format("at most {} batteries", kMostUnits));
      break;
    }
  }
  PortCheck ports{document, drivers};
  std::map<std::string, std::string> services = {{"dbusbms_bank", "bank"}};
  for (std::size_t i = 0; i < config.batteries.size(); ++i) {
    ports.add(*groups[i], config.batteries[i]);
    if (!reserved_name(config.batteries[i].section)) check_names(document, *groups[i], config.batteries[i], services);
  }
}

}  // namespace bms::config
