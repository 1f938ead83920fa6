#include "victron/part_values.hpp"

#include <fmt/format.h>

namespace bms::victron {

std::optional<double> mean_temperature(const Reading& reading) {
  double sum = 0;
  int count = 0;
  for (const auto& temperature : reading.temps_C) {
    if (!temperature) continue;
    sum += *temperature;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional<double>(sum / count);
}

std::string sensor_name(const Reading& reading, std::size_t index) {
  if (index < reading.temp_names.size() && !reading.temp_names[index].empty()) return reading.temp_names[index];
  return fmt::format("T{}", index + 1);
}

void Extremes::add(double value, const std::string& id) {
  if (!min || value < min->value) min = Extreme{value, id};
  if (!max || value > max->value) max = Extreme{value, id};
}

void add_cells(Extremes& extremes, const Reading& reading, const std::string& prefix) {
  for (std::size_t i = 0; i < reading.cells_V.size(); ++i) {
    if (reading.cells_V[i]) extremes.add(*reading.cells_V[i], fmt::format("{}C{:02}", prefix, i + 1));
  }
}

void add_temperatures(Extremes& extremes, const Reading& reading, const std::string& prefix) {
  for (std::size_t i = 0; i < reading.temps_C.size(); ++i) {
    if (reading.temps_C[i]) extremes.add(*reading.temps_C[i], fmt::format("{}T{}", prefix, i + 1));
  }
}

}  // namespace bms::victron
