#include "daemon/alarms_log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "victron/part_values.hpp"

namespace bms::daemon {
namespace {

std::string quantity(const std::optional<double>& value, std::string_view unit, int decimals) {
  return value ? fmt::format("{:.{}f} {}", *value, decimals, unit) : std::string();
}

std::string sensor(const Reading& reading, bool hottest) {
  victron::Extremes sensors;
  sensors.add(reading.temps_C, 0);
  const auto& found = hottest ? sensors.max : sensors.min;
  if (!found) return {};
  return fmt::format("{} has {:.1f} degC", victron::sensor_name(reading, found->number - 1), found->value);
}

std::string cell(const Reading& reading, bool highest) {
  const auto cells = cell_extremes(reading);
  if (!cells) return {};
  return fmt::format("cell {} has {:.3f} V", (highest ? cells->max_index : cells->min_index) + 1,
                     highest ? cells->max_V : cells->min_V);
}

std::string spread(const Reading& reading) {
  const auto cells = cell_extremes(reading);
  if (!cells) return {};
  return fmt::format("cell {} has {:.3f} V, cell {} {:.3f} V", cells->min_index + 1, cells->min_V, cells->max_index + 1,
                     cells->max_V);
}

}  // namespace

std::string measured(Condition condition, const Reading& reading) {
  switch (condition) {
    case Condition::cell_overvoltage:
    case Condition::cell_undervoltage:
      return cell(reading, condition == Condition::cell_overvoltage);
    case Condition::pack_overvoltage:
    case Condition::pack_undervoltage:
      return quantity(reading.voltage_V, "V", 2);
    case Condition::charge_overcurrent:
    case Condition::discharge_overcurrent:
    case Condition::short_circuit:
      return quantity(reading.current_A, "A", 1);
    case Condition::charge_overtemperature:
    case Condition::discharge_overtemperature:
    case Condition::charge_undertemperature:
    case Condition::discharge_undertemperature:
      return sensor(
          reading, condition == Condition::charge_overtemperature || condition == Condition::discharge_overtemperature);
    case Condition::mos_overtemperature:
    case Condition::mos_undertemperature:
      return quantity(reading.mos_temp_C, "degC", 1);
    case Condition::env_overtemperature:
    case Condition::env_undertemperature:
      return quantity(reading.env_temp_C, "degC", 1);
    case Condition::low_soc:
      return quantity(reading.soc_pct, "%", 1);
    case Condition::low_soh:
      return quantity(reading.soh_pct, "%", 1);
    case Condition::cell_imbalance:
      return spread(reading);
    case Condition::mid_voltage:
      return quantity(reading.mid_voltage_V, "V", 2);
    case Condition::starter_undervoltage:
    case Condition::starter_overvoltage:
      return quantity(reading.aux_voltage_V, "V", 2);
    default:
      return {};
  }
}

void tell_alarms(LogFilter& filter, std::string_view name, const Reading& reading, TimePoint now) {
  const auto alarms = reading.alarms.value_or(std::vector<Alarm>{});
  const auto text_of = [](const Alarm& alarm) {
    return fmt::format(" {}:{}", to_string(alarm.level), to_string(alarm.condition));
  };
  std::string in_force;
  for (const Alarm& alarm : alarms) in_force += text_of(alarm);
  if (!filter.changed("alarms", in_force, now)) return;
  if (in_force.empty()) {
    spdlog::info("{}: no alarms", name);
    return;
  }
  std::string text;
  for (const Alarm& alarm : alarms) {
    text += text_of(alarm);
    if (const std::string value = measured(alarm.condition, reading); !value.empty())
      text += fmt::format(" ({})", value);
  }
  spdlog::warn("{}: alarms:{}", name, text);
}

}  // namespace bms::daemon
