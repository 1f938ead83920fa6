#include "limits/engine.hpp"

#include <algorithm>
#include <chrono>

#include "limits/constraints.hpp"
#include "limits/discharge.hpp"
#include "limits/notes.hpp"
#include "limits/phases.hpp"
#include "limits/samples.hpp"
#include "limits/shaping.hpp"
#include "limits/soc.hpp"
#include "limits/timing.hpp"
#include "limits/voltage.hpp"

namespace bms::limits {
namespace {

Timing advance(State& state, TimePoint now) {
  Timing time;
  if (state.stepped && now > state.last_step) {
    const double elapsed_s = std::chrono::duration<double>(now - state.last_step).count();
    time.dt_s = std::min(elapsed_s, kLongestStep_s);
    state.clock_s += elapsed_s;
    state.run_s += time.dt_s;
  }
  state.stepped = true;
  state.last_step = now;
  time.clock_s = state.clock_s;
  time.run_s = state.run_s;
  return time;
}

/// L6: another battery answers. Only what belongs to the system stays.
void forget_device(State& state) {
  State fresh;
  fresh.stepped = state.stepped;
  fresh.last_step = state.last_step;
  fresh.clock_s = state.clock_s;
  fresh.run_s = state.run_s;
  fresh.external = std::move(state.external);
  fresh.discards = state.discards;
  fresh.phases.top_reference_s = state.clock_s;
  state = std::move(fresh);
}

bool take(const Config& config, const Device& device, State& state, const Input& input, Events& events) {
  if (input.shunt != nullptr) take_shunt(state, *input.shunt);
  take_external(state.external, input.external, state.clock_s);
  if (input.reading == nullptr) return input.shunt != nullptr;
  const double gap_s = state.inputs.device.known ? state.clock_s - state.inputs.device.at_s : 0;
  Arrival arrival = take_sample(config, device, state, *input.reading);
  if (arrival == Arrival::new_device) {
    forget_device(state);
    events.new_device = true;
    arrival = take_sample(config, device, state, *input.reading);
  }
  if (arrival == Arrival::accepted && at_least(gap_s, kLongestGap_s)) {
    state.phases.absorbed_s = 0;
    state.phases.balanced_s = 0;
    state.phases.settled = false;
  }
  return arrival == Arrival::accepted || input.shunt != nullptr;
}

/// G8: cells are always needed; temperatures are waited for, but not for ever: then they count as lost.
bool complete(const Config& config, const Device& device, State& state) {
  const Inputs& in = state.inputs;
  if (state.cells <= 0) return false;
  if (device.unavailable.cells ? !in.voltage.known : !in.cells_complete) return false;
  if (!state.first_cells_s) state.first_cells_s = state.clock_s;
  if (above(state.clock_s - *state.first_cells_s, config.lost_s)) return true;
  const bool temperatures =
      device.unavailable.temperatures ||
      std::any_of(in.temperatures.begin(), in.temperatures.end(), [](const Sensor& s) { return s.accepted.known; });
  const bool mosfet = device.unavailable.mos_temperature || in.mosfet.accepted.known;
  return temperatures && mosfet;
}

void wait_for_data(const Config& config, const State& state, Limits& out) {
  const auto wait = [](std::vector<Cause>& why, Cause::Limit limit, Sentence sentence, double value) {
    Cause& cause = why.emplace_back();
    cause.id = id::kStart;
    cause.limit = limit;
    cause.sentence = sentence;
    cause.value = value;
  };
  const double float_V = state.cells * config.cell_v_float;
  out.cvl.exact_V = float_V;
  out.cvl.value_V = round_voltage(float_V);
  wait(out.cvl.why, Cause::Limit::cvl, Sentence::voltage_start, float_V);
  wait(out.ccl.why, Cause::Limit::ccl, Sentence::start, 0);
  wait(out.dcl.why, Cause::Limit::dcl, Sentence::start, 0);
}

PhaseInput phase_input(const Config& config, const State& state, const StepFacts& facts, const SocReport& soc,
                       const Input& input) {
  PhaseInput phase;
  phase.cells = state.cells;
  phase.voltage_V = phase.highest_pack_V = pack_voltage(state);
  phase.highest_cell_V = highest_cell(state);
  phase.spread_V = spread(state);
  if (soc.freshness == Freshness::fresh) phase.soc_pct = soc.pct;
  phase.fresh = facts.cells == Freshness::fresh;
  phase.bms_voltage = bms_voltage(config, state.phases, state);
  phase.rebulk = input.rebulk;
  phase.top_balance = input.top_balance;
  return phase;
}

void step_currents(const Config& config, const Device& device, State& state, const StepFacts& facts, bool first,
                   const Timing& time, Limits& out, double& soft_A) {
  const auto shape = [&](Shape& limit, double target_A, const Constraints& constraints, CurrentLimit& published) {
    const Recovery recovery{config.recovery_hold_s, config.recovery_rate_a_s,
                            config.zero_exit_fraction * constraints.maximum_A()};
    if (first) {
      start(limit, target_A);
    } else {
      follow(recovery, limit, target_A, constraints.frozen(), time);
    }
    order_causes(limit, target_A, published.why);
    publish(recovery, limit, target_A, time, published);
    published.frozen = constraints.frozen();
  };
  Constraints charge(Cause::Limit::ccl, config.max_charge_a, out.ccl.why);
  list_constraints(config, device, state, facts, charge);
  shape(state.charge, std::min(charge.hard_A(), charge.soft_A()), charge, out.ccl);

  Constraints discharge(Cause::Limit::dcl, config.max_discharge_a, out.dcl.why);
  list_constraints(config, device, state, facts, discharge);
  soft_A = discharge.soft_A();
  if (first) state.discharge.out_A = config.max_discharge_a;  // nothing was published that a warning could protect
  const double target_A = discharge_target(config, state, facts, time, discharge);
  shape(state.discharge, target_A, discharge, out.dcl);

  const Inputs& in = state.inputs;
  out.allow_charge = out.ccl.value_A > 0 && !(in.charge_fet.known && !in.charge_fet.value);
  out.allow_discharge = out.dcl.value_A > 0 && !(in.discharge_fet.known && !in.discharge_fet.value);
  out.pre_alarm = state.latches.pre_alarm;
}

void step_voltage(const Config& config, const Device& device, State& state, const StepFacts& facts, const Timing& time,
                  Limits& out) {
  const bool fresh = facts.cells == Freshness::fresh;
  const auto& current = current_of(config, state);
  std::optional<double> current_A;
  if (freshness(config, current, state.clock_s) == Freshness::fresh) current_A = current.value;

  regulate(config, state.regulation,
           {&state.inputs, state.cells, state.phases.v_ph, current_A, capacity(device, state), fresh}, time);
  enforce(config, state.enforcement, state.phases.v_ph, state.cells * config.cvl_floor_cell_v, pack_voltage(state),
          current_A, state.charge.out_A, fresh, time);
  const bool lost = facts.cells == Freshness::lost || state.freshness == Freshness::lost;
  const CapTarget target = cap_target(config, state, state.cells, lost, facts.device_age_s);
  follow_cap(config, state.cap, target, fresh, time);

  VoltageTerms terms;
  terms.cells = state.cells;
  terms.phase = state.phases.phase;
  terms.v_ph = state.phases.v_ph;
  terms.trim_V = state.regulation.trim_V;
  terms.enforce_V = state.enforcement.trim_V;
  terms.cap_V = state.cap.value_V;
  terms.drop_V = drop_compensation(config, state.cells, state.soc.line_mean_A);
  terms.highest_cell_V = highest_cell(state);
  terms.current_A = current_A.value_or(0);
  terms.ccl_A = state.charge.out_A;
  terms.cap_cause = &state.cap.cause;
  terms.cap_recovering = above(target.value_V, state.cap.value_V);
  terms.target_V = std::min(phase_target(config, state.phases, state.cells, bms_voltage(config, state.phases, state)),
                            target.value_V);
  terms.fresh = fresh;
  terms.bms_cap_known = state.inputs.voltage_limit.known;
  fill_holds(config, state.regulation, state.enforcement, state.cap, time, terms);
  publish(config, terms, out.cvl);
}

}  // namespace

void step(const Config& config, const Device& device, State& state, const Input& input, TimePoint now, Limits& limits) {
  reset(limits);
  const Timing time = advance(state, now);
  if (!state.started && state.phases.top_reference_s == 0) state.phases.top_reference_s = state.clock_s;
  const bool arrived = take(config, device, state, input, limits.events);
  state.freshness = freshness(config, state.inputs.device, state.clock_s);
  if (input.acknowledge) {
    state.phases.timeout_spread_V.reset();
    state.soc.drift_pct.reset();
    state.soc.gap_s.reset();
  }

  StepFacts facts;
  facts.device_age_s = state.inputs.device.known ? state.clock_s - state.inputs.device.at_s : 0;
  facts.cells = cell_freshness(config, device, state);
  facts.charge_off = input.charge_off;
  facts.discharge_off = input.discharge_off;
  limits.events.soc_synchronised = step_soc(config, device, state, input.set_soc_pct, arrived, time);
  SocReport soc = report_soc(config, state);
  limits.freshness = state.freshness;
  limits.discards = state.discards;

  const bool first = !state.started;
  if (first && !complete(config, device, state)) {
    wait_for_data(config, state, limits);
    return;
  }
  if (first) {
    state.started = true;
    start_phases(config, state.phases, state.cells, state.restored_float);
    state.restored_float = false;
  }
  const PhaseInput seen = phase_input(config, state, facts, soc, input);
  const Events events = step_phases(config, state.phases, seen, time);
  limits.events.phase_changed = events.phase_changed || first;
  limits.events.absorption_balanced = events.absorption_balanced;
  limits.events.absorption_timed_out = events.absorption_timed_out;
  limits.events.pack_V = seen.voltage_V;
  limits.events.highest_cell_V = seen.highest_cell_V;
  limits.events.spread_V = seen.spread_V;
  if (events.absorption_balanced) {
    synchronise(state.soc);
    limits.events.soc_synchronised = true;
    soc = report_soc(config, state);
    state.last_charge = {state.clock_s, false, spread(state)};
  } else if (events.absorption_timed_out) {
    state.last_charge.timed_out = true;
    state.last_charge.spread_V = spread(state);
  }
  facts.soc = soc.freshness;
  facts.soc_pct = soc.pct;
  facts.loss_blocks = loss_blocks(config, state, facts.device_age_s);

  step_latches(config, state, facts, time);
  double soft_A = 0;
  step_currents(config, device, state, facts, first, time, limits, soft_A);
  step_voltage(config, device, state, facts, time, limits);

  limits.started = true;
  limits.phase = state.phases.phase;
  limits.top_balance = state.phases.top;
  limits.blocked_by_loss = facts.loss_blocks;
  limits.soc_pct = soc.pct;
  limits.soc_source = soc.source;
  if (soc.freshness != Freshness::lost) {
    limits.ttg_s = time_to_go(config, device, state);
    for (int point = 0; point < kSocPoints; ++point) {
      limits.time_to_soc_s[static_cast<std::size_t>(point)] =
          time_to_soc(config, device, state, point * kSocPointStep_pct);
    }
  }
  limits.alarms = alarms(config, device, state, facts, soft_A);
  limits.balancer = balancer_state(config, state);
  add_notes(config, device, state, facts, soc.shunt_lost, time, limits);
}

void restart(State& state, std::optional<double> elapsed_s) {
  const double gap_s = elapsed_s && *elapsed_s >= 0 ? *elapsed_s : 0;
  const bool trusted = elapsed_s && *elapsed_s >= 0 && *elapsed_s < kLongestGap_s;
  state.clock_s += gap_s;
  state.stepped = false;
  state.restored_float = state.started && state.phases.phase == Phase::floating;
  if (trusted && state.started) {
    state.charge.stored_A = state.charge.out_A;
    state.discharge.stored_A = state.discharge.out_A;
  }
  if (!trusted) {
    state.phases.absorbed_s = 0;
    state.phases.balanced_s = 0;
  }
  state.started = false;
  state.first_cells_s.reset();
  state.freshness = Freshness::lost;
  Inputs unknown;
  unknown.serial = std::move(state.inputs.serial);
  unknown.capacity_Ah = state.inputs.capacity_Ah;
  state.inputs = std::move(unknown);
  state.soc.current_known = false;
  state.external.clear();
}

}  // namespace bms::limits
