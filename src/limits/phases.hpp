#pragma once

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// What the phase machine sees of a battery, or of all batteries of a bank (P8).
struct PhaseInput {
  int cells = 0;              ///< n
  double voltage_V = 0;       ///< pack voltage; of a bank the mean
  double highest_pack_V = 0;  ///< highest pack voltage; E is true if any pack fulfils it
  double highest_cell_V = 0;
  double spread_V = 0;            ///< largest spread of any one pack
  std::optional<double> soc_pct;  ///< only while fresh
  bool fresh = false;             ///< cell voltages are fresh: decisions are taken only then
  bool bms_voltage = false;       ///< the BMS asks for less than the target: it knows its float itself (V9)
  bool rebulk = false;            ///< user request
  bool top_balance = false;       ///< user request
};

/// Volts per cell the charge aims at now: `cell_v_max`, or `cell_v_top` during a top-balance charge (V1).
double cell_target(const Config& config, const Phases& phases);

/// Volts of the pack the phase aims at (V1). `bms_voltage`: the cap of the BMS does what our float would.
double phase_target(const Config& config, const Phases& phases, int cells, bool bms_voltage);

/// V9: whether the BMS's charge voltage takes the place of our float. Only one below the target of `phases` does: many
/// BMS tell a setting that never moves (JK's RCV or protection, Daren's highest pack voltage), and one above the target
/// would hold the battery there for ever.
bool bms_voltage(const Config& config, const Phases& phases, const State& pack);

/// First valid data: V_ph stands at its target (V1).
void start_phases(const Config& config, Phases& phases, int cells, bool in_float);

/// One step of phases, V_ph and the top-balance charge (V1 to V6, V11).
Events step_phases(const Config& config, Phases& phases, const PhaseInput& input, const Timing& time);

}  // namespace bms::limits
