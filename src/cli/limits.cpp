#include "limits/replay.hpp"

#include <fstream>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "config/load.hpp"

namespace bms::cli {
namespace {

struct LimitsOptions {
  std::string config;
  std::string readings;
  limits::ReplayOptions replay;
  double until = -1;
};

int run_limits(const LimitsOptions& options) {
  const auto loaded = config::load_file(options.config, drivers(), config::Scope::limits_only);
  if (!loaded.ok()) {
    for (const auto& problem : loaded.problems) std::cerr << problem.text() << '\n';
    return kNegative;
  }
  limits::ReplayOptions replay = options.replay;
  if (options.until >= 0) replay.until = options.until;
  replay.config = loaded.config.limits;
  replay.configs = loaded.config.named_limits;
  replay.bank_config = loaded.config.bank.engine;
  replay.bank_limits = loaded.config.bank.limits;
  std::ifstream file;
  if (options.readings != "-") {
    file.open(options.readings);
    if (!file) {
      std::cerr << options.readings << ": cannot be read\n";
      return kNegative;
    }
  }
  const auto problems = limits::replay(options.readings == "-" ? std::cin : file, replay, std::cout);
  for (const auto& problem : problems) {
    std::cerr << options.readings << ':' << problem.line << ": " << problem.message << '\n';
  }
  return problems.empty() ? kOk : kNegative;
}

}  // namespace

void add_limits(CLI::App& app, Action& action) {
  auto options = std::make_shared<LimitsOptions>();
  auto* command = app.add_subcommand("limits", "run the limit engine over JSON-lines readings, print limits");
  command->add_option("--config", options->config, "config.ini; only [limits*] and [bank] are needed")->required();
  command->add_option("readings", options->readings, "JSON lines, - for standard input")->required();
  command->add_option("--step", options->replay.step_s, "seconds between steps")->check(CLI::Range(0.01, 3600.0));
  command->add_option("--until", options->until, "last step, in seconds")->check(CLI::Range(0.0, 1e9));
  command->add_flag("--bank", options->replay.bank, "also the bank of all batteries");
  command->callback([&action, options] { action = [options] { return run_limits(*options); }; });
}

}  // namespace bms::cli
