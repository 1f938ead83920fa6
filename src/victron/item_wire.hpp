#pragma once

#include <systemd/sd-bus.h>

#include <string>
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

inline constexpr std::size_t kMostEntries = 4096;  ///< of one message; a real service has some hundred

/// Calls `each(key)` for the entries of a dictionary; it has to read the value behind the key.
template <class Each>
bool for_each_entry(sd_bus_message* message, const char* entry, Each each) {
  if (sd_bus_message_enter_container(message, 'a', entry) <= 0) return false;
  const std::string content(entry + 1, std::string_view(entry).size() - 2);
  for (std::size_t count = 0; count < kMostEntries; ++count) {
    const int more = sd_bus_message_enter_container(message, 'e', content.c_str());
    if (more < 0) return false;
    if (more == 0) return sd_bus_message_exit_container(message) >= 0;
    const char* key = nullptr;
    if (sd_bus_message_read_basic(message, 's', static_cast<void*>(&key)) <= 0) return false;
    if (!each(std::string_view(key)) || sd_bus_message_exit_container(message) < 0) return false;
  }
  return false;
}

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
