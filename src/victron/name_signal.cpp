#include "victron/name_signal.hpp"

#include <string_view>

#include "victron/item_wire.hpp"

namespace bms::victron {
namespace {

/// "jk_4100" of "/Settings/Devices/jk_4100/CustomName", else empty.
std::string_view device_of(std::string_view path) {
  constexpr std::string_view kBegin = "/Settings/Devices/";
  constexpr std::string_view kEnd = "/CustomName";
  if (!path.starts_with(kBegin) || !path.ends_with(kEnd) || path.size() <= kBegin.size() + kEnd.size()) return {};
  path = path.substr(kBegin.size(), path.size() - kBegin.size() - kEnd.size());
  return path.find('/') == std::string_view::npos ? path : std::string_view{};
}

}  // namespace

std::map<std::string, std::string> names_in_signal(sd_bus_message* signal) {
  std::map<std::string, std::string> names;
  const auto read_device = [&](std::string_view id) {
    return wire::for_each_entry(signal, "{sv}", [&](std::string_view key) {
      if (key != "Value") return sd_bus_message_skip(signal, "v") >= 0;
      Value value;
      if (wire::read_variant(signal, value) < 0) return false;
      const Value clean = normalised({.kind = Kind::text}, value);
      if (const auto* text = std::get_if<std::string>(&clean); text != nullptr && text->size() <= kMaxWrittenText) {
        names[std::string(id)] = *text;
      }
      return true;
    });
  };
  if (sd_bus_message_is_signal(signal, wire::kInterface, "PropertiesChanged") > 0) {
    if (const auto id = device_of(sd_bus_message_get_path(signal)); !id.empty()) read_device(id);
  } else if (sd_bus_message_is_signal(signal, wire::kInterface, "ItemsChanged") > 0) {
    wire::for_each_entry(signal, "{sa{sv}}", [&](std::string_view path) {
      const std::string id(device_of(path));
      return id.empty() ? sd_bus_message_skip(signal, "a{sv}") >= 0 : read_device(id);
    });
  }
  return names;
}

}  // namespace bms::victron
