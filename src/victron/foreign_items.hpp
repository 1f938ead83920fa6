#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <string_view>

#include "dbus/from_items.hpp"

namespace bms::victron {

// What others say about their items, read into a map. It may come from anyone: of wrong types, without end.

inline constexpr std::size_t kMostItems = 1024;  ///< kept of one service
inline constexpr std::size_t kMostText = 256;    ///< bytes kept of a text

/// `a{sa{sv}}`, the answer to GetItems and the content of ItemsChanged. Items that no Reading needs are left out, those
/// without Value untouched. False when the message is something else; what was understood before counts.
bool read_items(sd_bus_message* message, dbus::Items& items);

/// A variant of `a{sv}`: the answer to GetValue on "/", with paths that begin behind the slash.
bool read_tree(sd_bus_message* message, dbus::Items& items);

/// `a{sv}`, the content of PropertiesChanged of one path.
bool read_properties(sd_bus_message* message, std::string_view path, dbus::Items& items);

/// A variant, the answer to GetValue on one path.
bool read_item(sd_bus_message* message, std::string_view path, dbus::Items& items);

}  // namespace bms::victron
