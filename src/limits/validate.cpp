#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "limits/config.hpp"
#include "limits/parameters.hpp"

namespace bms::limits {
namespace {

using Severity = Problem::Severity;

bool falling(const Curve& curve) {
  return std::is_sorted(curve.points.rbegin(), curve.points.rend(),
                        [](const auto& a, const auto& b) { return a.fraction < b.fraction; });
}

bool rising(const Curve& curve) {
  return std::is_sorted(curve.points.begin(), curve.points.end(),
                        [](const auto& a, const auto& b) { return a.fraction < b.fraction; });
}

/// Rises (or not) up to a peak and falls (or not) after it.
bool single_peaked(const Curve& curve) {
  bool down = false;
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    const double change = curve.points[i].fraction - curve.points[i - 1].fraction;
    if (change > 0 && down) return false;
    if (change < 0) down = true;
  }
  return true;
}

struct Checker {
  const Config& config;
  std::vector<Problem> problems = {};

  void report(std::string_view key, std::string allowed, Severity severity = Severity::error) {
    const Parameter* parameter = find_parameter(key);
    problems.push_back({std::string(key), parameter->get(config), std::move(allowed), severity});
  }

  /// Also finds NaN, infinities and curves that were not made from text.
  template <class Owner>
  void ranges(const Owner& owner, std::span<const ParameterOf<Owner>> table) {
    for (const auto& parameter : table) {
      Owner copy = owner;
      const std::string text = parameter.get(owner);
      if (const auto allowed = parameter.set(copy, text)) {
        problems.push_back({std::string(parameter.key), text, "must be " + *allowed, Severity::error});
      }
    }
  }

  void shape(std::string_view key, const Curve& curve, bool (*good)(const Curve&), std::string_view allowed) {
    if (!good(curve)) report(key, std::string(allowed));
  }

  void shapes() {
    constexpr auto kFalling = "the fractions must not rise from left to right";
    constexpr auto kPeak = "the fractions must rise to one peak and fall after it";
    const auto monotone = [](const Curve& curve) { return falling(curve) || rising(curve); };
    shape("charge_cell_v", config.charge_cell_v, falling, kFalling);
    shape("discharge_cell_v", config.discharge_cell_v, rising, "the fractions must not fall from left to right");
    for (const auto& [key, curve] : {std::pair{"charge_temp", &config.charge_temp},
                                     {"discharge_temp", &config.discharge_temp},
                                     {"charge_mosfet", &config.charge_mosfet},
                                     {"discharge_mosfet", &config.discharge_mosfet}}) {
      shape(key, *curve, single_peaked, kPeak);
    }
    shape("charge_soc", config.charge_soc, monotone, "the fractions must all rise or all fall");
    shape("discharge_soc", config.discharge_soc, monotone, "the fractions must all rise or all fall");
    shape("cell_diff", config.cell_diff, falling, kFalling);
  }

  struct Voltage {
    std::string_view key;
    double value;
    bool may_equal_previous;
  };

  void order() {
    const Voltage chain[] = {{"cell_v_hard_min", config.cell_v_hard_min, false},
                             {"cell_v_min", config.cell_v_min, false},
                             {"cvl_floor_cell_v", config.cvl_floor_cell_v, false},
                             {"cell_v_float", config.cell_v_float, false},
                             {"cell_v_max", config.cell_v_max, true},
                             {"cell_v_top", config.cell_v_top, true},
                             {"cell_v_hard", config.cell_v_hard, false}};
    for (std::size_t i = 1; i < std::size(chain); ++i) {
      const Voltage& low = chain[i - 1];
      const Voltage& high = chain[i];
      if (low.value < high.value || (high.may_equal_previous && low.value == high.value)) continue;
      report(high.key,
             fmt::format("must be {} {} = {} V", high.may_equal_previous ? "at least" : "above", low.key, low.value));
    }
    if (config.loss_v_min > config.loss_v_max) {
      report("loss_v_max", fmt::format("must be at least loss_v_min = {} V", config.loss_v_min));
    }
    if (config.stale_s >= config.lost_s) report("lost_s", fmt::format("must be above stale_s = {} s", config.stale_s));
  }

  /// Nothing breaks with these, but nobody can mean them.
  void contradictions() {
    if (config.soc_low_warning <= config.discharge_floor_soc && config.discharge_floor_soc > 0) {
      report("soc_low_warning",
             fmt::format("must be above discharge_floor_soc = {} %, or the warning comes with the stop",
                         config.discharge_floor_soc),
             Severity::contradiction);
    } else if (config.soc_low_warning < config.soc_low_alarm) {
      report("soc_low_warning", fmt::format("must be at least soc_low_alarm = {} %", config.soc_low_alarm),
             Severity::contradiction);
    }
    if (config.prealarm_cell_v <= config.cell_v_hard_min) {
      report("prealarm_cell_v", fmt::format("must be above cell_v_hard_min = {} V", config.cell_v_hard_min),
             Severity::contradiction);
    }
  }
};

}  // namespace

std::vector<Problem> validate(const Config& config) {
  Checker checker{config};
  checker.ranges<Config>(config, parameters());
  checker.shapes();
  checker.order();
  checker.contradictions();
  return std::move(checker.problems);
}

std::vector<Problem> validate(const BankConfig& config) {
  Checker checker{Config{}};
  checker.ranges<BankConfig>(config, bank_parameters());
  return std::move(checker.problems);
}

Config for_interval(Config config, double interval_s) {
  config.stale_s = std::max(config.stale_s, 3 * interval_s);
  config.lost_s = std::max(config.lost_s, 6 * interval_s);
  return config;
}

Config fallback() {
  Config config;
  config.max_charge_a *= 0.2;
  config.max_discharge_a *= 0.2;
  return config;
}

}  // namespace bms::limits
