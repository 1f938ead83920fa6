#include "config/changes.hpp"

namespace bms::config {
namespace {

/// The section as it concerns one unit: without the others, and without limits.
Battery stripped(const Config::Found& found) {
  Battery battery = *found.battery;
  battery.units = {*found.unit};
  battery.units[0].limits = {};
  battery.units[0].limits_fallback = false;
  battery.addresses.clear();
  return battery;
}

bool same_limits(const BatteryUnit& a, const BatteryUnit& b) {
  return a.limits == b.limits && a.limits_fallback == b.limits_fallback;
}

}  // namespace

bool Changes::none() const { return *this == Changes{}; }

Changes compare(const Config& before, const Config& after) {
  Changes changes;
  for (const auto& battery : after.batteries) {
    for (const auto& unit : battery.units) {
      const auto old = before.find_unit(unit.name);
      if (old.unit == nullptr) {
        changes.added.push_back(unit.name);
      } else if (stripped(old) != stripped({&battery, &unit})) {
        changes.changed.push_back(unit.name);
      } else if (!same_limits(*old.unit, unit)) {
        changes.limits.push_back(unit.name);
      }
    }
  }
  for (const auto& battery : before.batteries) {
    for (const auto& unit : battery.units) {
      if (after.find_unit(unit.name).unit == nullptr) changes.removed.push_back(unit.name);
    }
  }
  changes.daemon = before.daemon != after.daemon;
  changes.bank = before.bank != after.bank;
  changes.outputs = before.outputs != after.outputs || before.remote != after.remote;
  changes.web = before.web != after.web;
  return changes;
}

}  // namespace bms::config
