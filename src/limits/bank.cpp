#include "limits/bank.hpp"

#include <algorithm>
#include <cmath>

#include "limits/bank_units.hpp"
#include "limits/notes.hpp"
#include "limits/samples.hpp"
#include "limits/shaping.hpp"
#include "limits/soc.hpp"
#include "limits/timing.hpp"

namespace bms::limits {
namespace {

Timing advance(BankState& state, TimePoint now) {
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

/// The user changed the members: what was learnt of packs that stay is kept, a removed one caps nothing any more (P7).
void match_members(BankState& state, std::span<const Member> members) {
  const auto same = [](const PackMemory& memory, const Member& member) {
    return memory.name == ShortName(member.name);
  };
  if (std::equal(state.packs.begin(), state.packs.end(), members.begin(), members.end(), same)) return;
  std::vector<PackMemory> packs(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const PackMemory& known : state.packs) {
      if (same(known, members[i])) packs[i] = known;
    }
    packs[i].name = ShortName(members[i].name);
  }
  state.packs = std::move(packs);
}

/// P7: whoever was heard and is lost now holds the bank where it was. True: somebody was lost in this step.
bool note_losses(BankState& state, std::span<const Unit> units, Limits& limits) {
  bool lost_now = false;
  for (const Unit& unit : units) {
    PackMemory& memory = unit.memory.front();
    lost_now = lost_now || (memory.present && !unit.present);
    if (unit.present) {
      memory.charge.lost_cap_A.reset();
      memory.discharge.lost_cap_A.reset();
    } else if (memory.present && state.started) {
      memory.charge.lost_cap_A = state.charge.shape.out_A;
      memory.discharge.lost_cap_A = state.discharge.shape.out_A;
    }
    memory.present = unit.present;
    if (!unit.present) limits.notes.push_back({Note::Kind::pack_lost, 0, 0, memory.name});
  }
  return lost_now;
}

/// L6: after ten minutes without a word the time at target starts anew.
void note_silence(BankState& state, std::span<const Member> members, double elapsed_s) {
  double silence_s = state.silence_s + elapsed_s;
  for (const Member& member : members) {
    const State& pack = *member.state;
    if (!pack.inputs.device.known) continue;
    const double age_s = pack.clock_s - pack.inputs.device.at_s;
    if (age_s >= silence_s) continue;
    if (at_least(silence_s, kLongestGap_s)) {
      state.phases.absorbed_s = state.phases.balanced_s = 0;
      state.phases.settled = false;
    }
    silence_s = age_s;
  }
  state.silence_s = silence_s;
}

struct BankSoc {
  std::optional<double> pct;
  std::string_view source;
  bool fresh = true;
};

/// P9, P10. Only packs that are heard and whose SoC is not lost count.
BankSoc bank_soc(const BankConfig& bank, std::span<const Unit> units, const BankInput& input) {
  if (input.soc_pct) return {input.soc_pct, "shunt", true};
  bool fresh = true;
  const bool lowest = bank.soc_from == "minimum" || bank.series > 1;
  double weight = 0;
  double sum = 0;
  std::optional<double> minimum;
  for (const Unit& unit : units) {
    if (!unit.present) continue;
    for (const Member& member : unit.members) {
      const SocReport soc = report_soc(*member.config, *member.state);
      if (!soc.pct || soc.freshness == Freshness::lost) continue;
      fresh = fresh && soc.freshness == Freshness::fresh;
      const double capacity_Ah = capacity(*member.device, *member.state).value_or(1);
      weight += capacity_Ah;
      sum += *soc.pct * capacity_Ah;
      minimum = minimum ? std::min(*minimum, *soc.pct) : *soc.pct;
    }
  }
  if (lowest) return {minimum, "minimum", fresh};
  return {weight > 0 ? std::optional(sum / weight) : std::nullopt, "weighted", fresh};
}

std::optional<double> bank_ttg(const Config& config, std::span<const Unit> units, std::optional<double> soc_pct) {
  constexpr double kRest_c = 0.002;
  constexpr double kMaxTtg_s = 864000;
  double capacity_Ah = 0;
  double mean_A = 0;
  double current_A = 0;
  for (const Unit& unit : units) {
    if (!unit.present) continue;
    capacity_Ah += unit.capacity_Ah;
    current_A += unit.current_A.value_or(0);
    double unit_A = 0;
    for (const Member& member : unit.members) {
      unit_A = std::max(unit_A, member.state->soc.discharge_mean_A.value_or(0));
    }
    mean_A += unit_A;
  }
  if (!soc_pct || capacity_Ah <= 0 || above(current_A, 0) || below(mean_A, kRest_c * capacity_Ah)) return std::nullopt;
  return std::clamp((*soc_pct - config.discharge_floor_soc) / 100 * capacity_Ah / mean_A * 3600, 0.0, kMaxTtg_s);
}

/// Sum of what is measured now; nullopt: some pack's is not known.
std::optional<double> bank_current(std::span<const Unit> units) {
  std::optional<double> sum_A = 0.0;
  for (const Unit& unit : units) {
    if (unit.present) sum_A = sum_A && unit.current_A ? std::optional(*sum_A + *unit.current_A) : std::nullopt;
  }
  return sum_A;
}

/// T2 with the same current as the time to go.
void bank_time_to_soc(const Config& config, std::span<const Unit> units, std::optional<double> soc_pct,
                      Limits& limits) {
  double capacity_Ah = 0;
  for (const Unit& unit : units) capacity_Ah += unit.present ? unit.capacity_Ah : 0;
  const auto current_A = bank_current(units);
  if (!soc_pct || !current_A || capacity_Ah <= 0) return;
  double mean_A = *current_A;
  if (!above(mean_A, 0)) {
    if (!limits.ttg_s) return;
    // The mean discharge current is already in the time to go: at the same speed, another way.
    const double way_pct = *soc_pct - config.discharge_floor_soc;
    if (!above(way_pct, 0) || !above(*limits.ttg_s, 0)) return;
    mean_A = -way_pct / 100 * capacity_Ah / *limits.ttg_s * 3600;
  }
  for (int point = 0; point < kSocPoints; ++point) {
    limits.time_to_soc_s[static_cast<std::size_t>(point)] =
        time_at_current(*soc_pct, point * kSocPointStep_pct, config.discharge_floor_soc, mean_A, capacity_Ah);
  }
}

/// P11: worst of all, with the name of the pack.
void merge_alarms(std::span<const Member> members, Limits& limits) {
  int worst = 0;
  const auto take = [&](int Alarms::*level, const Member& member) {
    limits.alarms.*level = std::max(limits.alarms.*level, member.limits->alarms.*level);
    if (member.limits->alarms.*level > worst) {
      worst = member.limits->alarms.*level;
      limits.alarm_pack = ShortName(member.name);
    }
  };
  for (const Member& member : members) {
    for (const auto level : {&Alarms::low_soc, &Alarms::low_cell_voltage, &Alarms::high_cell_voltage,
                             &Alarms::bms_cable, &Alarms::configuration}) {
      take(level, member);
    }
  }
}

BalancerState merge_balancers(std::span<const Member> members) {
  constexpr BalancerState kWorstFirst[] = {BalancerState::imbalanced, BalancerState::unknown, BalancerState::balancing};
  for (const BalancerState state : kWorstFirst) {
    for (const Member& member : members) {
      if (member.limits->started && member.limits->balancer == state) return state;
    }
  }
  return BalancerState::balanced;
}

Freshness worst_freshness(std::span<const Unit> units) {
  Freshness worst = Freshness::lost;
  for (const Unit& unit : units) {
    if (unit.present) worst = unit.stale ? std::min(worst, Freshness::stale) : Freshness::fresh;
  }
  return worst;
}

void shape(const Recovery& recovery, bool first, const BankTarget& target, const Timing& time, BankDirection& memory,
           CurrentLimit& out) {
  if (first) {
    start(memory.shape, target.target_A);
  } else {
    follow(recovery, memory.shape, target.target_A, target.frozen, time);
  }
  order_causes(memory.shape, target.target_A, out.why);
  publish(recovery, memory.shape, target.target_A, time, out);
  out.frozen = target.frozen;
}

}  // namespace

void step(const Config& config, const BankConfig& bank, BankState& state, std::span<const Member> members,
          const BankInput& input, TimePoint now, Limits& limits) {
  reset(limits);
  const double before_s = state.clock_s;
  const Timing time = advance(state, now);
  note_silence(state, members, time.clock_s - before_s);
  match_members(state, members);
  take_external(state.external, input.external, state.clock_s);
  if (input.acknowledge) state.phases.timeout_spread_V.reset();
  std::vector<Unit> units;
  collect_units(bank.series, members, state.packs, units);
  const bool first = !state.started;
  if (first && std::none_of(units.begin(), units.end(), [](const Unit& unit) { return unit.present; })) return;
  const bool lost_now = note_losses(state, units, limits);

  const double count = static_cast<double>(units.size());
  const double rate_A_s = bank.bank_recovery_rate_a_s.value_or(config.recovery_rate_a_s * count);
  const auto direction = [&](Cause::Limit limit, BankDirection& memory, CurrentLimit& out) {
    const BankTarget target = bank_target(config, bank, limit, units, state, memory, input, time, out.why);
    shape({config.recovery_hold_s, rate_A_s, config.zero_exit_fraction * target.maximum_A}, first, target, time, memory,
          out);
    return target.somebody_allows && out.value_A > 0;
  };
  limits.allow_charge = direction(Cause::Limit::ccl, state.charge, limits.ccl);
  limits.allow_discharge = direction(Cause::Limit::dcl, state.discharge, limits.dcl);

  const BankSoc soc = bank_soc(bank, units, input);
  limits.events =
      bank_voltage(config, state, units, input, {soc.fresh ? soc.pct : std::nullopt, first, lost_now}, time, limits);
  limits.events.phase_changed = limits.events.phase_changed || first;
  if (state.phases.timeout_spread_V) {
    limits.notes.push_back({Note::Kind::absorption_timeout, *state.phases.timeout_spread_V, 0, {}});
  }
  if (state.phases.soc_implausible) limits.notes.push_back({Note::Kind::soc_implausible, soc.pct.value_or(0), 0, {}});
  state.started = true;
  limits.started = true;
  limits.phase = state.phases.phase;
  limits.top_balance = state.phases.top;
  limits.freshness = worst_freshness(units);
  limits.soc_pct = soc.pct;
  limits.soc_source = soc.source;
  limits.ttg_s = bank_ttg(config, units, soc.pct);
  bank_time_to_soc(config, units, soc.pct, limits);
  note_alternator(state.alternator, bank_current(units), time, limits);
  limits.balancer = merge_balancers(members);
  limits.blocked_by_loss = true;
  for (const Unit& unit : units) {
    for (const Member& member : unit.members) {
      limits.pre_alarm = limits.pre_alarm || (unit.present && member.limits->pre_alarm);
      if (member.limits->started && !member.limits->blocked_by_loss) limits.blocked_by_loss = false;
    }
  }
  merge_alarms(members, limits);
}

void restart(BankState& state, std::optional<double> elapsed_s) {
  const double gap_s = elapsed_s && *elapsed_s >= 0 ? *elapsed_s : 0;
  const bool trusted = elapsed_s && *elapsed_s >= 0 && *elapsed_s < kLongestGap_s;
  state.clock_s += gap_s;
  state.stepped = false;
  state.restored_float = state.started && state.phases.phase == Phase::floating;
  for (BankDirection* direction : {&state.charge, &state.discharge}) {
    if (trusted && state.started) direction->shape.stored_A = direction->shape.out_A;
    direction->correction_A = 0;
  }
  if (!trusted) state.phases.absorbed_s = state.phases.balanced_s = 0;
  state.started = false;
  for (PackMemory& pack : state.packs) {
    pack.present = false;
    pack.charge = pack.discharge = {};
  }
  state.external.clear();
}

}  // namespace bms::limits
