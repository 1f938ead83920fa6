#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limits/cause.hpp"

namespace bms::limits {

/// Charge phase (limit-engine V1).
enum class Phase : std::uint8_t { start, bulk, absorption, floating };
/// Top-balance charge (V11).
enum class TopBalance : std::uint8_t { off, pending, active, done, failed };
/// Age of a device's newest sample (L1). `none`: there never was one.
enum class Freshness : std::uint8_t { none, fresh, stale, lost };
/// How a current limit follows its target (G3).
enum class Shaping : std::uint8_t { direct, hold, ramp, zero_exit, frozen };
/// Whether the cells are known to be balanced (B3).
enum class BalancerState : std::uint8_t { unknown, balanced, balancing, imbalanced };

std::string_view to_string(Phase phase);             ///< "start", "bulk", "absorption", "float"
std::string_view to_string(TopBalance top_balance);  ///< "off", "pending", "active", "done", "failed"
std::string_view to_string(Freshness freshness);
std::string_view to_string(Shaping shaping);
std::string_view to_string(BalancerState balancer);

/// A published current limit and how it came about.
struct CurrentLimit {
  double value_A = 0;   ///< A, >= 0, rounded down to 0.1 A
  double exact_A = 0;   ///< A, >= 0, before rounding
  double target_A = 0;  ///< unshaped target, A, >= 0
  Shaping shaping = Shaping::direct;
  bool frozen = false;          ///< an input is stale or the battery is lost: the limit may not rise
  double hold_remaining_s = 0;  ///< s until a running hold ends
  std::vector<Cause> why;       ///< the binding constraint first, then all others
};

struct ChargeVoltage {
  double value_V = 0;   ///< V, rounded to 0.01 V
  double exact_V = 0;   ///< V, before rounding
  double target_V = 0;  ///< V, where it goes when no ramp, hold or regulation keeps it
  Shaping shaping = Shaping::direct;
  double hold_remaining_s = 0;  ///< s until the binding term may rise
  std::vector<Cause> why;       ///< as of a CurrentLimit
};

/// State of charge 0, 10, ... 100 %.
inline constexpr int kSocPoints = 11;
inline constexpr int kSocPointStep_pct = 10;

/// Levels of the alarms the engine itself raises: 0 ok, 1 warning, 2 alarm.
struct Alarms {
  int low_soc = 0;
  int low_cell_voltage = 0;
  int high_cell_voltage = 0;
  int bms_cable = 0;      ///< 1 stale for longer than three polls or one value missing, 2 lost
  int configuration = 0;  ///< running on built-in defaults (G11)
  friend bool operator==(const Alarms&, const Alarms&) = default;
};

/// What happened in this step, for history, log and store.
struct Events {
  bool phase_changed = false;
  double pack_V = 0, highest_cell_V = 0, spread_V = 0;  ///< V, what the phases saw in this step
  bool absorption_balanced = false;                     ///< completed by balance (V3): a full charge
  bool absorption_timed_out = false;                    ///< ended by time (V4)
  bool soc_synchronised = false;                        ///< the SoC counter was set to 100 %
  bool new_device = false;  ///< another serial number or cell count: the state started anew (L6)
};

/// Samples and values refused by G10 since start.
struct Discards {
  std::uint32_t cell_range = 0;   ///< samples with a cell outside 1.0 to 4.5 V
  std::uint32_t cell_count = 0;   ///< samples with another number of cells
  std::uint32_t temperature = 0;  ///< temperatures outside -40 to 100 degC
  std::uint32_t jump = 0;         ///< temperatures that jumped and were not yet confirmed
  std::uint32_t number = 0;       ///< other values that are no possible number
  friend bool operator==(const Discards&, const Discards&) = default;
};

/// What the engine says after each step, for one battery or for the bank.
struct Limits {
  /// False until the first complete valid snapshot: nothing may be registered on D-Bus before (G8).
  bool started = false;
  ChargeVoltage cvl;
  CurrentLimit ccl;
  CurrentLimit dcl;
  bool allow_charge = false;
  bool allow_discharge = false;
  bool pre_alarm = false;
  Phase phase = Phase::start;
  TopBalance top_balance = TopBalance::off;
  Freshness freshness = Freshness::none;
  BalancerState balancer = BalancerState::unknown;
  /// The limits block (loss policy): measured values are to be shown as invalid.
  bool blocked_by_loss = false;
  std::optional<double> soc_pct;  ///< %, from the active source
  std::string_view soc_source;    ///< "bms", "counter", "shunt"; of a bank "weighted", "minimum" or "shunt"
  std::optional<double> ttg_s;    ///< s to the discharge floor; nullopt while not discharging
  /// s to 0, 10, ... 100 % with the present current (T2); nullopt: not on the way, below the floor, or at rest.
  std::array<std::optional<double>, kSocPoints> time_to_soc_s;
  Alarms alarms;
  ShortName alarm_pack;     ///< of a bank: the pack with the worst of the alarms
  std::vector<Note> notes;  ///< what a user should see ("absorption ended by time-out, spread 12 mV")
  Events events;
  Discards discards;
};

/// Everything as constructed, but the lists keep their memory.
void reset(Limits& limits);

/// 53.9999 A is 53.9 A: CCL and DCL are published rounded down to 0.1 A (G9).
double round_current(double current_A);
/// To the nearest 0.01 V (G9).
double round_voltage(double voltage_V);

}  // namespace bms::limits
