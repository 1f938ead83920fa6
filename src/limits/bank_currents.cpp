#include <algorithm>
#include <cmath>
#include <limits>

#include "limits/bank_units.hpp"
#include "limits/constraints.hpp"
#include "limits/samples.hpp"
#include "limits/soc.hpp"

namespace bms::limits {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kShareTime_s = 60;       ///< P6
constexpr double kShareCurrent_c = 0.02;  ///< P6: below, parts of the current are noise

const CurrentLimit& limit_of(const Member& member, Cause::Limit direction) {
  return direction == Cause::Limit::dcl ? member.limits->dcl : member.limits->ccl;
}

PackShare& share_of(const Unit& unit, Cause::Limit direction) {
  PackMemory& first = unit.memory.front();
  return direction == Cause::Limit::dcl ? first.discharge : first.charge;
}

/// Carried current in this direction, A.
std::optional<double> carried(const Unit& unit, Cause::Limit direction) {
  if (!unit.current_A) return std::nullopt;
  return direction == Cause::Limit::dcl ? -*unit.current_A : *unit.current_A;
}

Cause bank_cause(Cause::Limit direction, std::string_view id, Sentence sentence, double value_A, double a = 0,
                 double b = 0, ShortName name = {}) {
  Cause cause;
  cause.id = id;
  cause.limit = direction;
  cause.sentence = sentence;
  cause.value = value_A;
  cause.a = a;
  cause.b = b;
  cause.name = name;
  return cause;
}

/// What takes part in one direction, with the shares.
struct Participants {
  std::vector<double> share;  ///< by unit; 0: does not take part
  std::size_t count = 0;
  double capacity_Ah = 0;
};

/// P2. With too few packs heard of, those that are silent count with what their own loss policy leaves (P7, chapter 7).
bool takes_part(const Unit& unit, const UnitLimit& limit, bool too_few) {
  return (unit.present || too_few) && !limit.fet_open;
}

/// P6: shares of the current; measured parts only make them larger.
void update_shares(const BankConfig& bank, Cause::Limit direction, std::span<const Unit> units,
                   const std::vector<UnitLimit>& limits, bool too_few, const Timing& time, Participants& out) {
  bool changed = false;
  bool capacities = true;
  std::optional<double> total_A = 0;
  out.share.assign(units.size(), 0);
  for (std::size_t i = 0; i < units.size(); ++i) {
    PackShare& share = share_of(units[i], direction);
    const bool part = takes_part(units[i], limits[i], too_few);
    changed = changed || part != share.takes_part;
    share.takes_part = part;
    if (!part) continue;
    ++out.count;
    out.capacity_Ah += units[i].capacity_Ah;
    capacities = capacities && units[i].capacity_Ah > 0;
    const auto current_A = carried(units[i], direction);
    total_A = total_A && current_A ? std::optional(*total_A + *current_A) : std::nullopt;
  }
  // A single pack carries everything by definition; there is nothing to learn.
  const bool learn = bank.share_mode == ShareMode::adaptive && units.size() > 1 && total_A &&
                     at_least(std::abs(*total_A), kShareCurrent_c * out.capacity_Ah) && std::abs(*total_A) > kEpsilon;
  for (std::size_t i = 0; i < units.size(); ++i) {
    PackShare& share = share_of(units[i], direction);
    if (!share.takes_part) continue;
    const double fair = capacities ? units[i].capacity_Ah / out.capacity_Ah : 1.0 / static_cast<double>(out.count);
    if (changed) share.mean = fair;
    if (learn) {
      const double part = *carried(units[i], direction) / *total_A;
      share.mean += (part - share.mean) * -std::expm1(-time.dt_s / kShareTime_s);
    }
    out.share[i] = bank.share_mode == ShareMode::adaptive ? std::max(fair, share.mean) : fair;
  }
}

/// P5: a pack that carries more than it may pulls the whole bank down. For a single pack its own limit does.
void correct(Cause::Limit direction, std::span<const Unit> units, const std::vector<UnitLimit>& limits,
             const std::vector<double>& share, double target_A, BankDirection& memory, const Timing& time,
             Cause& worst) {
  bool over = false;
  bool within = true;
  double excess_A = -kInfinity;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto current_A = share[i] > 0 ? carried(units[i], direction) : std::nullopt;
    if (!current_A) continue;
    over = over || above(*current_A, 1.02 * limits[i].target_A + 0.5);
    within = within && at_most(*current_A, 0.98 * limits[i].target_A);
    if (*current_A - limits[i].target_A > excess_A) {
      excess_A = *current_A - limits[i].target_A;
      worst = bank_cause(direction, id::kOverLimit, Sentence::over_limit, 0, *current_A, limits[i].target_A,
                         ShortName(units[i].members.front().name));
    }
  }
  const bool calm = memory.within.held(within, time, 10);
  if (over && units.size() > 1) {
    memory.correction_A -= 1.0 * time.dt_s;
  } else if (calm) {
    memory.correction_A += 0.2 * time.dt_s;
  }
  memory.correction_A = std::clamp(memory.correction_A, -target_A, 0.0);
}

/// The pack's own reason, as the bank's.
void list_reason(const Unit& unit, const UnitLimit& limit, Cause::Limit direction, double value_A, bool single,
                 std::vector<Cause>& why) {
  const Member& member = unit.members[limit.weakest];
  for (const Cause& cause : limit_of(member, direction).why) {
    if (cause.recovering || !cause.value) continue;
    Cause copy = cause;
    copy.value = value_A;
    if (!single) copy.pack = ShortName(member.name);
    why.push_back(copy);
    return;
  }
}

/// P7, B6, C12 and B8 at the level of the bank: its packs share one alternator.
double list_bank_limits(const Config& config, Cause::Limit direction, std::span<const Unit> units,
                        const BankState& state, const BankInput& input, double target_A, std::vector<Cause>& why) {
  const bool charging = direction == Cause::Limit::ccl;
  const auto lower = [&](const Cause& cause) {
    why.push_back(cause);
    target_A = std::min(target_A, *cause.value);
  };
  for (const Unit& unit : units) {
    const PackShare& share = share_of(unit, direction);
    if (!share.lost_cap_A) continue;
    lower(bank_cause(direction, id::kLostPack, Sentence::lost_pack, *share.lost_cap_A, 0, 0,
                     ShortName(unit.members.front().name)));
  }
  for (const External& external : state.external) {
    const auto& value = charging ? external.charge_A : external.discharge_A;
    if (!value) continue;
    lower(bank_cause(direction, external_id(external.source), Sentence::request, *value, 0, 0, external.name));
  }
  if (charging && config.alternator_fuse) {
    if (const auto limit_A = alternator_limit_A(*config.alternator_fuse)) {
      lower(bank_cause(direction, id::kAlternator, Sentence::alternator, *limit_A, 0, 0,
                       ShortName(to_text(*config.alternator_fuse))));
    }
  }
  if (charging ? input.charge_off : input.discharge_off) {
    lower(bank_cause(direction, id::kUser, Sentence::remote_off, 0));
  }
  return target_A;
}

}  // namespace

void collect_units(int series, std::span<const Member> members, std::span<PackMemory> memory,
                   std::vector<Unit>& units) {
  units.clear();
  const auto length = static_cast<std::size_t>(std::max(1, series));
  for (std::size_t begin = 0; begin < members.size(); begin += length) {
    const std::size_t size = std::min(length, members.size() - begin);
    Unit unit{members.subspan(begin, size), memory.subspan(begin, size), true, false, 0, 0.0, 0, 0};
    double current_A = 0;
    for (const Member& member : unit.members) {
      const State& state = *member.state;
      unit.present = unit.present && state.started && state.freshness != Freshness::lost;
      unit.stale = unit.stale || state.freshness == Freshness::stale;
      const double capacity_Ah = capacity(*member.device, state).value_or(0);
      unit.capacity_Ah = &member == &unit.members.front() ? capacity_Ah : std::min(unit.capacity_Ah, capacity_Ah);
      const auto& current = current_of(*member.config, state);
      if (freshness(*member.config, current, state.clock_s) != Freshness::fresh) unit.current_A.reset();
      current_A += current.value;
      unit.voltage_V += state.started ? pack_voltage(state) : 0;
      unit.cells += state.cells;
    }
    if (unit.current_A) unit.current_A = current_A / static_cast<double>(size);
    units.push_back(unit);
  }
}

UnitLimit unit_limit(const Unit& unit, Cause::Limit direction) {
  UnitLimit out;
  out.target_A = kInfinity;
  out.maximum_A = kInfinity;
  for (std::size_t i = 0; i < unit.members.size(); ++i) {
    const Member& member = unit.members[i];
    const CurrentLimit& limit = limit_of(member, direction);
    const bool charging = direction == Cause::Limit::ccl;
    const auto& fet = charging ? member.state->inputs.charge_fet : member.state->inputs.discharge_fet;
    out.fet_open = out.fet_open || (fet.known && !fet.value);
    out.frozen = out.frozen || limit.frozen;
    out.maximum_A = std::min(out.maximum_A, charging ? member.config->max_charge_a : member.config->max_discharge_a);
    if (limit.target_A < out.target_A) {
      out.target_A = limit.target_A;
      out.weakest = i;
    }
  }
  return out;
}

BankTarget bank_target(const Config& config, const BankConfig& bank, Cause::Limit direction,
                       std::span<const Unit> units, const BankState& state, BankDirection& memory,
                       const BankInput& input, const Timing& time, std::vector<Cause>& why) {
  std::vector<UnitLimit> limits;
  limits.reserve(units.size());
  Participants parts;
  BankTarget out;
  int present = 0;
  for (const Unit& unit : units) {
    limits.push_back(unit_limit(unit, direction));
    out.maximum_A += limits.back().maximum_A;
    if (unit.present) ++present;
  }
  const bool too_few = present < std::max(1, bank.min_packs);
  update_shares(bank, direction, units, limits, too_few, time, parts);

  const auto& configured = direction == Cause::Limit::ccl ? bank.bank_max_charge_a : bank.bank_max_discharge_a;
  if (configured) out.maximum_A = std::min(out.maximum_A, *configured);
  const bool single = units.size() == 1 && units.front().members.size() == 1;
  why.push_back(bank_cause(direction, id::kCfgMax, Sentence::bank_maximum, out.maximum_A));
  out.frozen = too_few;
  double sum_A = 0;
  double target_A = out.maximum_A;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    out.frozen = out.frozen || unit.stale;
    if (parts.share[i] <= 0) {
      if (!limits[i].fet_open) continue;
      why.push_back(bank_cause(direction, id::kFet, Sentence::fet_open, 0, 0, 0));
      why.back().pack = ShortName(unit.members.front().name);
      why.back().value.reset();
      why.back().status = Cause::Status::inactive;
      continue;
    }
    const double share_A = limits[i].target_A / parts.share[i];
    sum_A += limits[i].target_A;
    target_A = std::min(target_A, share_A);
    out.frozen = out.frozen || limits[i].frozen;
    out.somebody_allows = true;
    list_reason(unit, limits[i], direction, share_A, single, why);
    if (single) continue;
    why.push_back(bank_cause(direction, id::kShare, Sentence::pack_share, share_A, limits[i].target_A, parts.share[i],
                             ShortName(unit.members.front().name)));
  }
  if (parts.count == 0) {
    why.push_back(bank_cause(direction, id::kFet, Sentence::no_pack, 0));
    target_A = 0;
  } else {
    if (!single) {
      why.push_back(bank_cause(direction, id::kShare, Sentence::pack_sum, sum_A, static_cast<double>(parts.count)));
    }
    target_A = std::min(target_A, sum_A);
  }
  Cause over = bank_cause(direction, id::kOverLimit, Sentence::correction, 0);
  correct(direction, units, limits, parts.share, target_A, memory, time, over);
  if (memory.correction_A < 0) {
    target_A += memory.correction_A;
    over.value = target_A;
    why.push_back(over);
  }
  out.target_A = list_bank_limits(config, direction, units, state, input, target_A, why);
  return out;
}

}  // namespace bms::limits
