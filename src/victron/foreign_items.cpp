#include "victron/foreign_items.hpp"

#include <string>

#include "victron/item_wire.hpp"

namespace bms::victron {
namespace {

/// Never within a character: what is cut stays UTF-8.
std::string shortened(const std::string& text) {
  if (text.size() <= kMostText) return text;
  std::size_t end = kMostText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

dbus::Item plain_item(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return static_cast<double>(*integer);
  if (const auto* text = std::get_if<std::string>(&value)) return shortened(*text);
  return {};
}

void keep(dbus::Items& items, std::string_view path, const Value& value) {
  if (!dbus::is_used(path)) return;
  const auto known = items.find(path);
  if (known != items.end()) {
    known->second = plain_item(value);
  } else if (items.size() < kMostItems) {
    items.emplace(path, plain_item(value));
  }
}

}  // namespace

bool read_properties(sd_bus_message* message, std::string_view path, dbus::Items& items) {
  return wire::for_each_entry(message, "{sv}", [&](std::string_view name) {
    if (name != "Value") return sd_bus_message_skip(message, "v") >= 0;
    return read_item(message, path, items);
  });
}

bool read_items(sd_bus_message* message, dbus::Items& items) {
  return wire::for_each_entry(message, "{sa{sv}}", [&](std::string_view path) {
    if (!dbus::is_used(path)) return sd_bus_message_skip(message, "a{sv}") >= 0;
    return read_properties(message, path, items);
  });
}

bool read_tree(sd_bus_message* message, dbus::Items& items) {
  if (sd_bus_message_enter_container(message, 'v', "a{sv}") <= 0) return false;
  return wire::for_each_entry(message, "{sv}", [&](std::string_view key) {
    return read_item(message, key.starts_with('/') ? std::string(key) : "/" + std::string(key), items);
  });
}

bool read_item(sd_bus_message* message, std::string_view path, dbus::Items& items) {
  Value value;
  if (wire::read_variant(message, value) < 0) return false;
  keep(items, path, value);
  return true;
}

}  // namespace bms::victron
