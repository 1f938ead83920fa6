#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// A pack of the bank as its own engine left it in this step.
struct Member {
  std::string_view name;
  const Config* config = nullptr;
  const Device* device = nullptr;
  const State* state = nullptr;
  const Limits* limits = nullptr;
};

/// What reaches the bank itself in one step.
struct BankInput {
  std::optional<double> soc_pct;            ///< % from the battery named by `soc_from`, while fresh
  std::span<const ExternalLimit> external;  ///< limits for the bank as a whole
  bool charge_off = false, discharge_off = false;
  bool rebulk = false;
  bool top_balance = false;
  bool acknowledge = false;  ///< notes that stay until seen go
};

/// What the bank remembers of a pack for one direction.
struct PackShare {
  bool takes_part = false;
  double mean = 0;                   ///< exponential mean of its part of the current (P6)
  std::optional<double> lost_cap_A;  ///< bank limit in the step before it was lost (P7)
};

struct PackMemory {
  ShortName name;
  bool present = false;  ///< heard of, and not lost, in the previous step
  PackShare charge, discharge;
  Regulation regulation;  ///< at the bank's phase voltage (P8)
};

struct BankDirection {
  Shape shape;
  double correction_A = 0;  ///< k <= 0 (P5)
  Spell within;             ///< all packs carry less than they may
};

/// All the bank remembers from step to step.
struct BankState {
  bool stepped = false;
  TimePoint last_step{};
  double clock_s = 0;
  double run_s = 0;
  bool started = false;
  bool restored_float = false;
  std::vector<PackMemory> packs;
  BankDirection charge, discharge;
  Phases phases;
  Enforcement enforcement;
  Cap cap;
  double trim_V = 0;  ///< lowest regulation term of the packs in force
  double line_mean_A = 0;
  Spell alternator;      ///< charging at the limit of its fuse (B7)
  double silence_s = 0;  ///< s since the newest sample of any pack
  LastCharge last_charge;
  std::vector<External> external;
};

/// One step of the bank after the steps of its members (limit-engine chapter 9): their unshaped targets, one phase
/// machine, shaped once. `config` gives the voltages and times of the bank; members of a string follow each other.
void step(const Config& config, const BankConfig& bank, BankState& state, std::span<const Member> members,
          const BankInput& input, TimePoint now, Limits& limits);

/// As restart(State&): the bank starts anew with what an earlier run learnt.
void restart(BankState& state, std::optional<double> elapsed_s);

}  // namespace bms::limits
