#include <fmt/format.h>

#include <cstdio>

#include "cli/command.hpp"
#include "port/port_finder.hpp"

namespace bms::cli {
namespace {

int list() {
  const auto ports = port::list_ports();
  if (ports.empty()) {
    std::fputs("no serial ports found\n", stderr);
    return kNegative;
  }
  for (const auto& port : ports) {
    std::fputs(
        fmt::format("{:<16} {:<36} {} {}\n", port.path, port.stable_name(), port.description, port.usb_id).c_str(),
        stdout);
  }
  std::fputs("The second column is what to write as `port =` in config.ini; it stays the same when USB renumbers.\n",
             stdout);
  return kOk;
}

}  // namespace

void add_ports(CLI::App& app, Action& action) {
  app.add_subcommand("ports", "list the serial ports with names that survive renumbering")->callback([&action] {
    action = list;
  });
}

}  // namespace bms::cli
