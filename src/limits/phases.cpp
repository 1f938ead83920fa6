#include "limits/phases.hpp"

#include <algorithm>

#include "limits/timing.hpp"

namespace bms::limits {
namespace {

void restart_counters(Phases& phases) {
  phases.absorbed_s = 0;
  phases.balanced_s = 0;
  phases.settled = false;
  phases.reached = true;
}

void enter_absorption(const Config& config, Phases& phases, const Timing& time) {
  phases.phase = Phase::absorption;
  phases.drop.stop();
  restart_counters(phases);
  if (phases.top != TopBalance::pending) return;
  phases.top = TopBalance::active;
  phases.top_since_s = time.run_s;
  // The accumulators count at the new target, which is not reached yet.
  phases.reached = config.cell_v_top <= config.cell_v_max;
}

void enter_float(Phases& phases, const Timing& time) {
  phases.phase = Phase::floating;
  phases.float_since_s = time.run_s;
  phases.diff.stop();
  phases.average.stop();
  phases.soc_was_high = false;
  phases.soc_implausible = false;
  phases.rebulk_requested = false;
}

/// V11: when the next top-balance charge is due.
void schedule_top(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time) {
  if (phases.top == TopBalance::active || phases.top == TopBalance::pending) return;
  if (phases.top == TopBalance::failed) {
    if (input.top_balance || at_least(time.clock_s - phases.top_failed_s, config.top_retry_s)) {
      phases.top = TopBalance::pending;
    }
    return;
  }
  const bool due =
      config.top_balance_days && at_least(time.clock_s - phases.top_reference_s, *config.top_balance_days * kDay_s);
  if (due || input.top_balance) phases.top = TopBalance::pending;
}

/// V3: time with E and small spread; once it runs, a little more spread is tolerated. An interval counts when both of
/// its ends do.
void count_absorption(const Config& config, Phases& phases, const PhaseInput& input, bool reached, const Timing& time) {
  const double allowed_V = config.absorption_diff_v + (phases.settled ? config.absorption_diff_hyst_v : 0.0);
  const bool small = at_most(input.spread_V, allowed_V);
  if (!reached) return;  // a pause: under load the spread says nothing
  if (!small) {
    phases.settled = false;
    phases.balanced_s = 0;
  }
  if (phases.reached) {
    phases.absorbed_s += time.dt_s;
    if (small && phases.settled) phases.balanced_s += time.dt_s;
  }
  if (small) phases.settled = true;
}

void step_absorption(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time,
                     Events& events) {
  const double target_V = input.cells * cell_target(config, phases);
  const bool reached = at_least(input.highest_pack_V, target_V - input.cells * config.absorption_tol_cell_v) ||
                       at_least(input.highest_cell_V, cell_target(config, phases));
  count_absorption(config, phases, input, reached, time);
  phases.reached = reached;

  const bool top = phases.top == TopBalance::active;
  if (reached && at_least(phases.balanced_s, config.absorption_s)) {
    events.absorption_balanced = true;
    phases.timeout_spread_V.reset();
    phases.lockout_since_s.reset();
    if (top) {
      phases.top = TopBalance::done;
      phases.top_decay = true;
    }
    // A charge that ends balanced at the normal target is no top-balance charge: a pending one stays pending.
    phases.top_reference_s = top ? time.clock_s : phases.top_reference_s;
    enter_float(phases, time);
    return;
  }
  if (top) {
    if (!at_least(time.run_s - phases.top_since_s, config.top_timeout_s)) return;
    phases.top = TopBalance::failed;
    phases.top_failed_s = time.clock_s;
    phases.top_decay = true;
    restart_counters(phases);
    return;
  }
  if (at_least(phases.absorbed_s, config.absorption_max_s)) {
    events.absorption_timed_out = true;
    phases.timeout_spread_V = input.spread_V;
    phases.lockout_since_s = time.run_s;
    enter_float(phases, time);
    return;
  }
  const bool low = below(input.voltage_V, target_V - input.cells * config.absorption_drop_cell_v) &&
                   below(input.highest_cell_V, config.cell_v_max);
  if (phases.drop.held(low, time, config.absorption_drop_s)) phases.phase = Phase::bulk;
}

/// V6: which of the reasons to charge again holds.
bool rebulk(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time) {
  bool low_soc = false;
  if (input.soc_pct) {
    const bool low = below(*input.soc_pct, config.rebulk_soc);
    if (!low) phases.soc_was_high = true;
    low_soc = low && phases.soc_was_high;
    // A SoC that was never high after a completed charge contradicts it: not this SoC decides (no flip-flop).
    phases.soc_implausible = low && !phases.soc_was_high;
  }
  const bool locked =
      phases.lockout_since_s && !at_least(time.run_s - *phases.lockout_since_s, config.rebulk_lockout_s);
  const bool apart = phases.diff.held(at_least(input.spread_V, config.rebulk_diff_v), time, config.rebulk_diff_s);
  const bool empty =
      phases.average.held(below(input.voltage_V, input.cells * config.rebulk_cell_v), time, config.rebulk_cell_s);
  const double in_float_s = time.run_s - phases.float_since_s;
  const bool days = config.rebulk_days && at_least(in_float_s, *config.rebulk_days * kDay_s);
  if (!at_least(in_float_s, config.float_min_s)) return false;
  return low_soc || (apart && !locked) || empty || phases.rebulk_requested || phases.top == TopBalance::pending || days;
}

void move_target(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time) {
  const double target_V = phase_target(config, phases, input.cells, input.bms_voltage);
  if (phases.v_ph > target_V) {
    phases.v_ph = std::max(target_V, phases.v_ph - config.float_ramp_v_s * time.dt_s);
  } else if (input.fresh) {
    phases.v_ph = std::min(target_V, phases.v_ph + config.cvl_ramp_v_s * time.dt_s);
  }
  if (phases.v_ph <= input.cells * config.cell_v_max) phases.top_decay = false;
}

}  // namespace

double cell_target(const Config& config, const Phases& phases) {
  return phases.top == TopBalance::active ? config.cell_v_top : config.cell_v_max;
}

double phase_target(const Config& config, const Phases& phases, int cells, bool bms_voltage) {
  const bool own_float = phases.phase == Phase::floating && !bms_voltage;
  return cells * (own_float ? config.cell_v_float : cell_target(config, phases));
}

bool bms_voltage(const Config& config, const Phases& phases, const State& pack) {
  return config.cvl_from_bms && pack.inputs.voltage_limit.known &&
         below(pack.inputs.voltage_limit.value, pack.cells * cell_target(config, phases));
}

void start_phases(const Config& config, Phases& phases, int cells, bool in_float) {
  phases.phase = in_float ? Phase::floating : Phase::bulk;
  phases.v_ph = cells * (in_float ? config.cell_v_float : config.cell_v_max);
  phases.reached = false;
  phases.settled = false;
}

Events step_phases(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time) {
  Events events;
  const Phase before = phases.phase;
  schedule_top(config, phases, input, time);
  if (input.rebulk && phases.phase == Phase::floating) phases.rebulk_requested = true;
  if (input.fresh) {
    if (phases.phase == Phase::bulk) {
      const double target = cell_target(config, phases);
      if (at_least(input.highest_pack_V, input.cells * (target - config.absorption_tol_cell_v)) ||
          at_least(input.highest_cell_V, target)) {
        enter_absorption(config, phases, time);
        phases.settled = phases.reached && at_most(input.spread_V, config.absorption_diff_v);
      }
    } else if (phases.phase == Phase::absorption) {
      step_absorption(config, phases, input, time, events);
    } else if (rebulk(config, phases, input, time)) {
      phases.phase = Phase::bulk;
    }
  } else {
    phases.reached = false;
    phases.drop.stop();
    phases.diff.stop();
    phases.average.stop();
  }
  move_target(config, phases, input, time);
  events.phase_changed = phases.phase != before;
  return events;
}

}  // namespace bms::limits
