#include "victron/alarm_map.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace bms::victron {
namespace {

/// By Condition. Conditions without a stock alarm of their own go to the one that makes a person look at the BMS.
constexpr std::array<std::string_view, kConditionCount> kNames = {
    "HighCellVoltage",           // cell_overvoltage
    "LowCellVoltage",            // cell_undervoltage
    "HighVoltage",               // pack_overvoltage
    "LowVoltage",                // pack_undervoltage
    "HighChargeCurrent",         // charge_overcurrent
    "HighDischargeCurrent",      // discharge_overcurrent
    "HighCurrent",               // short_circuit
    "HighChargeTemperature",     // charge_overtemperature
    "HighTemperature",           // discharge_overtemperature
    "LowChargeTemperature",      // charge_undertemperature
    "LowTemperature",            // discharge_undertemperature
    "HighInternalTemperature",   // mos_overtemperature
    "LowTemperature",            // mos_undertemperature
    "HighTemperature",           // env_overtemperature
    "LowTemperature",            // env_undertemperature
    "LowSoc",                    // low_soc
    "StateOfHealth",             // low_soh
    "CellImbalance",             // cell_imbalance
    "InternalFailure",           // temperature_imbalance
    "InternalFailure",           // internal
    "InternalFailure",           // cell_sensor
    "BatteryTemperatureSensor",  // temperature_sensor
    "InternalFailure",           // current_sensor
    "InternalFailure",           // cell_count
    "InternalFailure",           // wire_resistance
    "Contactor",                 // charge_fet
    "Contactor",                 // discharge_fet
    "Contactor",                 // precharge
    "FuseBlown",                 // fuse
    "BmsCable",                  // communication
    "InternalFailure",           // calibration
    "InternalFailure",           // configuration
    "InternalFailure",           // reverse_polarity
    "MidVoltage",                // mid_voltage
    "LowStarterVoltage",         // starter_undervoltage
    "HighStarterVoltage",        // starter_overvoltage
};

/// By Condition. 13 to 16 over- and under-voltage and -temperature, 7 measurement, 9 cells in series, 11 hardware, 20
/// contactor, 23 communication, 25 pre-charge, 116 calibration, 119 settings; currents, balance and fuses have none.
constexpr std::array<std::int32_t, kConditionCount> kErrors = {
    13, 14, 13, 14, 0, 0, 0, 15, 15, 16, 16, 15, 16,  15,  16, 0, 0, 0,
    0,  11, 7,  7,  7, 9, 0, 20, 20, 25, 0,  23, 116, 119, 0,  0, 0, 0,
};

constexpr std::string_view kStandard[] = {
    "LowVoltage",
    "HighVoltage",
    "LowCellVoltage",
    "HighCellVoltage",
    "LowSoc",
    "HighChargeCurrent",
    "HighDischargeCurrent",
    "CellImbalance",
    "HighChargeTemperature",
    "LowChargeTemperature",
    "HighTemperature",
    "LowTemperature",
    "HighInternalTemperature",
    "InternalFailure",
};

void raise(AlarmLevels& levels, std::string_view name, std::int32_t level) {
  auto& current = levels[name];
  current = std::max(current, level);
}

/// Bits of /Battery/<n>/Status by condition and level, as gui-v2 shows them on its page of individual batteries.
int status_bit(const Alarm& alarm) {
  const bool severe = alarm.level == AlarmLevel::alarm;
  switch (alarm.condition) {
    case Condition::cell_imbalance:
      return 1;
    case Condition::pack_overvoltage:
      return 3;
    case Condition::pack_undervoltage:
      return 4;
    case Condition::charge_undertemperature:
      return 5;
    case Condition::charge_overtemperature:
      return 6;
    case Condition::cell_sensor:
    case Condition::cell_count:
      return 7;
    case Condition::discharge_overtemperature:
      return 8;
    case Condition::cell_overvoltage:
      return 9;
    case Condition::charge_overcurrent:
      return severe ? 12 : 11;
    case Condition::discharge_overcurrent:
    case Condition::short_circuit:
      return severe ? 14 : 13;
    case Condition::cell_undervoltage:
      return 15;
    case Condition::discharge_undertemperature:
      return 16;
    default:
      return -1;
  }
}

}  // namespace

std::string_view alarm_name(Condition condition) { return kNames[static_cast<std::size_t>(condition)]; }

std::int32_t error_number(Condition condition) { return kErrors[static_cast<std::size_t>(condition)]; }

std::span<const std::string_view> standard_alarms() { return kStandard; }

AlarmLevels alarm_levels(const Reading* reading, const limits::Limits* limits) {
  AlarmLevels levels;
  if (reading != nullptr && reading->alarms) {
    for (const auto name : kStandard) levels[name] = 0;
    for (const Alarm& alarm : *reading->alarms) {
      raise(levels, alarm_name(alarm.condition), alarm.level == AlarmLevel::alarm ? 2 : 1);
    }
  }
  if (limits != nullptr) {
    raise(levels, "LowSoc", limits->alarms.low_soc);
    raise(levels, "LowCellVoltage", limits->alarms.low_cell_voltage);
    raise(levels, "HighCellVoltage", limits->alarms.high_cell_voltage);
    raise(levels, "BmsCable", limits->alarms.bms_cable);
  }
  return levels;
}

std::int32_t status_bits(const Reading& reading, const limits::Limits* limits) {
  std::uint32_t bits = 0;
  const auto balancer = limits == nullptr ? limits::BalancerState::unknown : limits->balancer;
  if (balancer == limits::BalancerState::balanced) bits |= 1U << 0;
  if (balancer == limits::BalancerState::imbalanced) bits |= 1U << 1;
  if (reading.balancing.value_or(false)) bits |= 1U << 2;
  if (reading.alarms) {
    for (const Alarm& alarm : *reading.alarms) {
      if (const int bit = status_bit(alarm); bit >= 0) bits |= 1U << static_cast<unsigned>(bit);
    }
  }
  return static_cast<std::int32_t>(bits);
}

}  // namespace bms::victron
