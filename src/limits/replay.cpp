#include "limits/replay.hpp"

#include <fmt/format.h>

#include <cmath>
#include <istream>
#include <memory>
#include <ostream>

#include "limits/bank.hpp"
#include "limits/engine.hpp"
#include "limits/json.hpp"
#include "reading/json.hpp"

namespace bms::limits {
namespace {

using nlohmann::json;

constexpr double kMaxTime_s = 1e9;
constexpr double kMaxSteps = 1e7;  ///< a hundred days of seconds: a typing error must not run for ever

struct Line {
  std::size_t number;
  double t_s;
  std::string battery;
  json changes;
};

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

std::optional<double> number(const json& object, const char* key, double min, double max) {
  if (!object.contains(key) || object[key].is_null()) return std::nullopt;
  const auto& value = object[key];
  if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max)) {
    refuse(fmt::format("{}: {}: must be a number from {} to {}", key, value.dump(), min, max));
  }
  return value.get<double>();
}

bool flag(const json& object, const char* key, bool otherwise) {
  if (!object.contains(key)) return otherwise;
  if (!object[key].is_boolean()) refuse(fmt::format("{}: {}: must be true or false", key, object[key].dump()));
  return object[key].get<bool>();
}

std::string word(const json& object, const char* key, const std::string& otherwise) {
  if (!object.contains(key)) return otherwise;
  if (!object[key].is_string()) refuse(fmt::format("{}: {}: must be text", key, object[key].dump()));
  return object[key].get<std::string>();
}

/// One battery of the replay: what it reports, and its engine.
class Player {
 public:
  Player(std::string name, const Config& config) : name_(std::move(name)), config_(config) {
    device_.unavailable = {true, true, false, true, true, true};
  }

  /// Throws std::invalid_argument naming key and value.
  void apply(const json& changes) {
    apply_json(changes, reading_);
    if (changes.contains("temps_C")) device_.unavailable.temperatures = false;
    if (changes.contains("mos_temp_C")) device_.unavailable.mos_temperature = false;
    link_ = flag(changes, "link", link_);
    charge_off_ = flag(changes, "charge_off", charge_off_);
    discharge_off_ = flag(changes, "discharge_off", discharge_off_);
    set_soc_pct_ = number(changes, "set_soc_pct", 0, 100);
    if (const auto request = word(changes, "request", ""); request == "rebulk") {
      rebulk_ = true;
    } else if (request == "top_balance") {
      top_balance_ = true;
    } else if (!request.empty()) {
      refuse(fmt::format("request: \"{}\": must be rebulk or top_balance", request));
    }
    if (changes.contains("external")) apply_external(changes["external"]);
    if (changes.contains("shunt")) {
      const auto& shunt = changes["shunt"];
      has_shunt_ = shunt.is_object();
      if (has_shunt_) shunt_ = {number(shunt, "soc_pct", 0, 100), number(shunt, "current_A", -10000, 10000)};
    }
  }

  const Limits& step(TimePoint now) {
    Input input;
    reading_.time = now;
    if (link_) input.reading = &reading_;
    if (has_shunt_) input.shunt = &shunt_;
    ExternalLimit limit = external_;
    limit.name = external_name_;
    if (!external_name_.empty()) input.external = {&limit, 1};
    input.charge_off = charge_off_;
    input.discharge_off = discharge_off_;
    input.rebulk = rebulk_;
    input.top_balance = top_balance_;
    input.set_soc_pct = set_soc_pct_;
    limits::step(config_, device_, state_, input, now, limits_);
    external_name_.clear();
    rebulk_ = top_balance_ = false;
    set_soc_pct_.reset();
    return limits_;
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Device& device() const { return device_; }
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  void apply_external(const json& entry) {
    if (!entry.is_object()) refuse("external: must be an object with \"name\" and limits");
    external_name_ = word(entry, "name", "external");
    const auto source = word(entry, "source", "external");
    if (source != "user" && source != "external" && source != "alternator") {
      refuse(fmt::format("source: \"{}\": must be user, external or alternator", source));
    }
    external_.source = source == "user"         ? ExternalLimit::Source::user
                       : source == "alternator" ? ExternalLimit::Source::alternator
                                                : ExternalLimit::Source::external;
    external_.charge_A = number(entry, "charge_A", 0, 1e6);
    external_.discharge_A = number(entry, "discharge_A", 0, 1e6);
    external_.voltage_V = number(entry, "voltage_V", 0, 1e4);
    external_.ttl_s = number(entry, "ttl_s", 0, 1e9);
  }

  std::string name_;
  Config config_;
  Device device_;
  State state_;
  Limits limits_;
  Reading reading_;
  bool link_ = true;
  bool has_shunt_ = false;
  ShuntValues shunt_;
  bool charge_off_ = false, discharge_off_ = false, rebulk_ = false, top_balance_ = false;
  std::optional<double> set_soc_pct_;
  std::string external_name_;
  ExternalLimit external_;
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

std::vector<Line> parse(std::istream& readings, std::vector<ReplayProblem>& problems) {
  std::vector<Line> lines;
  std::string text;
  for (std::size_t number = 1; std::getline(readings, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
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
  const std::vector<Line> lines = parse(readings, problems);
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
    const auto own = options.configs.find(name);
    const Config& config = own == options.configs.end() ? options.config : own->second;
    return *players.emplace_back(std::make_unique<Player>(name, config));
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
      sink(t_s, known->name(), known->step(now));
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
