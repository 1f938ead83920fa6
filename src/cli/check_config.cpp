#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "config/load.hpp"

namespace bms::cli {

void add_check_config(CLI::App& app, Action& action) {
  auto file = std::make_shared<std::string>();
  auto* command = app.add_subcommand("check-config", "tell every mistake in a configuration file");
  command->add_option("file", *file, "config.ini")->required();
  command->callback([&action, file] { action = [file] { return config::check(*file, drivers(), std::cout); }; });
}

}  // namespace bms::cli
