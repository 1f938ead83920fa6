#include <cstdio>
#include <exception>

#include "cli/command.hpp"
#include "version.hpp"

int main(int argc, char** argv) {
  using namespace bms::cli;
  CLI::App app("dbus-bms: battery management systems on serial ports as Victron batteries on D-Bus");
  app.set_version_flag("--version", std::string("dbus-bms ") + bms::kVersion);
  app.require_subcommand(0, 1);
  Action action;
  add_ports(app, action);
  add_simulate(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsage;
  }
  if (!action) {
    std::fputs(app.help().c_str(), stderr);
    return kUsage;
  }
  try {
    return action();
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
    std::fputs("\n", stderr);
    return kRuntime;
  }
}
