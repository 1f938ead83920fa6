#pragma once

#include "limits/bank.hpp"

namespace bms::limits {

/// Packs in series that carry the same current: the parallel element of a bank. Without series, one pack.
struct Unit {
  std::span<const Member> members;
  std::span<PackMemory> memory;
  bool present = false;  ///< all of its packs have started and none is lost
  bool stale = false;
  double capacity_Ah = 0;           ///< smallest of the string; 0: unknown
  std::optional<double> current_A;  ///< mean of its packs, charging > 0; only while fresh
  double voltage_V = 0;             ///< sum of its packs
  int cells = 0;
};

/// The span of units is rebuilt in every step into `units`, whose memory is kept.
void collect_units(int series, std::span<const Member> members, std::span<PackMemory> memory, std::vector<Unit>& units);

/// One direction of one unit.
struct UnitLimit {
  double target_A = 0;
  double maximum_A = 0;
  bool fet_open = false;
  bool frozen = false;
  std::size_t weakest = 0;  ///< member that has this target
};
UnitLimit unit_limit(const Unit& unit, Cause::Limit direction);

/// Target of CCL or DCL of the bank with its reasons (P1 to P7, P9), A. `frozen`: may not rise.
struct BankTarget {
  double target_A = 0;
  double maximum_A = 0;
  bool frozen = false;
  bool somebody_allows = false;
};
BankTarget bank_target(const Config& config, const BankConfig& bank, Cause::Limit direction,
                       std::span<const Unit> units, const BankState& state, BankDirection& memory,
                       const BankInput& input, const Timing& time, std::vector<Cause>& why);

/// What else the charge voltage of the bank depends on in this step.
struct BankMoment {
  std::optional<double> soc_pct;  ///< only while fresh
  bool first = false;             ///< first step with data
  bool lost_now = false;          ///< a pack was lost in this step: nothing rises in it
};

/// CVL of the bank (P8, P9) with phases; the current limits must be published already.
Events bank_voltage(const Config& config, BankState& state, std::span<const Unit> units, const BankInput& input,
                    const BankMoment& moment, const Timing& time, Limits& limits);

}  // namespace bms::limits
