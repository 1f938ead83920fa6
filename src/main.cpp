#include <cstdio>
#include <exception>

#include "cli/command.hpp"
#include "version.hpp"

namespace {

/// `dbus-bms --config FILE` is `dbus-bms run --config FILE`. CLI11 takes the arguments in reverse order.
std::vector<std::string> with_default_command(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool names_none = !arguments.empty() && arguments.front().starts_with("--") && arguments.front() != "--help" &&
                          arguments.front() != "--version";
  if (names_none) arguments.insert(arguments.begin(), "run");
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bms::cli;
  CLI::App app("dbus-bms: battery management systems on serial ports as Victron batteries on D-Bus");
  app.set_version_flag("--version", std::string("dbus-bms ") + bms::kVersion);
  app.require_subcommand(0, 1);
  Action action;
  add_run(app, action);
  add_check_config(app, action);
  add_import_config(app, action);
  add_ports(app, action);
  add_probe(app, action);
  add_status(app, action);
  add_support(app, action);
  add_capture(app, action);
  add_decode(app, action);
  add_limits(app, action);
  add_export(app, action);
  add_simulate(app, action);
  try {
    app.parse(with_default_command(argc, argv));
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
