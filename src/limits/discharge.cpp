#include "limits/discharge.hpp"

#include <algorithm>

#include "limits/samples.hpp"

namespace bms::limits {
namespace {

/// On at or below a level, off at `release` above it.
void low_latch(bool& latch, double value, double level, double release) {
  if (at_least(value, level + release)) latch = false;
  if (at_most(value, level)) latch = true;
}

void high_latch(bool& latch, double value, double level, double release) {
  if (at_most(value, level - release)) latch = false;
  if (at_least(value, level)) latch = true;
}

void step_pre_alarm(const Config& config, State& state, const StepFacts& facts, double soft_A, const Timing& time) {
  Latches& latches = state.latches;
  if (state.inputs.cells_complete) {
    low_latch(latches.prealarm_cell, state.inputs.v_min, config.prealarm_cell_v, config.prealarm_release_v);
  }
  if (facts.soc_pct) low_latch(latches.prealarm_soc, *facts.soc_pct, config.soc_low_warning, config.soc_low_release);
  const bool now =
      latches.prealarm_cell || latches.prealarm_soc || below(soft_A, config.prealarm_fraction * config.max_discharge_a);
  if (now && !latches.pre_alarm) latches.pre_alarm_since_s = time.run_s;
  latches.pre_alarm = now;
}

}  // namespace

double discharge_target(const Config& config, State& state, const StepFacts& facts, const Timing& time,
                        Constraints& constraints) {
  const double warned_A = config.prealarm_fraction * config.max_discharge_a;
  step_pre_alarm(config, state, facts, constraints.soft_A(), time);
  if (!below(constraints.soft_A(), warned_A)) return std::min(constraints.hard_A(), constraints.soft_A());
  const double announced_s = time.run_s - state.latches.pre_alarm_since_s;
  if (!at_least(announced_s, config.prealarm_s)) {
    const double level_A = std::min(warned_A, std::max(state.discharge.out_A, constraints.soft_A()));
    constraints.announce(level_A, config.prealarm_s - announced_s);
  }
  return std::min(constraints.hard_A(), constraints.soft_A());
}

Alarms alarms(const Config& config, const Device& device, State& state, const StepFacts& facts, double soft_A) {
  Alarms out;
  Latches& latches = state.latches;
  const bool soc_known = facts.soc_pct && facts.soc != Freshness::lost;
  if (facts.soc_pct) {
    low_latch(latches.soc_warning, *facts.soc_pct, config.soc_low_warning, config.soc_low_release);
    low_latch(latches.soc_alarm, *facts.soc_pct, config.soc_low_alarm, config.soc_low_release);
  }
  // A lost SoC is no low SoC (D5): the missing value is reported by itself.
  if (soc_known) {
    if (latches.soc_warning) out.low_soc = 1;
    if (latches.soc_alarm || latches.soc_floor) out.low_soc = 2;
  }
  if (state.inputs.cells_complete) {
    // While a top-balance charge is active or comes down, its own voltage is no reason for an alarm (V11).
    const bool top = state.phases.top == TopBalance::active || state.phases.top_decay;
    constexpr double kMargin_V = 0.030;
    constexpr double kRelease_V = 0.010;
    high_latch(latches.high_cell_warning, state.inputs.v_max, (top ? config.cell_v_top : config.cell_v_max) + kMargin_V,
               kRelease_V);
    if (latches.high_cell_warning) out.high_cell_voltage = 1;
    if (latches.high_cell) out.high_cell_voltage = 2;
    if (latches.prealarm_cell) out.low_cell_voltage = 1;
    const bool empty = config.discharge_cell_v.at(state.inputs.v_min, config.curve_mode) <= 0;
    if (latches.low_cell || (empty && soft_A <= 0)) out.low_cell_voltage = 2;
  }
  const double age_s = facts.device_age_s;
  if (state.freshness == Freshness::lost) {
    out.bms_cable = 2;
  } else if (state.freshness == Freshness::stale && above(age_s, 3 * device.poll_interval_s)) {
    out.bms_cable = 1;
  }
  if (device.configuration_fault) out.configuration = 2;
  return out;
}

}  // namespace bms::limits
