#include "limits/soc.hpp"

#include <algorithm>
#include <cmath>

#include "limits/samples.hpp"

namespace bms::limits {
namespace {

constexpr double kLongestCounted_s = 60;   ///< S2: longer gaps are not integrated
constexpr double kFlaggedGap_s = 60;       ///< and shown
constexpr double kChargedByCounting = 99;  ///< %, charging alone never claims more (S2)
constexpr double kMeanTime_s = 120;        ///< T1, T3
constexpr double kLineMeanTime_s = 10;     ///< V10
constexpr double kMaxTtg_s = 864000;
constexpr double kShuntBack_s = 10;  ///< fresh for so long before it is believed again (no flipping at each drop-out)
constexpr double kDifferTime_s = 60;

/// S2: `charge_Ah` from the terminals, `idle_Ah` what the BMS itself took.
void count(const Config& config, Soc& soc, double charge_Ah, double idle_Ah, double capacity_Ah) {
  if (!soc.counter_pct) return;
  const double effective_Ah = charge_Ah > 0 ? charge_Ah * config.soc_charge_efficiency : charge_Ah;
  const double before = *soc.counter_pct;
  double after = before + (effective_Ah - idle_Ah) / capacity_Ah * 100;
  if (after > before) after = std::min(after, std::max(before, kChargedByCounting));
  soc.counter_pct = std::clamp(after, 0.0, 100.0);
}

/// Trapezoid between two samples of the current.
void integrate(const Config& config, Soc& soc, const Last<double>& current, std::optional<double> capacity_Ah) {
  if (!current.known || (soc.current_known && current.at_s <= soc.current_at_s)) return;
  if (soc.current_known && capacity_Ah) {
    const double gap_s = current.at_s - soc.current_at_s;
    if (gap_s <= kLongestCounted_s + kEpsilon) {
      const double charge_Ah = (soc.current_A + current.value) / 2 * gap_s / 3600;
      count(config, soc, charge_Ah, config.soc_idle_a * gap_s / 3600, *capacity_Ah);
    }
    if (above(gap_s, kFlaggedGap_s)) soc.gap_s = gap_s;
  }
  soc.current_known = true;
  soc.current_A = current.value;
  soc.current_at_s = current.at_s;
}

void means(Soc& soc, const Last<double>& current, bool fresh, double dt_s) {
  if (!current.known || !fresh) return;
  const double discharge_A = std::max(0.0, -current.value);
  if (!soc.discharge_mean_A) {
    soc.discharge_mean_A = discharge_A;
  } else {
    *soc.discharge_mean_A += (discharge_A - *soc.discharge_mean_A) * -std::expm1(-dt_s / kMeanTime_s);
  }
  soc.line_mean_A += (std::max(0.0, current.value) - soc.line_mean_A) * -std::expm1(-dt_s / kLineMeanTime_s);
}

void step_shunt(const Config& config, State& state, const Timing& time) {
  Soc& soc = state.soc;
  const Inputs& in = state.inputs;
  const bool fresh = freshness(config, in.shunt_soc, state.clock_s) == Freshness::fresh;
  if (!in.shunt_soc.known) return;
  // The first value counts at once; after a drop-out the shunt has to prove itself.
  const bool first = !soc.on_shunt && !soc.shunt_back.running && in.shunt_soc.at_s == state.clock_s && !state.started;
  if (!fresh) {
    soc.on_shunt = false;
    soc.shunt_back.stop();
  } else if (first || soc.shunt_back.held(true, time, kShuntBack_s)) {
    soc.on_shunt = true;
  }
  const bool both = in.shunt_current.known && in.current.known &&
                    freshness(config, in.shunt_current, state.clock_s) == Freshness::fresh &&
                    freshness(config, in.current, state.clock_s) == Freshness::fresh;
  // S6: another scale, another sign, or a load between the two.
  const bool differs =
      both && above(std::abs(in.shunt_current.value - in.current.value), 0.05 * std::abs(in.current.value) + 2);
  soc.shunt_disagrees = soc.shunt_differs.held(differs, time, kDifferTime_s);
}

}  // namespace

const Last<double>& current_of(const Config& config, const State& state) {
  const Inputs& in = state.inputs;
  const bool shunt = freshness(config, in.shunt_current, state.clock_s) == Freshness::fresh;
  return shunt ? in.shunt_current : in.current;
}

void synchronise(Soc& soc) {
  // S4: a correction nobody would expect is reported.
  if (soc.counter_pct && *soc.counter_pct < 90) soc.drift_pct = 100 - *soc.counter_pct;
  if (soc.counter_pct && *soc.counter_pct >= 90) soc.drift_pct.reset();
  soc.counter_pct = 100;
  soc.gap_s.reset();
}

bool step_soc(const Config& config, const Device& device, State& state, const std::optional<double>& manual_pct,
              bool arrived, const Timing& time) {
  Soc& soc = state.soc;
  const Inputs& in = state.inputs;
  const auto capacity_Ah = capacity(device, state);
  const auto& current = current_of(config, state);
  step_shunt(config, state, time);
  if (!soc.counter_pct && in.bms_soc.known) soc.counter_pct = in.bms_soc.value;
  if (arrived) integrate(config, soc, current, capacity_Ah);
  const bool fresh = freshness(config, current, state.clock_s) == Freshness::fresh &&
                     cell_freshness(config, device, state) == Freshness::fresh;
  means(soc, current, fresh, time.dt_s);

  if (manual_pct && std::isfinite(*manual_pct)) {
    soc.counter_pct = std::clamp(*manual_pct, 0.0, 100.0);
    soc.gap_s.reset();
    soc.drift_pct.reset();
  }
  bool synchronised = false;
  if (capacity_Ah && state.cells > 0) {
    const bool full = fresh && at_least(pack_voltage(state), state.cells * config.sync_cell_v) &&
                      at_least(current.value, 0) && at_most(current.value, config.sync_tail_c * *capacity_Ah);
    if (!soc.full.held(full, time, config.sync_s)) {
      if (!full) soc.synchronised = false;
    } else if (!soc.synchronised) {
      soc.synchronised = true;
      synchronised = true;
      synchronise(soc);
    }
    constexpr double kEmptyTime_s = 60;
    constexpr double kEmptyCurrent_c = 0.2;
    const bool empty = config.sync_down && fresh && in.cells_complete && at_most(in.v_min, config.cell_v_min) &&
                       below(current.value, 0) && below(-current.value, kEmptyCurrent_c * *capacity_Ah);
    if (!soc.empty.held(empty, time, kEmptyTime_s)) {
      if (!empty) soc.emptied = false;
    } else if (!soc.emptied) {
      soc.emptied = true;
      if (soc.counter_pct) soc.counter_pct = std::min(*soc.counter_pct, config.sync_empty_soc);
    }
  }
  return synchronised;
}

SocReport report_soc(const Config& config, const State& state) {
  const Inputs& in = state.inputs;
  SocReport report;
  if (in.shunt_soc.known) {
    if (state.soc.on_shunt) {
      report.pct = in.shunt_soc.value;
      report.freshness = Freshness::fresh;
      report.source = "shunt";
      report.at_s = in.shunt_soc.at_s;
      return report;
    }
    report.shunt_lost = true;
  }
  if (config.soc_source == SocSource::counter && state.soc.counter_pct) {
    report.pct = state.soc.counter_pct;
    report.source = "counter";
    report.freshness = freshness(config, in.current, state.clock_s);
    report.at_s = in.current.at_s;
    return report;
  }
  if (in.bms_soc.known) report.pct = in.bms_soc.value;
  report.freshness = freshness(config, in.bms_soc, state.clock_s);
  report.at_s = in.bms_soc.at_s;
  return report;
}

std::optional<double> time_to_go(const Config& config, const Device& device, const State& state) {
  return time_to_soc(config, device, state, config.discharge_floor_soc);
}

std::optional<double> time_at_current(double soc_pct, double goal_pct, double floor_pct, double current_A,
                                      double capacity_Ah) {
  constexpr double kRest_c = 0.002;
  if (below(std::abs(current_A), kRest_c * capacity_Ah)) return std::nullopt;
  const double missing_Ah = (goal_pct - soc_pct) / 100 * capacity_Ah;
  const bool charging = current_A > 0;
  // Charging: upwards only, and not beyond full. Discharging: downwards only, and not below the floor; the floor itself
  // is 0 s away for a battery that is below it.
  if (charging ? missing_Ah <= 0 || above(goal_pct, 100) : below(goal_pct, floor_pct)) return std::nullopt;
  if (!charging && missing_Ah > 0 && goal_pct != floor_pct) return std::nullopt;
  return std::clamp(missing_Ah / current_A * 3600, 0.0, kMaxTtg_s);
}

std::optional<double> time_to_soc(const Config& config, const Device& device, const State& state, double soc_pct) {
  const SocReport soc = report_soc(config, state);
  const auto capacity_Ah = capacity(device, state);
  const auto& current = current_of(config, state);
  if (!soc.pct || !capacity_Ah || !current.known || !state.soc.discharge_mean_A) return std::nullopt;
  const double mean_A = above(current.value, 0) ? state.soc.line_mean_A : -*state.soc.discharge_mean_A;
  return time_at_current(*soc.pct, soc_pct, config.discharge_floor_soc, mean_A, *capacity_Ah);
}

}  // namespace bms::limits
