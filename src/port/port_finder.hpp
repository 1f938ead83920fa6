#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace bms::port {

/// One serial port of this machine, as `dbus-bms ports` shows it.
struct PortInfo {
  std::string path;            ///< "/dev/ttyUSB0"
  std::string description;     ///< for people
  std::string usb_id;          ///< "0403:6001", empty when not USB
  std::string serial;          ///< USB serial number; empty when the adapter has none
  std::string by_path;         ///< name below /dev/serial/by-path (the socket), empty when there is none
  bool serial_unique = false;  ///< no other port has this serial number

  /// What to write as `port =` so that the same adapter or socket is found after renumbering.
  [[nodiscard]] std::string stable_name() const;
};

/// All real serial ports (libserialport; pseudo-terminals are not enumerated).
std::vector<PortInfo> list_ports();

/// The device path for a `port =` value: a path as it is, `usb:SERIAL` or `path:BY-PATH` looked up now.
/// Error: one sentence that says what is missing or ambiguous.
tl::expected<std::string, std::string> resolve_port(std::string_view spec);

/// True when two `port =` values mean the same device (links followed where they exist).
bool same_port(std::string_view first, std::string_view second);

}  // namespace bms::port
