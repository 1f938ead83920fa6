#include "bms/reading.hpp"

#include <algorithm>
#include <array>

namespace bms {
namespace {

constexpr std::array<std::string_view, kConditionCount> kConditionNames = {"cell_overvoltage",
                                                                           "cell_undervoltage",
                                                                           "pack_overvoltage",
                                                                           "pack_undervoltage",
                                                                           "charge_overcurrent",
                                                                           "discharge_overcurrent",
                                                                           "short_circuit",
                                                                           "charge_overtemperature",
                                                                           "discharge_overtemperature",
                                                                           "charge_undertemperature",
                                                                           "discharge_undertemperature",
                                                                           "mos_overtemperature",
                                                                           "mos_undertemperature",
                                                                           "env_overtemperature",
                                                                           "env_undertemperature",
                                                                           "low_soc",
                                                                           "low_soh",
                                                                           "cell_imbalance",
                                                                           "temperature_imbalance",
                                                                           "internal",
                                                                           "cell_sensor",
                                                                           "temperature_sensor",
                                                                           "current_sensor",
                                                                           "cell_count",
                                                                           "wire_resistance",
                                                                           "charge_fet",
                                                                           "discharge_fet",
                                                                           "precharge",
                                                                           "fuse",
                                                                           "communication",
                                                                           "calibration",
                                                                           "configuration",
                                                                           "reverse_polarity",
                                                                           "mid_voltage",
                                                                           "starter_undervoltage",
                                                                           "starter_overvoltage"};

}  // namespace

std::string_view to_string(Condition condition) { return kConditionNames[static_cast<std::size_t>(condition)]; }

std::optional<Condition> condition_from_string(std::string_view name) {
  const auto* found = std::find(kConditionNames.begin(), kConditionNames.end(), name);
  if (found == kConditionNames.end()) return std::nullopt;
  return static_cast<Condition>(found - kConditionNames.begin());
}

std::string_view to_string(AlarmLevel level) { return level == AlarmLevel::warning ? "warning" : "alarm"; }

std::optional<CellExtremes> cell_extremes(const Reading& reading) {
  std::optional<CellExtremes> extremes;
  for (std::size_t i = 0; i < reading.cells_V.size(); ++i) {
    if (!reading.cells_V[i]) continue;
    const double cell = *reading.cells_V[i];
    if (!extremes) {
      extremes = CellExtremes{cell, cell, i, i};
    } else if (cell < extremes->min_V) {
      extremes->min_V = cell;
      extremes->min_index = i;
    } else if (cell > extremes->max_V) {
      extremes->max_V = cell;
      extremes->max_index = i;
    }
  }
  return extremes;
}

std::optional<double> cell_sum(const Reading& reading) {
  if (reading.cells_V.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& cell : reading.cells_V) {
    if (!cell) return std::nullopt;
    sum += *cell;
  }
  return sum;
}

}  // namespace bms
