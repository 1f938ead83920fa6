#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limits/curve.hpp"
#include "limits/fuse.hpp"

namespace bms::limits {

/// What the limits do when a battery is lost (L3).
enum class LossPolicy : std::uint8_t { block, hold, hold_then_block };
/// Where the state of charge of one battery comes from (S1). A shunt named by `soc_from` wins over both.
enum class SocSource : std::uint8_t { bms, counter };

/// Every key of a `[limits]` section; the member names are the keys. Defaults are for LiFePO4. "fraction" is of the
/// configured maximum current of that direction, "per cell" values are multiplied by the number of cells in series.
struct Config {
  double max_charge_a = 50;     ///< A, ceiling of CCL
  double max_discharge_a = 60;  ///< A, ceiling of DCL

  double cell_v_max = 3.450;        ///< V, absorption target per cell
  double cell_v_float = 3.375;      ///< V, float target per cell
  double cell_v_min = 2.900;        ///< V, published low-voltage hint, "empty" of the SoC counter
  double cell_v_top = 3.550;        ///< V, target of a top-balance charge
  double cell_v_hard = 3.600;       ///< V, no charging at or above
  double cell_v_hard_min = 2.700;   ///< V, no discharging at or below
  double cvl_floor_cell_v = 3.300;  ///< V, lowest cell average the voltage regulation may command

  CurveMode curve_mode = CurveMode::linear;
  Curve charge_cell_v = {{{3.450, 1}, {3.500, 0.40}, {3.550, 0.10}, {3.600, 0}}};     ///< by highest cell, V
  Curve discharge_cell_v = {{{2.800, 0}, {2.900, 0.10}, {3.000, 0.40}, {3.100, 1}}};  ///< by lowest cell, V
  /// By each battery temperature, degC.
  Curve charge_temp = {{{0, 0}, {2, 0.25}, {5, 0.5}, {10, 1}, {40, 1}, {45, 0.5}, {50, 0.25}, {55, 0}}};
  Curve discharge_temp = {{{-10, 0}, {0, 0.25}, {5, 0.5}, {10, 1}, {40, 1}, {45, 0.5}, {50, 0.25}, {55, 0}}};
  Curve charge_mosfet = {{{70, 1}, {80, 0.25}, {90, 0}}};     ///< by MOSFET temperature, degC
  Curve discharge_mosfet = {{{70, 1}, {80, 0.25}, {90, 0}}};  ///< by MOSFET temperature, degC
  Curve charge_soc;                                           ///< by SoC, %; off
  Curve discharge_soc;                                        ///< by SoC, %; off
  Curve cell_diff;                                            ///< charging, by spread of the cells, V; off
  double cell_diff_min_v = 3.400;                             ///< V, highest cell from which `cell_diff` acts
  std::vector<int> temp_exclude;                              ///< numbers (from 1) of temperature sensors to ignore

  double recovery_hold_s = 30;       ///< s, hold before a current limit rises
  double recovery_rate_a_s = 5;      ///< A/s, rise of a current limit
  double zero_exit_fraction = 0.05;  ///< smallest target worth leaving 0 A for

  double cvl_hold_s = 60;         ///< s, hold before a term of the charge voltage rises
  double cvl_ramp_v_s = 0.002;    ///< V/s (pack), rise of phase target and caps
  double trim_ramp_v_s = 0.010;   ///< V/s (pack), fastest rise of the cell regulation
  double float_ramp_v_s = 0.001;  ///< V/s (pack), fall from absorption to float
  double ki_per_cell = 0.0125;    ///< V/(V s) per cell, integral gain of the cell regulation; 0 switches it off
  double reg_deadband_v = 0.010;  ///< V, band above the set point without action
  double reg_i_min_c = 0.005;     ///< of capacity per h; integrate downwards only above this charge current

  double absorption_tol_cell_v = 0.005;   ///< V per cell, "target reached" tolerance
  double absorption_s = 900;              ///< s at target with small spread
  double absorption_diff_v = 0.010;       ///< V, spread that lets the timer run
  double absorption_diff_hyst_v = 0.003;  ///< V more reset it
  double absorption_max_s = 14400;        ///< s, longest absorption
  double absorption_drop_cell_v = 0.030;  ///< V per cell below target: back to bulk
  double absorption_drop_s = 60;          ///< s in one piece

  double rebulk_soc = 80;             ///< %, SoC below which float ends
  double rebulk_diff_v = 0.080;       ///< V, spread that ends float
  double rebulk_diff_s = 60;          ///< s in one piece
  double rebulk_cell_v = 3.300;       ///< V, pack average that ends float
  double rebulk_cell_s = 300;         ///< s in one piece
  double rebulk_lockout_s = 21600;    ///< s without spread-based re-bulk after a timed-out absorption
  std::optional<double> rebulk_days;  ///< days in float that end it; off
  double float_min_s = 60;            ///< s, shortest stay in float

  std::optional<double> top_balance_days;  ///< days between top-balance charges; off
  double top_timeout_s = 21600;            ///< s, longest attempt
  double top_retry_s = 86400;              ///< s, pause before the next attempt

  double stale_s = 10;  ///< s, older values no longer let a limit rise
  double lost_s = 60;   ///< s, older values are lost
  LossPolicy loss_policy = LossPolicy::hold_then_block;
  double loss_block_s = 1800;          ///< s without a sample that end the hold phase
  double loss_v_min = 3.225;           ///< V, window of all cells in which holding is allowed
  double loss_v_max = 3.375;           ///< V
  double loss_charge_fraction = 0.2;   ///< CCL while holding
  double loss_discharge_fraction = 1;  ///< DCL while holding
  double lost_input_fraction = 0.2;    ///< limit of a constraint whose input is lost

  double hard_release_v = 0.050;      ///< V below `cell_v_hard` that release the high-cell latch
  double hard_release_s = 10;         ///< s in one piece
  double hard_min_release_v = 0.150;  ///< V above `cell_v_hard_min` that release the low-cell latch
  double hard_min_release_s = 30;     ///< s in one piece

  double discharge_floor_soc = 5;     ///< %, no discharging at or below; 0 switches it off
  double floor_release_soc = 3;       ///< % above the floor that release it
  double soc_low_warning = 20;        ///< %, low-SoC warning and pre-alarm
  double soc_low_alarm = 10;          ///< %, low-SoC alarm
  double soc_low_release = 3;         ///< % above a level that release it
  double prealarm_s = 30;             ///< s of warning before a soft stop
  double prealarm_fraction = 0.05;    ///< DCL during the warning
  double prealarm_cell_v = 2.950;     ///< V, lowest cell that raises the pre-alarm
  double prealarm_release_v = 0.050;  ///< V above it that release it

  std::optional<double> pack_stop_v;    ///< V (pack), charge stop for alternators (B5); off
  double pack_resume_drop_v = 0.5;      ///< V below it
  double pack_resume_s = 10;            ///< s in one piece
  std::optional<Fuse> alternator_fuse;  ///< fuse of the alternator's charging line (B6); off

  bool enforce_enable = true;   ///< the charge voltage enforces CCL when the system ignores it (V12)
  double enforce_band = 1.05;   ///< factor of CCL that is tolerated
  double enforce_offset_a = 2;  ///< A beyond that
  double enforce_s = 20;        ///< s in one piece
  double enforce_k = 0.0005;    ///< V/(A s)

  double voltage_drop_v = 0;       ///< V, cable compensation
  bool cvl_from_bms = false;       ///< the BMS's own charge voltage below the target takes the place of our float (V9)
  double line_resistance_ohm = 0;  ///< ohm of the charging cables, further compensation, at most 0.03 V per cell

  double jump_temp_c = 5;  ///< K, larger jumps of a temperature must repeat
  int jump_samples = 3;    ///< samples that must agree

  SocSource soc_source = SocSource::bms;
  double soc_charge_efficiency = 0.99;  ///< of the own coulomb counter
  double soc_idle_a = 0;                ///< A, self consumption of the BMS
  double sync_cell_v = 3.430;           ///< V per cell, "full"
  double sync_tail_c = 0.04;            ///< of capacity per h, current below which it is full
  double sync_s = 180;                  ///< s in one piece
  bool sync_down = false;               ///< the counter goes to `sync_empty_soc` at `cell_v_min` (S4)
  double sync_empty_soc = 0;            ///< %

  double balanced_diff_v = 0.010;  ///< V, larger spread at the end of absorption: imbalanced (B3)
  double full_charge_days = 30;    ///< days after the last full charge: balancer state unknown (B3)

  friend bool operator==(const Config&, const Config&) = default;
};

/// How parallel packs share the bank's current (P6).
enum class ShareMode : std::uint8_t { capacity, adaptive };

/// The keys of the `[bank]` section that the limit engine reads (chapter 9).
struct BankConfig {
  ShareMode share_mode = ShareMode::adaptive;
  int series = 1;                                ///< packs in series per string
  int min_packs = 1;                             ///< fewer participants: the bank follows the loss policy (P7)
  std::optional<double> bank_max_charge_a;       ///< A; off: the sum of the packs
  std::optional<double> bank_max_discharge_a;    ///< A; off: the sum of the packs
  std::optional<double> bank_recovery_rate_a_s;  ///< A/s; off: `recovery_rate_a_s` times the number of packs
  std::string soc_from = "weighted";             ///< weighted (by capacity), minimum, or the name of a battery
  friend bool operator==(const BankConfig&, const BankConfig&) = default;
};

/// What is wrong with a configuration (G11).
struct Problem {
  enum class Severity : std::uint8_t {
    error,          ///< the engine must not run with it
    contradiction,  ///< works, but cannot be meant (warning level below the floor); a checked configuration has none
  };
  std::string key;
  std::string value;    ///< as in the configuration
  std::string allowed;  ///< what is allowed and why
  Severity severity = Severity::error;
};

/// Ranges, shapes of curves and the order of the voltages. Empty: the engine may run with it.
std::vector<Problem> validate(const Config& config);
std::vector<Problem> validate(const BankConfig& config);

/// For a battery that is asked every `interval_s` only: it is stale after three missed polls and lost after six, where
/// that is later than `stale_s` and `lost_s` (G5). Else it would fall silent between two polls.
Config for_interval(Config config, double interval_s);

/// What runs instead of a rejected configuration when there is no good one: built-in defaults with the current limits
/// at 20 % (G11).
Config fallback();

}  // namespace bms::limits
