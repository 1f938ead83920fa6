#include <memory>

#include "cli/command.hpp"
#include "daemon/daemon.hpp"

namespace bms::cli {

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<daemon::Options>();
  auto* command = app.add_subcommand("run", "the daemon (the default command)");
  command->add_option("--config", options->config_file, "config.ini")->required();
  command->add_option("--dbus", options->dbus,
                      "D-Bus address (default: $DBUS_SYSTEM_BUS_ADDRESS, else the system bus)");
  command->callback([&action, options] { action = [options] { return daemon::run(*options); }; });
}

}  // namespace bms::cli
