#include "modbus_faults.hpp"

#include <fmt/format.h>

#include <optional>

#include "bms/layout.hpp"
#include "flags.hpp"

namespace bms::daly {
namespace {

using C = Condition;

constexpr std::uint16_t kD2LowSoc = 0xC0C0;   // byte 2 bits 6, 7; those of byte 3 are reserved
constexpr std::uint16_t kD2HighSoc = 0x3030;  // byte 2 bits 4, 5
// A board that runs through both MOSFETs shows this bit with nothing wrong but its parallel link: "internal network".
constexpr std::uint16_t kD2Link = 0x0080;

/// Three bits that hold a level.
struct LevelGroup {
  std::size_t word;
  unsigned shift;
  std::string_view name;
  Condition condition;
  bool harmless = false;  ///< never opens a MOSFET: a warning at most
};
constexpr LevelGroup kLevels[] = {
    {0, 0, "cell_voltage_high", C::cell_overvoltage},
    {0, 3, "cell_voltage_low", C::cell_undervoltage},
    {0, 8, "cell_voltage_diff", C::cell_imbalance, true},
    {0, 11, "charge_temp_high", C::charge_overtemperature},
    {1, 0, "charge_temp_low", C::charge_undertemperature},
    {1, 3, "discharge_temp_high", C::discharge_overtemperature},
    {1, 8, "discharge_temp_low", C::discharge_undertemperature},
    {1, 11, "temp_diff", C::temperature_imbalance, true},
    {2, 0, "pack_voltage_high", C::pack_overvoltage},
    {2, 3, "pack_voltage_low", C::pack_undervoltage},
    {2, 8, "charge_current_high", C::charge_overcurrent},
    {2, 11, "discharge_current_high", C::discharge_overcurrent},
    {3, 0, "soc_low", C::low_soc, true},
    {3, 3, "soh_low", C::low_soh, true},
    {3, 8, "mos_temp_high", C::mos_overtemperature},
    {3, 11, "thermal_runaway", C::internal},
};

struct FaultBit {
  std::size_t word;
  unsigned bit;
  std::string_view name;
  std::optional<Condition> condition;
  AlarmLevel level = kAlarm;
};
constexpr FaultBit kBits[] = {
    {0, 6, "smart_charger_connected", std::nullopt},
    {0, 7, "smart_charger_connection_fault", C::communication, kWarn},
    {0, 14, "smart_discharger_connected", std::nullopt},
    {0, 15, "smart_discharger_connection_fault", C::communication, kWarn},
    {1, 6, "charge_mos_temp_high", C::mos_overtemperature},
    {1, 7, "charge_mos_temp_sensor_fault", C::temperature_sensor},
    {1, 14, "discharge_mos_temp_high", C::mos_overtemperature},
    {1, 15, "discharge_mos_temp_sensor_fault", C::temperature_sensor},
    {2, 6, "short_circuit_protection", C::short_circuit},
    {2, 7, "firmware_upgrade", std::nullopt},
    {2, 14, "charge_under_voltage", C::pack_undervoltage},
    {2, 15, "discharge_over_voltage", C::pack_overvoltage},
    {3, 6, "parallel_comm_active", std::nullopt},
    // Set for good on a lone pack with parallel hardware.
    {3, 7, "parallel_comm_fault", C::communication, kWarn},
    {5, 8, "afe_fault", C::internal},
    {5, 9, "afe_comm_fault", C::internal},
    {5, 10, "afe_sampling_fault", C::internal},
    {5, 11, "voltage_detect_fault", C::cell_sensor},
    {5, 12, "voltage_sense_disconnected", C::cell_sensor},
    {5, 13, "pack_voltage_sense_fault", C::internal},
    {5, 14, "current_module_fault", C::current_sensor},
    {5, 15, "cell_temp_sensor_fault", C::temperature_sensor},
    {6, 0, "temp_sense_disconnected", C::temperature_sensor},
    {6, 1, "eeprom_fault", C::internal},
    {6, 2, "flash_fault", C::internal},
    {6, 3, "rtc_fault", C::internal, kWarn},
    {6, 4, "charge_mos_fault", C::charge_fet},
    {6, 5, "discharge_mos_fault", C::discharge_fet},
    {6, 6, "precharge_mos_fault", C::precharge},
    {6, 7, "precharge_failed", C::precharge},
    {6, 8, "charge_mos_off_by_command", std::nullopt},
    {6, 9, "discharge_mos_off_by_command", std::nullopt},
    {6, 10, "charge_mos_off_by_switch", std::nullopt},
    {6, 11, "discharge_mos_off_by_switch", std::nullopt},
    {6, 12, "fan_active", std::nullopt},
    {6, 13, "heater_active", std::nullopt},
    {6, 14, "current_limiting_active", std::nullopt},
    {6, 15, "heating_fault", C::internal, kWarn},
};

}  // namespace

void decode_faults(const D2Faults& words, Reading& reading) {
  constexpr unsigned kLevel2 = 0xAAAA;
  constexpr unsigned kLevel1 = 0x5555;
  if (!reading.alarms) reading.alarms.emplace();
  auto& alarms = *reading.alarms;
  if ((words[1] & kD2LowSoc) != 0) add_alarm(alarms, {C::low_soc, kWarn});
  const unsigned graded = words[0] | (words[1] & ~unsigned{kD2LowSoc} & ~unsigned{kD2HighSoc});
  const unsigned faults = (words[2] & ~unsigned{kD2Link}) | words[3];
  if ((graded & kLevel1) != 0) add_alarm(alarms, {C::internal, kWarn});
  if ((graded & kLevel2) != 0 || faults != 0) add_alarm(alarms, {C::internal, kAlarm});
  if ((words[2] & kD2Link) != 0) add_alarm(alarms, {C::communication, kWarn});
  if ((words[0] | words[1] | words[2] | words[3]) != 0) {
    reading.extra["fault_words"] = fmt::format("{:04X} {:04X} {:04X} {:04X}", words[0], words[1], words[2], words[3]);
  }
}

D2Faults encode_d2_faults(const std::vector<Alarm>& alarms) {
  D2Faults words{};
  for (const Alarm& alarm : alarms) {
    if (alarm == Alarm{C::low_soc, kWarn}) words[1] |= 0x4000;
    if (alarm == Alarm{C::internal, kWarn}) words[0] |= 0x0100;
    if (alarm == Alarm{C::internal, kAlarm}) words[2] |= 0x0001;
    if (alarm == Alarm{C::communication, kWarn}) words[2] |= kD2Link;
  }
  return words;
}

void decode_faults(const BoardFaults& words, Reading& reading) {
  if (!reading.alarms) reading.alarms.emplace();
  for (const LevelGroup& group : kLevels) {
    const unsigned level = words[group.word] >> group.shift & 7U;
    if (level == 0) continue;
    note_flag(reading, fmt::format("{}_l{}", group.name, level));
    add_alarm(*reading.alarms, {group.condition, level > 1 && !group.harmless ? kAlarm : kWarn});
  }
  for (const FaultBit& bit : kBits) {
    if ((words[bit.word] >> bit.bit & 1U) == 0) continue;
    note_flag(reading, bit.name);
    if (bit.condition) add_alarm(*reading.alarms, {*bit.condition, bit.level});
  }
}

BoardFaults encode_board_faults(const std::vector<Alarm>& alarms) {
  BoardFaults words{};
  for (const Alarm& alarm : alarms) {
    for (const LevelGroup& group : kLevels) {
      if (group.condition != alarm.condition) continue;
      const unsigned level = alarm.level == kAlarm ? 2 : 1;
      words[group.word] = static_cast<std::uint16_t>(words[group.word] | level << group.shift);
    }
    for (const FaultBit& bit : kBits) {
      if (bit.condition != alarm.condition || bit.level != alarm.level) continue;
      words[bit.word] = static_cast<std::uint16_t>(words[bit.word] | 1U << bit.bit);
      break;
    }
  }
  return words;
}

}  // namespace bms::daly
