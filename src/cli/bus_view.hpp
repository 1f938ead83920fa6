#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bms::cli {

/// One item of a battery service as a client sees it.
struct ViewItem {
  nlohmann::json value;  ///< null: invalid
  std::string text;
};

/// One `com.victronenergy.battery.*` service as a client sees it.
struct ServiceView {
  std::string name;
  std::map<std::string, ViewItem, std::less<>> items;
  std::string error;  ///< why its items could not be read; empty when all is well

  [[nodiscard]] std::optional<double> number(std::string_view path) const;
  [[nodiscard]] std::string string(std::string_view path) const;  ///< empty when invalid or absent
  [[nodiscard]] bool has(std::string_view path) const;
};

/// All battery services of the bus, ours and foreign, sorted: banks first, then by name. Throws sdbus::Error when the
/// bus cannot be reached.
std::vector<ServiceView> read_services(const std::optional<std::string>& address);

/// A JSON document of all services: name -> path -> value.
nlohmann::ordered_json to_json(const std::vector<ServiceView>& services);

struct RenderOptions {
  bool colour = false;
  bool unicode = false;
  std::string only;  ///< one battery in detail (part of its service name or its custom name); empty: all
};

/// The screen of `dbus-bms status`: at most 80 columns.
std::string render(const std::vector<ServiceView>& services, const RenderOptions& options);

}  // namespace bms::cli
