#pragma once

#include <systemd/sd-bus.h>

#include <string_view>
#include <vector>

#include "victron/item_tree.hpp"

namespace bms::victron::wire {

// Items as D-Bus messages. Written with sd-bus itself: a tree of sdbus::Variant costs one message object per value, and
// this runs for every battery and poll. All answer sd-bus's error numbers (negative) or >= 0.

inline constexpr const char* kInterface = "com.victronenergy.BusItem";

/// The value as a variant; invalid is an empty array of int32, the only encoding of "unknown" consumers know.
int append_value(sd_bus_message* message, const Value& value);

/// One item of `a{sa{sv}}`: its path with Value, Text and, for writable numbers, Min and Max.
int append_item(sd_bus_message* message, const Item& item);

/// The variant of a SetValue. What is neither a number, a boolean nor a text is invalid; nothing else is looked at.
int read_value(sd_bus_message* message, Value& value);

/// The same inside of something larger: afterwards the message stands behind the variant, whatever was in it.
int read_variant(sd_bus_message* message, Value& value);

/// The whole of `items` as `a{sa{sv}}`.
template <class Items, class Project>
int append_items(sd_bus_message* message, const Items& items, Project project) {
  int result = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
  for (const auto& entry : items) {
    if (result < 0) return result;
    result = append_item(message, project(entry));
  }
  return result < 0 ? result : sd_bus_message_close_container(message);
}

}  // namespace bms::victron::wire
