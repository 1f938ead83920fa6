#pragma once

#include <optional>
#include <string>

namespace bms::daemon {

struct Options {
  std::string config_file;
  std::optional<std::string> dbus;  ///< bus address; nullopt: see victron::bus_address()
};

/// Runs the daemon until SIGTERM or SIGINT. Returns the exit code of the command line contract: 1 when the
/// configuration forbids a start, 3 when a port, a name or the bus does.
int run(const Options& options);

}  // namespace bms::daemon
