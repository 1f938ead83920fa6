#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "victron/alarm_map.hpp"
#include "victron/battery_paths.hpp"
#include "victron/part_values.hpp"

namespace bms::victron {
namespace {

using history::Field;

struct HistoryPath {
  Field field;
  std::string_view path;
  bool negative = false;            ///< Ah drawn: published as zero or negative whatever the source says
  std::string_view time_path = {};  ///< when an extreme was seen
};
constexpr HistoryPath kHistory[] = {
    {Field::deepest_discharge_Ah, "/History/DeepestDischarge", true},
    {Field::last_discharge_Ah, "/History/LastDischarge", true},
    {Field::average_discharge_Ah, "/History/AverageDischarge", true},
    {Field::total_drawn_Ah, "/History/TotalAhDrawn", true},
    {Field::charge_cycles, "/History/ChargeCycles"},
    {Field::full_discharges, "/History/FullDischarges"},
    {Field::automatic_syncs, "/History/AutomaticSyncs"},
    {Field::low_voltage_alarms, "/History/LowVoltageAlarms"},
    {Field::high_voltage_alarms, "/History/HighVoltageAlarms"},
    {Field::low_starter_voltage_alarms, "/History/LowStarterVoltageAlarms"},
    {Field::high_starter_voltage_alarms, "/History/HighStarterVoltageAlarms"},
    {Field::min_voltage_V, "/History/MinimumVoltage", false, "/History/MinimumVoltageTime"},
    {Field::max_voltage_V, "/History/MaximumVoltage", false, "/History/MaximumVoltageTime"},
    {Field::min_cell_voltage_V, "/History/MinimumCellVoltage", false, "/History/MinimumCellVoltageTime"},
    {Field::max_cell_voltage_V, "/History/MaximumCellVoltage", false, "/History/MaximumCellVoltageTime"},
    {Field::min_starter_voltage_V, "/History/MinimumStarterVoltage"},
    {Field::max_starter_voltage_V, "/History/MaximumStarterVoltage"},
    {Field::min_temperature_C, "/History/MinimumTemperature", false, "/History/MinimumTemperatureTime"},
    {Field::max_temperature_C, "/History/MaximumTemperature", false, "/History/MaximumTemperatureTime"},
    {Field::since_full_charge_s, "/History/TimeSinceLastFullCharge"},
    {Field::discharged_energy_kWh, "/History/DischargedEnergy"},
    {Field::charged_energy_kWh, "/History/ChargedEnergy"},
};

Value value_of(const std::optional<std::int64_t>& unix_s) {
  return unix_s ? Value(static_cast<double>(*unix_s)) : Value{};
}

/// The starter battery's rows stay away where there is none.
bool is_starter(Field field) {
  return field == Field::low_starter_voltage_alarms || field == Field::high_starter_voltage_alarms;
}

std::string error_list(const history::State& state) {
  std::string text;
  for (const history::Error& error : state.errors) {
    text += text.empty() ? "" : "; ";
    text += to_string(error.condition);
    if (error.unix_s) text += fmt::format(" {:%Y-%m-%d %H:%M}Z", fmt::gmtime(static_cast<std::time_t>(*error.unix_s)));
  }
  return text;
}

/// What changes with every second is shown by the minute: a battery at rest sends no signals.
double shown(Field field, double value) {
  if (field == Field::since_full_charge_s) return std::floor(value / 60) * 60;
  return field == Field::charge_cycles ? std::floor(value) : value;
}

}  // namespace

/// The GX's page of the last four errors, by Victron's numbers; what has none stands in /History/LastErrors only.
void BatteryPaths::put_last_errors(const history::State& state) {
  constexpr int kShown = 4;
  int n = 0;
  const auto show = [&](const Value& number, const Value& time) {
    ++n;
    put(fmt::format("/Diagnostics/LastErrors/{}/Error", n), number);
    put(fmt::format("/Diagnostics/LastErrors/{}/Time", n), time);
  };
  for (const history::Error& error : state.errors) {
    const auto number = error_number(error.condition);
    if (number != 0 && n < kShown) show(number, value_of(error.unix_s));
  }
  while (n < kShown) show({}, {});
}

void BatteryPaths::put_history(const BatteryView& view) {
  constexpr auto kPeriod = std::chrono::seconds(10);
  if (history_shown_ && view.now - *history_shown_ < kPeriod) return;
  history_shown_ = view.now;
  for (const auto& [field, path, negative, time_path] : kHistory) {
    std::optional<double> value;
    if (view.reading != nullptr) {
      // A monitor that keeps its own has seen more than we have.
      const auto& own = view.reading->history;
      if (const auto entry = own.find(history::to_string(field)); entry != own.end()) value = entry->second;
      if (field == Field::charge_cycles && view.reading->cycles) value = static_cast<double>(*view.reading->cycles);
    }
    const bool from_device = value.has_value();
    if (!value && view.history != nullptr) value = history::value(*view.history, field);
    if (is_starter(field) && !from_device && value == 0.0) continue;
    if (value) value = shown(field, negative ? -std::abs(*value) : *value);
    put(path, victron::value_of(value));
    if (!time_path.empty() && view.history != nullptr) {
      put(time_path, from_device ? Value{} : value_of(history::seen_at(*view.history, field)));
    }
  }
  if (view.history == nullptr) return;
  put("/History/LastErrors", error_list(*view.history));
  put_last_errors(*view.history);
  put("/History/NotObserved", std::floor(view.history->not_observed_s));
  put("/History/Since", value_of(view.history->since_s));
  put("/History/Reset", std::string());
}

}  // namespace bms::victron
