#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/command.hpp"
#include "config/import_dsb.hpp"

namespace bms::cli {
namespace {

int import_config(const std::string& file) {
  std::ifstream input(file);
  if (!input) {
    std::cerr << file << ": cannot be read\n";
    return kNegative;
  }
  return config::import_dsb(input, std::cout, std::cerr, drivers()) == 0 ? kOk : kNegative;
}

}  // namespace

void add_import_config(CLI::App& app, Action& action) {
  auto file = std::make_shared<std::string>();
  auto* command = app.add_subcommand("import-config", "make a config.ini of one of dbus-serialbattery");
  command->add_option("file", *file, "its config.ini; ours goes to standard output, the report to standard error")
      ->required();
  command->callback([&action, file] { action = [file] { return import_config(*file); }; });
}

}  // namespace bms::cli
