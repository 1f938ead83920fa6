#include "config/assemble.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/keys.hpp"
#include "config/text.hpp"

namespace bms::config {
namespace {

template <class Owner>
void read_section(Document& document, std::string_view name, Owner& owner) {
  if (const auto* group = document.find(name)) document.read(*group, bind(owner));
}

void read_web(Document& document, Web& web) {
  read_section(document, "web", web);
  const auto* group = document.find("web");
  if (group == nullptr || web.host.empty() || loopback(web.host) || group->find("token") != nullptr) return;
  document.report(*group, "token",
                  "mandatory where others than this machine can reach the page: at least 8 characters");
}

}  // namespace

Config assemble(Document& document, std::span<const DriverInfo> drivers, Scope scope) {
  Config config;
  read_section(document, "daemon", config.daemon);
  read_batteries(document, drivers, config);
  if (scope == Scope::daemon && document.with_prefix("battery:").empty()) {
    document.report_file("at least one [battery:NAME] section; 'dbus-bms probe' finds batteries and prints it");
  }
  read_limits(document, scope, config);
  read_bank(document, drivers, scope, config);
  check_references(document, config);
  read_outputs(document, config);
  read_web(document, config.web);
  return config;
}

std::string BatteryUnit::service_name() const { return "com.victronenergy.battery." + service_suffix; }

DriverOptions driver_options(const Battery& battery, const BatteryUnit& unit) {
  return {unit.address.value_or(0), battery.cells, battery.capacity_Ah, battery.settings};
}

const limits::Config& Config::limits_for(std::string_view name) const {
  const auto found = named_limits.find(name);
  return found == named_limits.end() ? limits : found->second;
}

Config::Found Config::find_unit(std::string_view name) const {
  for (const auto& battery : batteries) {
    for (const auto& unit : battery.units) {
      if (unit.name == name) return {&battery, &unit};
    }
  }
  return {};
}

std::size_t Config::unit_count() const {
  std::size_t count = 0;
  for (const auto& battery : batteries) count += battery.units.size();
  return count;
}

const DriverInfo* driver_of(std::span<const DriverInfo> drivers, std::string_view name) {
  const auto found = std::find_if(drivers.begin(), drivers.end(), [&](const auto& info) { return info.name == name; });
  return found == drivers.end() ? nullptr : &*found;
}

std::vector<std::string_view> unit_names(const Config& config) {
  std::vector<std::string_view> names;
  for (const auto& battery : config.batteries) {
    for (const auto& unit : battery.units) names.emplace_back(unit.name);
  }
  return names;
}

std::vector<const BatteryUnit*> units_of(const Config& config, std::string_view name) {
  std::vector<const BatteryUnit*> units;
  for (const auto& battery : config.batteries) {
    for (const auto& unit : battery.units) {
      if (unit.name == name || battery.section == name) units.push_back(&unit);
    }
  }
  return units;
}

bool bank_in_use(const Config& config) {
  if (config.bank.enabled == BankEnabled::automatic) return config.bank.members.size() > 1;
  return config.bank.enabled == BankEnabled::yes;
}

}  // namespace bms::config
