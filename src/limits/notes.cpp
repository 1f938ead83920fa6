#include "limits/notes.hpp"

#include <cmath>

#include "limits/samples.hpp"
#include "limits/soc.hpp"
#include "limits/timing.hpp"

namespace bms::limits {
namespace {

void note(Limits& limits, Note::Kind kind, double a = 0, double b = 0, std::string_view name = {}) {
  limits.notes.push_back({kind, a, b, ShortName(name)});
}

}  // namespace

void note_alternator(Spell& at_limit, const std::optional<double>& current_A, const Timing& time, Limits& limits) {
  std::optional<double> limit_A;
  for (const Cause& cause : limits.ccl.why) {
    if (cause.id == id::kAlternator && cause.value && !cause.recovering) {
      limit_A = limit_A ? std::min(*limit_A, *cause.value) : *cause.value;
    }
  }
  constexpr double kAtLimit = 0.95;
  constexpr double kHot_s = 300;
  const bool full = limit_A && *limit_A > 0 && current_A && at_least(*current_A, kAtLimit * *limit_A);
  if (at_limit.held(full, time, kHot_s)) note(limits, Note::Kind::alternator_hot, *current_A);
}

namespace {

/// B4: after a low-cell stop about 1 % of the capacity is left.
void reserve(const Config& config, const Device& device, const State& state, Limits& limits) {
  if (!state.latches.low_cell) return;
  const auto capacity_Ah = capacity(device, state);
  const double idle_A = std::max(state.soc.discharge_mean_A.value_or(0), config.soc_idle_a);
  const bool known = capacity_Ah && idle_A > 0;
  note(limits, Note::Kind::reserve, known ? 0.01 * *capacity_Ah / idle_A / 24 : -1);
}

}  // namespace

BalancerState balancer_state(const Config& config, const State& state) {
  const LastCharge& last = state.last_charge;
  if (state.inputs.charging_balancer && state.inputs.current.known && state.inputs.current.value > 0) {
    return BalancerState::balancing;
  }
  if (last.timed_out) return BalancerState::imbalanced;
  if (!last.full_s || above(state.clock_s - *last.full_s, config.full_charge_days * kDay_s)) {
    return BalancerState::unknown;
  }
  return above(last.spread_V, config.balanced_diff_v) ? BalancerState::imbalanced : BalancerState::balanced;
}

void add_notes(const Config& config, const Device& device, State& state, const StepFacts& facts, bool shunt_lost,
               const Timing& time, Limits& limits) {
  const auto& current = current_of(config, state);
  std::optional<double> current_A;
  if (freshness(config, current, state.clock_s) == Freshness::fresh) current_A = current.value;

  const Phases& phases = state.phases;
  if (phases.timeout_spread_V) note(limits, Note::Kind::absorption_timeout, *phases.timeout_spread_V);
  if (phases.soc_implausible) note(limits, Note::Kind::soc_implausible, facts.soc_pct.value_or(0));
  if (phases.top == TopBalance::failed) note(limits, Note::Kind::top_balance_failed);
  const bool counting = config.soc_source == SocSource::counter;
  if (counting && state.soc.drift_pct) note(limits, Note::Kind::soc_drift, *state.soc.drift_pct);
  if (counting && state.soc.gap_s) note(limits, Note::Kind::soc_uncertain, *state.soc.gap_s);
  if (shunt_lost) note(limits, Note::Kind::shunt_lost);
  if (state.soc.shunt_disagrees) {
    note(limits, Note::Kind::shunt_disagrees, state.inputs.shunt_current.value, state.inputs.current.value);
  }
  note_alternator(state.latches.alternator, current_A, time, limits);
  reserve(config, device, state, limits);
  // Victron's manuals: every charger must obey "allowed to charge"; one that does not is to be named.
  constexpr double kTolerance_A = 1;
  constexpr double kTolerated_s = 60;
  const bool forbidden = !limits.allow_charge && current_A && above(*current_A, kTolerance_A);
  if (state.latches.forbidden_charge.held(forbidden, time, kTolerated_s)) {
    note(limits, Note::Kind::charging_forbidden, *current_A);
  }
  for (const Cause& cause : limits.dcl.why) {
    if (cause.id != id::kLostInput || cause.recovering) continue;
    note(limits, Note::Kind::value_missing, 0, 0, cause.name.view());
    limits.alarms.bms_cable = std::max(limits.alarms.bms_cable, 1);
  }
}

}  // namespace bms::limits
