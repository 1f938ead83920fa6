#pragma once

#include <vector>

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// What cell regulation sees of one pack.
struct RegulationInput {
  const Inputs* inputs = nullptr;
  int cells = 0;
  double v_ph = 0;                  ///< V, phase voltage of this pack
  std::optional<double> current_A;  ///< A, charging > 0; only while fresh
  std::optional<double> capacity_Ah;
  bool fresh = false;  ///< cell voltages are fresh
};

/// V7: brings the highest cell down to the set point.
void regulate(const Config& config, Regulation& regulation, const RegulationInput& input, const Timing& time);

/// V12: a system that ignores CCL is slowed down by the charge voltage.
void enforce(const Config& config, Enforcement& enforcement, double v_ph, double floor_V, double pack_V,
             const std::optional<double>& current_A, double ccl_A, bool fresh, const Timing& time);

/// The sources of V9 in this step: the lowest of them.
struct CapTarget {
  double value_V;
  Cause cause;
};
CapTarget cap_target(const Config& config, const State& state, int cells, bool cells_lost, double age_s);

/// V9: falls at once, rises after a hold and slowly.
void follow_cap(const Config& config, Cap& cap, const CapTarget& target, bool fresh, const Timing& time);

/// All terms of the published charge voltage of one battery or of the bank, and why (V8, V10, X1).
struct VoltageTerms {
  int cells = 0;
  Phase phase = Phase::start;
  double v_ph = 0;
  double trim_V = 0;     ///< cell regulation
  double enforce_V = 0;  ///< enforcement of CCL
  double cap_V = 0;
  double target_V = 0;  ///< of the phase and the caps, without their ramps
  bool fresh = true;    ///< nothing rises without fresh cells
  double regulation_hold_s = 0, enforcement_hold_s = 0, cap_hold_s = 0;  ///< s until each term may rise; 0: it does
  bool bms_cap_known = false;
  double drop_V = 0;  ///< compensation, added last
  double highest_cell_V = 0;
  double current_A = 0;
  double ccl_A = 0;
  const Cause* cap_cause = nullptr;
  bool cap_recovering = false;
  ShortName highest_pack;
};
void publish(const Config& config, const VoltageTerms& terms, ChargeVoltage& out);

/// The holds of the three terms that stand still before they rise.
void fill_holds(const Config& config, const Regulation& regulation, const Enforcement& enforcement, const Cap& cap,
                const Timing& time, VoltageTerms& terms);

/// V10: compensation of the cables, V.
double drop_compensation(const Config& config, int cells, double charge_mean_A);

}  // namespace bms::limits
