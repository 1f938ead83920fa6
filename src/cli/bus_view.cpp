#include "cli/bus_view.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <algorithm>

#include "cli/open_bus.hpp"

namespace bms::cli {
namespace {

constexpr std::string_view kPrefix = "com.victronenergy.battery.";
constexpr auto kReplyTimeout = std::chrono::seconds(5);

/// What others write may hold anything, commands for a terminal too.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

nlohmann::json to_json(const sdbus::Variant& value) {
  const std::string type = value.peekValueType();
  if (type == "d") return value.get<double>();
  if (type == "i") return value.get<std::int32_t>();
  if (type == "s") return printable(value.get<std::string>());
  if (type == "b") return value.get<bool>();
  if (type == "u") return value.get<std::uint32_t>();
  if (type == "x") return value.get<std::int64_t>();
  if (type == "t") return value.get<std::uint64_t>();
  if (type == "n") return value.get<std::int16_t>();
  if (type == "q") return value.get<std::uint16_t>();
  if (type == "y") return value.get<std::uint8_t>();
  return nullptr;  // an empty array is Venus's "invalid"
}

ServiceView read_service(sdbus::IConnection& connection, const std::string& name) {
  using Items = std::map<std::string, std::map<std::string, sdbus::Variant>>;
  ServiceView view;
  view.name = name;
  try {
    auto proxy = sdbus::createProxy(connection, name, "/");
    Items items;
    proxy->callMethod("GetItems")
        .onInterface("com.victronenergy.BusItem")
        .withTimeout(kReplyTimeout)
        .storeResultsTo(items);
    for (const auto& [path, fields] : items) {
      ViewItem item;
      if (const auto value = fields.find("Value"); value != fields.end()) item.value = to_json(value->second);
      if (const auto text = fields.find("Text"); text != fields.end() && text->second.peekValueType() == "s") {
        item.text = printable(text->second.get<std::string>());
      }
      view.items.emplace(path, std::move(item));
    }
  } catch (const sdbus::Error& error) {
    view.error = error.getMessage();
  }
  return view;
}

bool is_bank(const ServiceView& view) {
  return view.has("/System/NrOfBatteries") && view.number("/System/NrOfBatteries") > 1;
}

}  // namespace

std::optional<double> ServiceView::number(std::string_view path) const {
  const auto found = items.find(path);
  if (found == items.end() || !found->second.value.is_number()) return std::nullopt;
  return found->second.value.get<double>();
}

std::string ServiceView::string(std::string_view path) const {
  const auto found = items.find(path);
  if (found == items.end() || !found->second.value.is_string()) return {};
  return found->second.value.get<std::string>();
}

bool ServiceView::has(std::string_view path) const {
  const auto found = items.find(path);
  return found != items.end() && !found->second.value.is_null();
}

std::vector<ServiceView> read_services(const std::optional<std::string>& address) {
  const auto connection = open_bus(address);
  auto bus = sdbus::createProxy(*connection, "org.freedesktop.DBus", "/org/freedesktop/DBus");
  std::vector<std::string> names;
  bus->callMethod("ListNames").onInterface("org.freedesktop.DBus").withTimeout(kReplyTimeout).storeResultsTo(names);
  std::vector<ServiceView> services;
  for (const auto& name : names) {
    if (name.starts_with(kPrefix)) services.push_back(read_service(*connection, name));
  }
  std::sort(services.begin(), services.end(), [](const ServiceView& a, const ServiceView& b) {
    return std::pair(!is_bank(a), a.name) < std::pair(!is_bank(b), b.name);
  });
  return services;
}

nlohmann::ordered_json to_json(const std::vector<ServiceView>& services) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (const auto& service : services) {
    auto& items = document[service.name] = nlohmann::ordered_json::object();
    for (const auto& [path, item] : service.items) items[path] = item.value;
    if (!service.error.empty()) items["error"] = service.error;
  }
  return document;
}

}  // namespace bms::cli
