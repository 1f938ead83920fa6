#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bms/reading.hpp"
#include "limits/output.hpp"

namespace bms::history {

/// What the history of a battery or bank tells, each resettable by itself (limit-engine 8.3, victron-bms-manuals 11.5).
enum class Field : std::uint8_t {
  deepest_discharge_Ah,        ///< Ah below full, >= 0
  last_discharge_Ah,           ///< the same, deepest since the last synchronisation
  average_discharge_Ah,        ///< mean of the discharges between two synchronisations
  total_drawn_Ah,              ///< >= 0
  charge_cycles,               ///< drawn Ah over capacity
  full_discharges,             ///< times the state of charge came down to 0 %
  automatic_syncs,             ///< times the state of charge was set to 100 %, or a charge was completed
  low_voltage_alarms,          ///< rising edges, of cells and pack
  high_voltage_alarms,         ///< likewise
  low_starter_voltage_alarms,  ///< likewise
  high_starter_voltage_alarms,
  min_voltage_V,
  max_voltage_V,
  min_cell_voltage_V,
  max_cell_voltage_V,
  min_starter_voltage_V,
  max_starter_voltage_V,
  min_temperature_C,
  max_temperature_C,
  since_full_charge_s,    ///< since the last synchronisation
  discharged_energy_kWh,  ///< >= 0
  charged_energy_kWh,     ///< >= 0
  not_observed_s,         ///< sum of the gaps of more than 60 s; nothing is known of them
  last_errors,            ///< number of entries of State::errors
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::last_errors) + 1;

/// Name with unit, the same as drivers use in Reading::history: "deepest_discharge_Ah".
std::string_view to_string(Field field);
std::optional<Field> field_from_string(std::string_view name);

/// An extreme and when it was seen.
struct Mark {
  double value = 0;
  std::optional<std::int64_t> unix_s;  ///< nullopt: the clock had not been set
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// One alarm that came up.
struct Error {
  Condition condition{};
  std::optional<std::int64_t> unix_s;
  friend bool operator==(const Error&, const Error&) = default;
};
inline constexpr std::size_t kMostErrors = 8;

/// Everything remembered from step to step. A value: copy, compare, store, restore.
struct State {
  // What is published.
  std::optional<double> deepest_Ah, last_Ah;
  double depth_sum_Ah = 0;  ///< of completed discharges
  std::uint32_t depth_count = 0;
  double drawn_Ah = 0, cycles = 0, discharged_kWh = 0, charged_kWh = 0;
  std::uint32_t full_discharges = 0, syncs = 0;
  std::uint32_t low_voltage = 0, high_voltage = 0, low_starter = 0, high_starter = 0;
  std::optional<Mark> min_voltage, max_voltage, min_cell, max_cell, min_starter, max_starter, min_temperature,
      max_temperature;
  std::optional<double> since_full_s;
  double not_observed_s = 0;
  std::vector<Error> errors;            ///< newest first, kMostErrors at most
  std::optional<std::int64_t> since_s;  ///< unix time of the beginning or of the last complete reset

  // What it takes to go on.
  bool begun = false;                 ///< there was a sample with voltage and current
  double power_W = 0, current_A = 0;  ///< of the newest such sample
  double silence_s = 0;               ///< since then
  double cycle_depth_Ah = 0;          ///< deepest since the last synchronisation
  double drawn_since_sync_Ah = 0;
  bool synchronised = false;  ///< and nothing worth mentioning was drawn since
  bool empty = false;         ///< since the state of charge was 0 %
  std::uint64_t told = 0;     ///< alarms of the BMS in force when it last told, bit = Condition
  std::uint64_t active = 0;   ///< those and the engine's own
  friend bool operator==(const State&, const State&) = default;
};

/// What reaches the history in one step. Pure: the wall clock is an argument, too.
struct Sample {
  double elapsed_s = 0;                    ///< s since the step before, >= 0
  const Reading* reading = nullptr;        ///< what arrived in this step; nullptr: nothing
  const limits::Limits* limits = nullptr;  ///< the engine's step; nullptr: a shunt
  std::optional<double> capacity_Ah;       ///< where the Reading does not tell
  std::optional<std::int64_t> unix_s;      ///< nullopt: the clock has not been set
};

void step(State& state, const Sample& sample);

/// The program was away for so long, by a clock trusted at both ends; nullopt: unknown, then nothing is integrated over
/// the gap.
void restart(State& state, std::optional<double> elapsed_s);

/// nullopt: not known (yet).
std::optional<double> value(const State& state, Field field);
/// When an extreme was seen; nullopt for all other fields.
std::optional<std::int64_t> seen_at(const State& state, Field field);

/// One value starts anew; all others stay.
void reset(State& state, Field field);
/// All of them; `unix_s` becomes the day they count from.
void reset_all(State& state, std::optional<std::int64_t> unix_s);

}  // namespace bms::history
