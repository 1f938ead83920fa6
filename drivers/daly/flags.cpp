#include "flags.hpp"

#include <algorithm>

#include "bms/layout.hpp"

namespace bms::daly {
namespace {

using C = Condition;

// Level 1 only signals; level 2 also opens a MOSFET, except for the difference and SoC alarms, which never do and are
// warnings therefore.
constexpr Flag kStatusFlags[] = {
    {0, "cell_voltage_high_l1", C::cell_overvoltage, kWarn},
    {1, "cell_voltage_high_l2", C::cell_overvoltage, kAlarm},
    {2, "cell_voltage_low_l1", C::cell_undervoltage, kWarn},
    {3, "cell_voltage_low_l2", C::cell_undervoltage, kAlarm},
    {4, "pack_voltage_high_l1", C::pack_overvoltage, kWarn},
    {5, "pack_voltage_high_l2", C::pack_overvoltage, kAlarm},
    {6, "pack_voltage_low_l1", C::pack_undervoltage, kWarn},
    {7, "pack_voltage_low_l2", C::pack_undervoltage, kAlarm},
    {8, "charge_temp_high_l1", C::charge_overtemperature, kWarn},
    {9, "charge_temp_high_l2", C::charge_overtemperature, kAlarm},
    {10, "charge_temp_low_l1", C::charge_undertemperature, kWarn},
    {11, "charge_temp_low_l2", C::charge_undertemperature, kAlarm},
    {12, "discharge_temp_high_l1", C::discharge_overtemperature, kWarn},
    {13, "discharge_temp_high_l2", C::discharge_overtemperature, kAlarm},
    {14, "discharge_temp_low_l1", C::discharge_undertemperature, kWarn},
    {15, "discharge_temp_low_l2", C::discharge_undertemperature, kAlarm},
    {16, "charge_current_high_l1", C::charge_overcurrent, kWarn},
    {17, "charge_current_high_l2", C::charge_overcurrent, kAlarm},
    {18, "discharge_current_high_l1", C::discharge_overcurrent, kWarn},
    {19, "discharge_current_high_l2", C::discharge_overcurrent, kAlarm},
    {20, "soc_high_l1", std::nullopt, kWarn},
    {21, "soc_high_l2", std::nullopt, kWarn},
    {22, "soc_low_l1", C::low_soc, kWarn},
    {23, "soc_low_l2", C::low_soc, kWarn},
    {24, "cell_voltage_diff_l1", C::cell_imbalance, kWarn},
    {25, "cell_voltage_diff_l2", C::cell_imbalance, kWarn},
    {26, "temp_diff_l1", C::temperature_imbalance, kWarn},
    {27, "temp_diff_l2", C::temperature_imbalance, kWarn},
    {32, "charge_mos_temp_high", C::mos_overtemperature, kAlarm},
    {33, "discharge_mos_temp_high", C::mos_overtemperature, kAlarm},
    {34, "charge_mos_temp_sensor_fault", C::temperature_sensor, kAlarm},
    {35, "discharge_mos_temp_sensor_fault", C::temperature_sensor, kAlarm},
    {36, "charge_mos_stuck", C::charge_fet, kAlarm},
    {37, "discharge_mos_stuck", C::discharge_fet, kAlarm},
    {38, "charge_mos_open", C::charge_fet, kAlarm},
    {39, "discharge_mos_open", C::discharge_fet, kAlarm},
    {40, "afe_fault", C::internal, kAlarm},
    {41, "cell_sampling_lost", C::cell_sensor, kAlarm},
    {42, "cell_temp_sensor_fault", C::temperature_sensor, kAlarm},
    {43, "eeprom_fault", C::internal, kAlarm},
    {44, "rtc_fault", C::internal, kWarn},
    {45, "precharge_failed", C::precharge, kAlarm},
    {46, "vehicle_comm_fault", C::communication, kWarn},
    // Set for good on a lone pack with parallel hardware (syssi/esphome-daly-bms:docs/protocol-register-map.md): no
    // reason to stop.
    {47, "internal_comm_fault", C::communication, kWarn},
    {48, "current_module_fault", C::current_sensor, kAlarm},
    {49, "pack_voltage_sense_fault", C::internal, kAlarm},
    {50, "short_circuit_protection", C::short_circuit, kAlarm},
    {51, "low_voltage_charge_forbidden", C::pack_undervoltage, kAlarm},
    {52, "gps_or_softswitch_mos_off", std::nullopt, kWarn},
    {53, "charge_cabinet_offline", C::communication, kWarn},
};

}  // namespace

std::span<const Flag> status_flags() { return kStatusFlags; }

void note_flag(Reading& reading, std::string_view name) {
  auto& entry = reading.extra["alarm_flags"];
  auto* text = std::get_if<std::string>(&entry);
  if (text == nullptr) {
    entry = std::string(name);
    return;
  }
  *text += ' ';
  *text += name;
}

void decode_flags(std::span<const Flag> table, std::uint64_t bits, Reading& reading) {
  if (!reading.alarms) reading.alarms.emplace();
  for (const Flag& flag : table) {
    if ((bits >> flag.bit & 1U) == 0) continue;
    note_flag(reading, flag.name);
    if (flag.condition) add_alarm(*reading.alarms, {*flag.condition, flag.level});
  }
}

std::uint64_t encode_flags(std::span<const Flag> table, const std::vector<Alarm>& alarms) {
  std::uint64_t bits = 0;
  for (const Alarm& alarm : alarms) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Flag& flag) {
      return flag.condition == alarm.condition && flag.level == alarm.level;
    });
    if (found != table.end()) bits |= std::uint64_t{1} << found->bit;
  }
  return bits;
}

std::uint64_t swap_overcurrent(std::uint64_t bits) {
  constexpr std::uint64_t kCharge = std::uint64_t{3} << 16U;
  constexpr std::uint64_t kDischarge = kCharge << 2U;
  return (bits & ~(kCharge | kDischarge)) | (bits & kCharge) << 2U | (bits & kDischarge) >> 2U;
}

}  // namespace bms::daly
