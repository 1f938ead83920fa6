#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bms/reading.hpp"
#include "limits/input.hpp"
#include "limits/output.hpp"
#include "limits/timing.hpp"

namespace bms::limits {

/// The last accepted value of a quantity and when it came.
template <class T>
struct Last {
  bool known = false;
  T value{};
  double at_s = 0;  ///< Timing::clock_s

  void set(T new_value, double now_s) {
    known = true;
    value = new_value;
    at_s = now_s;
  }
};

/// A temperature sensor behind its jump filter (G10).
struct Sensor {
  Last<double> accepted;  ///< degC
  double candidate = 0;   ///< degC, a jump that was seen and is not believed yet
  int agreeing = 0;       ///< samples in a row that agree with it
};

/// What the battery last said, quantity by quantity (G5).
struct Inputs {
  Last<bool> device;  ///< any accepted sample
  std::vector<Last<double>> cells;
  std::vector<Sensor> temperatures;
  Sensor mosfet;
  Last<double> voltage, current, bms_soc, shunt_soc, shunt_current;
  Last<double> charge_limit, discharge_limit, voltage_limit;  ///< the BMS's own: settings without age (C7)
  Last<bool> charge_fet, discharge_fet;
  Last<std::uint64_t> protections;  ///< bit = Condition at level alarm
  std::optional<double> capacity_Ah;
  std::string serial;
  bool charging_balancer = false;  ///< the BMS balances cells now

  // Made of the cells once per sample.
  double v_max = 0, v_min = 0, v_sum = 0;    ///< V
  std::uint16_t max_cell = 0, min_cell = 0;  ///< numbers from 1
  double oldest_cell_s = 0;                  ///< Timing::clock_s
  bool cells_complete = false;               ///< every cell was received at least once
};

/// A current limit on its way to its target (G2, G3).
struct Shape {
  double out_A = 0;
  Shaping shaping = Shaping::direct;
  Spell hold;
  bool ramping = false;
  Cause restriction;               ///< what caused the last restriction (X2)
  std::optional<double> stored_A;  ///< output of the previous run, caps the start (G8)
};

/// Latches and counters of the current constraints.
struct Latches {
  bool high_cell = false, low_cell = false, pack_stop = false, soc_floor = false;
  Spell high_release, low_release, pack_resume;
  bool soc_warning = false, soc_alarm = false, low_cell_warning = false, high_cell_warning = false;
  bool prealarm_cell = false, prealarm_soc = false, pre_alarm = false;
  double pre_alarm_since_s = 0;  ///< Timing::run_s
  Spell alternator, forbidden_charge;
};

/// Phases of the charge voltage (6.1 to 6.3) of a battery or of the bank.
struct Phases {
  Phase phase = Phase::bulk;
  double v_ph = 0;        ///< V
  bool reached = false;   ///< E in the previous step
  bool settled = false;   ///< the spread let the balance timer run in the previous step
  double absorbed_s = 0;  ///< accumulator `abs`
  double balanced_s = 0;  ///< accumulator `bal`
  Spell drop, diff, average;
  double float_since_s = 0;                ///< Timing::run_s
  bool soc_was_high = false;               ///< SoC was at or above rebulk_soc in this float phase
  std::optional<double> lockout_since_s;   ///< Timing::run_s
  std::optional<double> timeout_spread_V;  ///< spread at the last absorption that ended by time
  bool soc_implausible = false;
  bool rebulk_requested = false;
  TopBalance top = TopBalance::off;
  double top_since_s = 0;      ///< Timing::run_s
  double top_reference_s = 0;  ///< Timing::clock_s of the last one done, or of the first start
  double top_failed_s = 0;     ///< Timing::clock_s
  bool top_decay = false;      ///< V_ph still comes down from a top-balance charge
};

/// Cell regulation (V7).
struct Regulation {
  double trim_V = 0;  ///< <= 0
  bool excursion = false;
  double rest_V = 0;  ///< highest cell when the charge current last was worth integrating
  Spell calm;
};

/// The charge voltage enforces CCL (V12).
struct Enforcement {
  double trim_V = 0;  ///< <= 0
  bool engaged = false;
  double start_V = 0;  ///< pack voltage in the first step of the violation
  Spell violation, obeyed;
};

/// Caps of the charge voltage (V9).
struct Cap {
  bool known = false;
  double value_V = 0;
  Spell hold;
  Cause cause;  ///< what lowered it last
};

/// State of charge (8.1) and time estimates (8.2).
struct Soc {
  std::optional<double> counter_pct;
  bool current_known = false;
  double current_A = 0;  ///< previous sample
  double current_at_s = 0;
  Spell full, empty;
  bool synchronised = false, emptied = false;  ///< since the conditions were last broken
  std::optional<double> drift_pct, gap_s;
  bool on_shunt = false;
  Spell shunt_back, shunt_differs;
  bool shunt_disagrees = false;
  std::optional<double> discharge_mean_A;  ///< A, magnitude, exponential mean
  double line_mean_A = 0;                  ///< A, charge current, exponential mean of 10 s
};

/// An external limit in force (C12).
struct External {
  ShortName name;
  ExternalLimit::Source source = ExternalLimit::Source::external;
  std::optional<double> charge_A, discharge_A, voltage_V;
  std::optional<double> expires_s;  ///< Timing::clock_s
};

/// How the last completed charge went (B3).
struct LastCharge {
  std::optional<double> full_s;  ///< Timing::clock_s of the last absorption completed by balance
  bool timed_out = false;
  double spread_V = 0;
};

/// All the engine remembers of one battery from step to step. A value: copy, compare, store, restore.
struct State {
  bool stepped = false;
  TimePoint last_step{};
  double clock_s = 0;
  double run_s = 0;

  bool started = false;
  bool restored_float = false;  ///< starts in float, as the previous run ended
  int cells = 0;                ///< n
  std::optional<double> first_cells_s;
  Inputs inputs;
  Discards discards;
  Latches latches;
  Shape charge, discharge;
  Phases phases;
  Regulation regulation;
  Enforcement enforcement;
  Cap cap;
  Soc soc;
  LastCharge last_charge;
  std::vector<External> external;
  Freshness freshness = Freshness::none;
};

}  // namespace bms::limits
