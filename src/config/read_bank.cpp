#include <fmt/format.h>

#include <algorithm>

#include "config/assemble.hpp"
#include "config/text.hpp"

namespace bms::config {
namespace {

using Group = Document::Group;

std::vector<std::string_view> battery_names(const Config& config) {
  std::vector<std::string_view> names = unit_names(config);
  for (const auto& battery : config.batteries) {
    if (std::find(names.begin(), names.end(), battery.section) == names.end()) names.emplace_back(battery.section);
  }
  return names;
}

/// True when another battery, or the bank, takes something from this one.
bool is_source(const Config& config, const std::string& name) {
  return config.bank.engine.soc_from == name ||
         std::any_of(config.batteries.begin(), config.batteries.end(), [&name](const Battery& battery) {
           return battery.soc_from == name || battery.current_from == name || battery.voltage_from == name;
         });
}

/// `members = all`: everything with cells. A shunt, and a service of someone else, is a source and no member. Nobody
/// knows yet what will be found for `driver = auto`: what others measure with is taken for a shunt.
std::vector<std::string> all_members(const Config& config, std::span<const DriverInfo> drivers) {
  std::vector<std::string> members;
  for (const auto& battery : config.batteries) {
    const auto* info = driver_of(drivers, battery.driver);
    if (battery.driver == "dbus" || (info != nullptr && info->unavailable.cells)) continue;
    for (const auto& unit : battery.units) {
      if (battery.driver != "auto" || !is_source(config, unit.name)) members.push_back(unit.name);
    }
  }
  return members;
}

/// Section names become the names of their units.
std::vector<std::string> named_members(Document& document, const Group& group, const Config& config) {
  std::vector<std::string> members;
  for (const auto& name : config.bank.members) {
    const auto units = units_of(config, name);
    if (units.empty()) {
      document.report(group, "members", fmt::format("there is no battery {}", printable(name)),
                      text::nearest(name, battery_names(config)));
    }
    for (const auto* unit : units) {
      if (std::find(members.begin(), members.end(), unit->name) != members.end()) {
        document.report(group, "members", fmt::format("each battery once; {} is there twice", unit->name));
      } else {
        members.push_back(unit->name);
      }
    }
  }
  return members;
}

void check_soc_source(Document& document, const Group& group, Config& config) {
  const std::string& source = config.bank.engine.soc_from;
  if (source == "weighted" || source == "minimum") return;
  const auto units = units_of(config, source);
  if (units.size() == 1) {
    config.bank.engine.soc_from = units.front()->name;
    return;
  }
  std::vector<std::string_view> names = battery_names(config);
  names.emplace_back("weighted");
  names.emplace_back("minimum");
  document.report(group, "soc_from",
                  units.empty() ? "weighted, minimum, or the name of a battery"
                                : fmt::format("one battery; {} has {} addresses", source, units.size()),
                  units.empty() ? text::nearest(source, names) : units.front()->name);
}

void check_series(Document& document, const Group& group, const Bank& bank) {
  const auto series = static_cast<std::size_t>(bank.engine.series);
  if (series <= 1 || bank.members.empty() || bank.members.size() % series == 0) return;
  document.report(
      group, "series",
      fmt::format("a number that divides the {} batteries of the bank into full strings", bank.members.size()));
}

/// soc_from, current_from, voltage_from: another battery that measures by itself.
struct ReferenceCheck {
  Document& document;
  Config& config;
  std::string Battery::*source;
  std::string_view key;

  void check(const Group& group, Battery& battery) {
    std::string& name = battery.*source;
    if (group.find(key) == nullptr || name.empty()) return;
    const auto units = units_of(config, name);
    if (units.empty()) {
      document.report(group, key, "the name of another battery", text::nearest(name, names_without(battery)));
    } else if (units.size() > 1) {
      document.report(group, key, fmt::format("one battery; {} has {} addresses", name, units.size()),
                      units.front()->name);
    } else {
      check_unit(group, battery, units.front()->name);
    }
  }

  void check_unit(const Group& group, Battery& battery, const std::string& unit) {
    const auto* other = config.find_unit(unit).battery;
    if (other == &battery) {
      document.report(group, key, "the name of another battery, not of this one");
    } else if (!((*other).*source).empty()) {
      document.report(group, key, fmt::format("a battery that measures itself; {} has {} as well", unit, key));
    } else if (key != "soc_from" && battery.units.size() > 1) {
      document.report(group, key, "only where one battery is meant; several on one shunt: [bank] soc_from");
    } else {
      battery.*source = unit;
    }
  }

  [[nodiscard]] std::vector<std::string_view> names_without(const Battery& battery) const {
    std::vector<std::string_view> names;
    for (const auto& other : config.batteries) {
      if (&other == &battery) continue;
      for (const auto& unit : other.units) names.emplace_back(unit.name);
    }
    return names;
  }
};

}  // namespace

void check_references(Document& document, Config& config) {
  ReferenceCheck checks[] = {{document, config, &Battery::soc_from, "soc_from"},
                             {document, config, &Battery::current_from, "current_from"},
                             {document, config, &Battery::voltage_from, "voltage_from"}};
  for (auto& battery : config.batteries) {
    const auto* group = document.find("battery:" + battery.section);
    for (auto& check : checks) check.check(*group, battery);
  }
}

void read_bank(Document& document, std::span<const DriverInfo> drivers, Scope scope, Config& config) {
  const auto* group = document.find("bank");
  if (group != nullptr) document.read(*group, bind(config.bank));
  // `dbus-bms limits` names its batteries in the readings, not in the configuration.
  if (scope == Scope::limits_only && config.batteries.empty()) return;
  const bool named = !config.bank.members.empty();
  config.bank.members = named ? named_members(document, *group, config) : all_members(config, drivers);
  if (group == nullptr) return;
  check_soc_source(document, *group, config);
  check_series(document, *group, config.bank);
  if (config.bank.enabled == BankEnabled::yes && config.bank.members.empty() && !named) {
    document.report(*group, "enabled", "auto or no: there is no battery that could be a member");
  }
}

}  // namespace bms::config
