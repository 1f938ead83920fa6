#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace bms::cli {

/// Exit codes of the command line (contract).
enum Exit : int {
  kOk = 0,        ///< done
  kNegative = 1,  ///< a negative answer: configuration wrong, nothing found, nothing decoded
  kUsage = 2,     ///< wrong usage
  kRuntime = 3,   ///< runtime failure
};

/// What the chosen command does; set while the command line is parsed.
using Action = std::function<int()>;

// Each adds its command to the command line and sets `action` when it is chosen.
void add_capture(CLI::App& app, Action& action);
void add_check_config(CLI::App& app, Action& action);
void add_decode(CLI::App& app, Action& action);
void add_import_config(CLI::App& app, Action& action);
void add_limits(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_ports(CLI::App& app, Action& action);
void add_probe(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_simulate(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_support(CLI::App& app, Action& action);

}  // namespace bms::cli
