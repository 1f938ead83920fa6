#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limits/config.hpp"
#include "limits/output.hpp"

namespace bms::limits {

struct ReplayOptions {
  double step_s = 1;                                   ///< s between steps
  std::optional<double> until;                         ///< s, last step; nullopt: the last line
  bool bank = false;                                   ///< also the bank of all batteries, named "bank"
  Config config;                                       ///< for batteries without one of their own
  std::map<std::string, Config, std::less<>> configs;  ///< by battery name
  BankConfig bank_config;
  std::optional<Config> bank_limits;  ///< voltages and times of a recorded bank; nullopt: as `config`
};

/// By name; battery "rack_2" of a section "rack" with several addresses takes that of "rack".
const Config& config_for(const ReplayOptions& options, const std::string& battery);

struct ReplayProblem {
  std::size_t line;  ///< from 1; 0: not a line
  std::string message;
};

/// Called for each battery and step, in the order the batteries appeared, the bank last.
using ReplaySink = std::function<void(double t_s, const std::string& battery, const Limits& limits)>;

/// Runs the engine over JSON lines, each a change of what a battery reports from "t" on. Beside the keys of a Reading:
/// "battery": name; "link": false, nothing arrives any more; "request": "rebulk" or "top_balance"; "set_soc_pct";
/// "external": {"name", "source", "charge_A", "discharge_A", "voltage_V", "ttl_s"}; "charge_off", "discharge_off";
/// "shunt": {"soc_pct", "current_A"}. A quantity that was never named is one the battery cannot tell; null makes it
/// stop.
///
/// A recording (`dbus-bms export`) is told by its first line: each of its lines with "step" is one step, at its own
/// time, of its own battery, from the engine states it carries; the bank is one of them.
///
/// Lines are checked before the first step: with problems nothing is run. A recording is run up to its first problem.
std::vector<ReplayProblem> replay(std::istream& readings, const ReplayOptions& options, const ReplaySink& sink);
/// The same, with each step as one line of JSON.
std::vector<ReplayProblem> replay(std::istream& readings, const ReplayOptions& options, std::ostream& out);

}  // namespace bms::limits
