#include <algorithm>
#include <cmath>

#include "limits/bank_units.hpp"
#include "limits/phases.hpp"
#include "limits/samples.hpp"
#include "limits/soc.hpp"
#include "limits/voltage.hpp"

namespace bms::limits {
namespace {

constexpr double kLineMeanTime_s = 10;  ///< V10

/// The bank as one battery, made of what is heard.
struct Whole {
  PhaseInput phase;
  double pack_V = 0;  ///< mean
  std::optional<double> current_A = 0.0;
  bool any_fresh_current = false;
  bool any = false;
};

/// A pack whose charge is at the target in the very step in which its top balance falls due is never seen waiting for
/// it.
bool wants_top_balance(const State& pack) {
  if (pack.phases.top == TopBalance::pending) return true;
  return pack.phases.top == TopBalance::active && pack.phases.top_since_s >= pack.run_s;
}

Whole merge(const Config& config, const Phases& phases, std::span<const Unit> units, bool all) {
  Whole whole;
  double sum_V = 0;
  int heard = 0;
  whole.phase.fresh = whole.phase.bms_voltage = true;
  for (const Unit& unit : units) {
    if (!unit.present && !all) continue;
    if (!std::all_of(unit.members.begin(), unit.members.end(), [](const Member& m) { return m.state->started; })) {
      continue;
    }
    ++heard;
    sum_V += unit.voltage_V;
    whole.phase.cells = whole.phase.cells == 0 ? unit.cells : whole.phase.cells;
    whole.phase.highest_pack_V = std::max(whole.phase.highest_pack_V, unit.voltage_V);
    whole.current_A =
        whole.current_A && unit.current_A ? std::optional(*whole.current_A + *unit.current_A) : std::nullopt;
    for (const Member& member : unit.members) {
      whole.phase.highest_cell_V = std::max(whole.phase.highest_cell_V, highest_cell(*member.state));
      whole.phase.spread_V = std::max(whole.phase.spread_V, spread(*member.state));
      whole.phase.fresh = whole.phase.fresh && member.state->freshness == Freshness::fresh &&
                          cell_freshness(*member.config, *member.device, *member.state) == Freshness::fresh;
      whole.phase.bms_voltage = whole.phase.bms_voltage && bms_voltage(*member.config, phases, *member.state);
      whole.phase.top_balance = whole.phase.top_balance || wants_top_balance(*member.state);
    }
  }
  whole.any = heard > 0;
  whole.phase.fresh = whole.phase.fresh && whole.any;
  whole.phase.bms_voltage = whole.phase.bms_voltage && whole.any;
  whole.pack_V = heard > 0 ? sum_V / heard : config.cell_v_float;
  whole.phase.voltage_V = whole.pack_V;
  if (!whole.any) whole.current_A.reset();
  return whole;
}

/// Lowest regulation term and lowest cap of all packs that are heard (P8); of a string the sum (P9).
struct Lowest {
  double trim_V = 0;
  ShortName pack;
  double highest_cell_V = 0;
  CapTarget cap{0, {}};
  bool cap_known = false;
  bool bms_cap_known = false;
  const Regulation* regulation = nullptr;  ///< of the pack with the lowest term
};

Lowest regulate_packs(std::span<const Unit> units, double v_ph, int cells, bool all, const Timing& time) {
  Lowest lowest;
  for (const Unit& unit : units) {
    if (!unit.present && !all) continue;
    double trim_V = 0;
    double deepest_V = 0;
    std::size_t deepest = 0;
    CapTarget cap{0, {}};
    double strictest_V = 0;
    bool usable = true;
    for (std::size_t i = 0; i < unit.members.size(); ++i) {
      const Member& member = unit.members[i];
      const State& state = *member.state;
      usable = usable && state.started && cells > 0;
      if (!usable) break;
      const Freshness age = cell_freshness(*member.config, *member.device, state);
      const auto& current = current_of(*member.config, state);
      std::optional<double> current_A;
      if (freshness(*member.config, current, state.clock_s) == Freshness::fresh) current_A = current.value;
      Regulation& regulation = unit.memory[i].regulation;
      regulate(*member.config, regulation,
               {&state.inputs, state.cells, v_ph * state.cells / cells, current_A, capacity(*member.device, state),
                age == Freshness::fresh && state.freshness == Freshness::fresh},
               time);
      trim_V += regulation.trim_V;
      if (regulation.trim_V < deepest_V) {
        deepest_V = regulation.trim_V;
        deepest = i;
      }
      const double age_s = state.clock_s - state.inputs.device.at_s;
      const bool lost = age == Freshness::lost || state.freshness == Freshness::lost;
      const CapTarget own = cap_target(*member.config, state, state.cells, lost, age_s);
      cap.value_V += own.value_V;
      lowest.bms_cap_known = lowest.bms_cap_known || state.inputs.voltage_limit.known;
      const double margin_V = own.value_V - state.cells * member.config->cell_v_top;
      if (i == 0 || margin_V < strictest_V) {
        strictest_V = margin_V;
        cap.cause = own.cause;
        if (units.size() > 1 || unit.members.size() > 1) cap.cause.pack = ShortName(member.name);
      }
    }
    if (!usable) continue;
    if (trim_V < lowest.trim_V) {
      lowest.trim_V = trim_V;
      if (units.size() > 1 || unit.members.size() > 1) lowest.pack = ShortName(unit.members[deepest].name);
      lowest.highest_cell_V = highest_cell(*unit.members[deepest].state);
      lowest.regulation = &unit.memory[deepest].regulation;
    }
    if (!lowest.cap_known || cap.value_V < lowest.cap.value_V) lowest.cap = cap;
    lowest.cap_known = true;
  }
  return lowest;
}

bool nobody_present(std::span<const Unit> units) {
  return std::none_of(units.begin(), units.end(), [](const Unit& unit) { return unit.present; });
}

}  // namespace

Events bank_voltage(const Config& config, BankState& state, std::span<const Unit> units, const BankInput& input,
                    const BankMoment& moment, const Timing& time, Limits& limits) {
  const bool all = nobody_present(units);
  Whole whole = merge(config, state.phases, units, all);
  const int cells = whole.phase.cells;
  whole.phase.soc_pct = moment.soc_pct;
  whole.phase.fresh = whole.phase.fresh && !moment.lost_now;
  whole.phase.rebulk = input.rebulk;
  whole.phase.top_balance = whole.phase.top_balance || input.top_balance;
  if (moment.first) start_phases(config, state.phases, cells, state.restored_float);
  state.restored_float = false;
  Events events = step_phases(config, state.phases, whole.phase, time);
  events.pack_V = whole.phase.voltage_V;
  events.highest_cell_V = whole.phase.highest_cell_V;
  events.spread_V = whole.phase.spread_V;

  const double v_ph = state.phases.v_ph;
  const double floor_V = cells * config.cvl_floor_cell_v;
  Lowest lowest = regulate_packs(units, v_ph, cells, all, time);
  // A pack that leaves takes its regulation along: CVL may come up, but not in a jump, and not before all is known.
  const double rise_V = whole.phase.fresh ? config.trim_ramp_v_s * time.dt_s : 0;
  state.trim_V = moment.first ? lowest.trim_V : std::min(lowest.trim_V, state.trim_V + rise_V);
  state.trim_V = std::min(0.0, std::max(state.trim_V, floor_V - v_ph));

  enforce(config, state.enforcement, v_ph, floor_V, whole.pack_V, whole.current_A, limits.ccl.exact_A,
          whole.phase.fresh, time);
  for (const External& external : state.external) {
    if (!external.voltage_V || *external.voltage_V >= lowest.cap.value_V) continue;
    lowest.cap.value_V = *external.voltage_V;
    lowest.cap.cause = {};
    lowest.cap.cause.id = id::kUser;
    lowest.cap.cause.limit = Cause::Limit::cvl;
    lowest.cap.cause.sentence = Sentence::request;
    lowest.cap.cause.name = external.name;
  }
  follow_cap(config, state.cap, lowest.cap, whole.phase.fresh, time);
  if (whole.current_A) {
    state.line_mean_A +=
        (std::max(0.0, *whole.current_A) - state.line_mean_A) * -std::expm1(-time.dt_s / kLineMeanTime_s);
  }

  VoltageTerms terms;
  terms.cells = cells;
  terms.phase = state.phases.phase;
  terms.v_ph = v_ph;
  terms.trim_V = state.trim_V;
  terms.enforce_V = state.enforcement.trim_V;
  terms.cap_V = state.cap.value_V;
  terms.drop_V = drop_compensation(config, cells, state.line_mean_A);
  terms.highest_cell_V = lowest.highest_cell_V;
  terms.current_A = whole.current_A.value_or(0);
  terms.ccl_A = limits.ccl.exact_A;
  terms.cap_cause = &state.cap.cause;
  terms.cap_recovering = above(lowest.cap.value_V, state.cap.value_V);
  terms.highest_pack = lowest.pack;
  if (lowest.trim_V >= 0) terms.highest_cell_V = whole.phase.highest_cell_V;
  terms.target_V = std::min(phase_target(config, state.phases, cells, whole.phase.bms_voltage), lowest.cap.value_V);
  terms.fresh = whole.phase.fresh;
  terms.bms_cap_known = lowest.bms_cap_known;
  fill_holds(config, lowest.regulation == nullptr ? Regulation{} : *lowest.regulation, state.enforcement, state.cap,
             time, terms);
  publish(config, terms, limits.cvl);
  return events;
}

}  // namespace bms::limits
