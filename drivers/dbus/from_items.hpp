#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bms/reading.hpp"

/// A battery that another program publishes on D-Bus (`com.victronenergy.battery.*`), as a source of Readings: a
/// SmartShunt that Venus OS owns, a BMS on CAN. Pure: paths and values in, a Reading out.
namespace bms::dbus {

/// Value of an item: invalid (D-Bus: an empty array), a number of any D-Bus type (booleans too), a text.
using Item = std::variant<std::monostate, double, std::string>;
/// Items by absolute path ("/Dc/0/Voltage").
using Items = std::map<std::string, Item, std::less<>>;

/// What these items tell. Invalid or missing items, and numbers that are not finite, stay absent. When the service says
/// that its device is gone (/Connected 0) only identity is left.
///
/// Units and signs are those of Venus OS, which are ours: V, A (charging > 0), %, Ah, s, degC. Consumed Ah and
/// discharge history come out <= 0 whatever sign the publisher gave them.
Reading from_items(const Items& items);

/// True for paths that from_items() looks at: the others need not be kept.
bool is_used(std::string_view path);

/// "com.victronenergy.battery.ttyS5" and the like; the only names that `service =` may have.
bool is_battery_service(std::string_view name);

}  // namespace bms::dbus
