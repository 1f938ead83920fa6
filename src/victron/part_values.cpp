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

void Extremes::add(const std::vector<std::optional<double>>& values, std::size_t battery) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& value = values[i];
    if (value && (!min || *value < min->value)) min = Extreme{*value, battery, i + 1};
    if (value && (!max || *value > max->value)) max = Extreme{*value, battery, i + 1};
  }
}

std::string cell_id(const Extreme& extreme) {
  if (extreme.battery == 0) return fmt::format("C{:02}", extreme.number);
  return fmt::format("{}C{:02}", extreme.battery, extreme.number);
}

std::string sensor_id(const Extreme& extreme) {
  if (extreme.battery == 0) return fmt::format("T{}", extreme.number);
  return fmt::format("{}T{}", extreme.battery, extreme.number);
}

}  // namespace bms::victron
