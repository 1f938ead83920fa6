#include "port/port_finder.hpp"

#include <fmt/format.h>
#include <libserialport.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace bms::port {
namespace {

constexpr std::string_view kUsbPrefix = "usb:";
constexpr std::string_view kPathPrefix = "path:";
const std::filesystem::path kByPath = "/dev/serial/by-path";

std::string text(const char* value) { return value != nullptr ? value : ""; }

std::string find_by_path(const std::string& device) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kByPath, error)) {
    if (std::filesystem::canonical(entry.path(), error) == std::filesystem::path(device)) {
      return entry.path().filename();
    }
  }
  return {};
}

PortInfo describe(const sp_port* port) {
  PortInfo info;
  info.path = text(sp_get_port_name(port));
  info.description = text(sp_get_port_description(port));
  if (sp_get_port_transport(port) == SP_TRANSPORT_USB) {
    int vendor = 0;
    int product = 0;
    if (sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK) {
      info.usb_id = fmt::format("{:04x}:{:04x}", vendor, product);
    }
    info.serial = text(sp_get_port_usb_serial(port));
  }
  info.by_path = find_by_path(info.path);
  return info;
}

}  // namespace

std::string PortInfo::stable_name() const {
  if (!serial.empty() && serial_unique) return fmt::format("{}{}", kUsbPrefix, serial);
  if (!by_path.empty()) return fmt::format("{}{}", kPathPrefix, by_path);
  return path;
}

std::vector<PortInfo> list_ports() {
  std::vector<PortInfo> ports;
  sp_port** list = nullptr;
  if (sp_list_ports(&list) != SP_OK) return ports;
  const std::unique_ptr<sp_port*, decltype(&sp_free_port_list)> owner(list, &sp_free_port_list);
  for (std::size_t i = 0; list[i] != nullptr; ++i) ports.push_back(describe(list[i]));
  for (auto& port : ports) {
    port.serial_unique = !port.serial.empty() && std::count_if(ports.begin(), ports.end(), [&](const PortInfo& other) {
                                                   return other.serial == port.serial;
                                                 }) == 1;
  }
  std::sort(ports.begin(), ports.end(), [](const PortInfo& a, const PortInfo& b) { return a.path < b.path; });
  return ports;
}

tl::expected<std::string, std::string> resolve_port(std::string_view spec) {
  std::error_code error;
  if (spec.starts_with(kPathPrefix)) {
    const auto link = kByPath / spec.substr(kPathPrefix.size());
    const auto device = std::filesystem::canonical(link, error);
    if (error) return tl::unexpected(fmt::format("{}: no such socket is in use ({} is missing)", spec, link.string()));
    return device.string();
  }
  if (spec.starts_with(kUsbPrefix)) {
    const auto wanted = spec.substr(kUsbPrefix.size());
    std::vector<std::string> found;
    for (const auto& port : list_ports()) {
      if (port.serial == wanted) found.push_back(port.path);
    }
    if (found.empty()) return tl::unexpected(fmt::format("{}: no USB adapter with this serial number", spec));
    if (found.size() > 1) {
      return tl::unexpected(
          fmt::format("{}: {} adapters have this serial number; use path:... instead", spec, found.size()));
    }
    return found.front();
  }
  if (!std::filesystem::exists(std::filesystem::path(spec), error)) {
    return tl::unexpected(fmt::format("{}: no such device", spec));
  }
  return std::string(spec);
}

bool same_port(std::string_view first, std::string_view second) {
  if (first == second) return true;
  const auto one = resolve_port(first);
  const auto two = resolve_port(second);
  if (!one || !two) return false;
  std::error_code error;
  return std::filesystem::equivalent(*one, *two, error);
}

}  // namespace bms::port
