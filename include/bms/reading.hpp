#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bms/extras.hpp"

namespace bms {

/// Monotonic time. Wall-clock time never enters a Reading or the limit engine: GX devices boot without a clock and
/// jump.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// Severity of an alarm a BMS reports. A warning informs; an alarm means that the BMS protects itself (limit rule C10).
enum class AlarmLevel : std::uint8_t { warning, alarm };

/// What a BMS complains about. Names in snake case are part of the JSON contract, see to_string().
enum class Condition : std::uint8_t {
  cell_overvoltage,
  cell_undervoltage,
  pack_overvoltage,
  pack_undervoltage,
  charge_overcurrent,
  discharge_overcurrent,
  short_circuit,
  charge_overtemperature,
  discharge_overtemperature,
  charge_undertemperature,
  discharge_undertemperature,
  mos_overtemperature,
  mos_undertemperature,
  env_overtemperature,
  env_undertemperature,
  low_soc,
  low_soh,
  cell_imbalance,
  temperature_imbalance,
  internal,
  cell_sensor,
  temperature_sensor,
  current_sensor,
  cell_count,
  wire_resistance,
  charge_fet,
  discharge_fet,
  precharge,
  fuse,
  communication,
  calibration,
  configuration,
  reverse_polarity,
  mid_voltage,
  starter_undervoltage,
  starter_overvoltage,
};
inline constexpr std::size_t kConditionCount = static_cast<std::size_t>(Condition::starter_overvoltage) + 1;

std::string_view to_string(Condition condition);
std::optional<Condition> condition_from_string(std::string_view name);
std::string_view to_string(AlarmLevel level);

struct Alarm {
  Condition condition;
  AlarmLevel level;
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

/// One complete observation of one battery at one time point: all from one poll, or nothing.
///
/// Every quantity may be absent (std::nullopt, empty list): absent means "the device does not tell", never zero.
/// SI units and degrees Celsius; scaling happens in drivers.
struct Reading {
  TimePoint time{};  ///< when the last byte of the poll arrived

  std::optional<double> voltage_V;  ///< pack voltage, V, >= 0
  std::optional<double> current_A;  ///< pack current, A, charging > 0
  std::optional<double> soc_pct;    ///< state of charge, %, 0..100
  std::optional<double> soh_pct;    ///< state of health, %, 0..100

  /// Cell voltages, V, in the order of the device. 0 V is a disconnected sense wire, nullopt one value that is missing.
  std::vector<std::optional<double>> cells_V;
  /// Battery temperatures, degC, position = sensor. nullopt: this sensor is absent or failed.
  std::vector<std::optional<double>> temps_C;
  std::vector<std::string> temp_names;  ///< names of temps_C by position, may be shorter; empty: "T1", "T2", ...
  std::optional<double> mos_temp_C;     ///< MOSFET (power stage) temperature, degC
  std::optional<double> env_temp_C;     ///< ambient or board temperature, degC

  std::optional<double> capacity_Ah;   ///< full-charge capacity, Ah, > 0
  std::optional<double> remaining_Ah;  ///< remaining capacity, Ah, >= 0
  std::optional<std::int64_t> cycles;  ///< charge cycles, >= 0

  std::optional<bool> charge_fet;     ///< true: charge MOSFET conducts (actual state, not the user's switch)
  std::optional<bool> discharge_fet;  ///< true: discharge MOSFET conducts
  std::optional<bool> balancing;      ///< true: at least one cell is being balanced
  std::vector<int> balancing_cells;   ///< numbers from 1 of the cells being balanced, ascending
  std::optional<double> balance_current_A;
  std::vector<std::optional<double>> wire_resistance_mOhm;  ///< balance wires, by cell
  std::optional<bool> heater_on;
  std::optional<double> heater_current_A;

  std::optional<double> max_charge_current_A;     ///< the BMS's own charge limit, A, >= 0
  std::optional<double> max_discharge_current_A;  ///< the BMS's own discharge limit, A, magnitude, >= 0
  std::optional<double> max_voltage_V;            ///< charge voltage the BMS asks for, pack, V
  std::optional<double> min_voltage_V;            ///< voltage at which the BMS stops discharging, pack, V

  /// Alarms in force. nullopt: the device did not tell; empty: it told that there are none.
  std::optional<std::vector<Alarm>> alarms;

  std::optional<std::string> model;
  std::optional<std::string> serial;       ///< identifies the device, whatever its address
  std::optional<std::string> hw;           ///< hardware version
  std::optional<std::string> sw;           ///< firmware version
  std::optional<std::string> device_name;  ///< name stored in the device by its user

  // A shunt or battery monitor also tells:
  std::optional<double> consumed_Ah;                   ///< Ah drawn since full, <= 0
  std::optional<double> ttg_s;                         ///< time to go, s; absent while not discharging
  std::optional<double> mid_voltage_V;                 ///< mid-point voltage, V
  std::optional<double> aux_voltage_V;                 ///< starter or auxiliary battery, V
  std::map<std::string, double, std::less<>> history;  ///< name with unit, as in "deepest_discharge_Ah"

  Extras extra;  ///< settings and counters beyond the fields above

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// Lowest and highest known cell and their positions (from 0).
struct CellExtremes {
  double min_V;
  double max_V;
  std::size_t min_index;
  std::size_t max_index;
};

/// nullopt when no cell is known.
std::optional<CellExtremes> cell_extremes(const Reading& reading);

/// Sum of the cells, V; nullopt when there are none or one of them is unknown.
std::optional<double> cell_sum(const Reading& reading);

}  // namespace bms
