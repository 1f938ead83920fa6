#include "limits/replay.hpp"

#include <fmt/format.h>

#include <cmath>
#include <istream>
#include <memory>
#include <ostream>

#include "limits/bank.hpp"
#include "limits/json.hpp"
#include "limits/player.hpp"
#include "limits/recording.hpp"
#include "limits/timing.hpp"

namespace bms::limits {
namespace {

using nlohmann::json;

constexpr double kMaxSteps = 1e7;  ///< a hundred days of seconds: a typing error must not run for ever

struct Line {
  std::size_t number;
  double t_s;
  std::string battery;
  json changes;
};

Line parse_line(std::size_t line_number, const std::string& text) {
  Line line{line_number, 0, "battery", json::parse(text)};
  if (!line.changes.is_object()) refuse("must be one JSON object");
  const auto t_s = number(line.changes, "t", -kMaxTime_s, kMaxTime_s);
  if (!t_s) refuse("t: missing: every line needs its time in s");
  line.t_s = *t_s;
  line.battery = word(line.changes, "battery", "battery");
  Player("", Config{}).apply(line.changes);  // every value is checked before anything runs
  return line;
}

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r") == std::string::npos; }

/// `text` is the line `number`, where the readings begin.
std::vector<Line> parse(std::string text, std::size_t number, std::istream& readings,
                        std::vector<ReplayProblem>& problems) {
  std::vector<Line> lines;
  for (bool more = true; more; more = static_cast<bool>(std::getline(readings, text)), ++number) {
    if (blank(text)) continue;
    try {
      Line line = parse_line(number, text);
      if (!lines.empty() && line.t_s < lines.back().t_s) {
        refuse(fmt::format("t: {}: must not be before the line above ({})", line.t_s, lines.back().t_s));
      }
      lines.push_back(std::move(line));
    } catch (const json::exception& error) {
      problems.push_back({number, fmt::format("not JSON: {}", error.what())});
    } catch (const std::invalid_argument& error) {
      problems.push_back({number, error.what()});
    }
  }
  return lines;
}

}  // namespace

std::vector<ReplayProblem> replay(std::istream& readings, const ReplayOptions& options, const ReplaySink& sink) {
  std::vector<ReplayProblem> problems;
  if (!(options.step_s >= 0.001 && options.step_s <= 86400)) {
    problems.push_back({0, fmt::format("step: {}: must be from 0.001 to 86400 s", options.step_s)});
  }
  std::string first;
  std::size_t number = 0;
  do ++number;
  while (std::getline(readings, first) && blank(first));
  if (begins_recording(first)) return replay_recording(readings, number, options, sink);
  const std::vector<Line> lines = parse(first, number, readings, problems);
  if (lines.empty() || !problems.empty()) return problems;
  const double first_s = std::floor(lines.front().t_s);
  const double last_s = options.until.value_or(lines.back().t_s);
  const double steps = std::floor((last_s - first_s) / options.step_s + 1e-9);
  if (steps > kMaxSteps) {
    problems.push_back({lines.back().number, fmt::format("t: {} s are more than {} steps", last_s, kMaxSteps)});
    return problems;
  }

  std::vector<std::unique_ptr<Player>> players;
  const auto player = [&](const std::string& name) -> Player& {
    for (auto& known : players) {
      if (known->name() == name) return *known;
    }
    return *players.emplace_back(std::make_unique<Player>(name, config_for(options, name)));
  };
  BankState bank;
  Limits bank_limits;
  std::vector<Member> members;
  std::size_t next = 0;
  for (double i = 0; i <= steps; ++i) {
    const double t_s = first_s + i * options.step_s;
    const TimePoint now{std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(t_s))};
    for (; next < lines.size() && lines[next].t_s <= t_s + 1e-9; ++next) {
      player(lines[next].battery).apply(lines[next].changes);
    }
    members.clear();
    for (auto& known : players) {
      sink(t_s, known->name(), known->step(now, true));
      members.push_back({known->name(), &known->config(), &known->device(), &known->state(), &known->limits()});
    }
    if (!options.bank) continue;
    limits::step(options.config, options.bank_config, bank, members, {}, now, bank_limits);
    sink(t_s, "bank", bank_limits);
  }
  return problems;
}

std::vector<ReplayProblem> replay(std::istream& readings, const ReplayOptions& options, std::ostream& out) {
  return replay(readings, options, [&](double t_s, const std::string& battery, const Limits& limits) {
    nlohmann::ordered_json line;
    line["t"] = t_s;
    line["battery"] = battery;
    line.update(to_json(limits, t_s));
    out << line.dump() << '\n';
  });
}

}  // namespace bms::limits
