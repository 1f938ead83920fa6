#include "renogy_alarms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "bms/layout.hpp"

namespace bms::renogy {
namespace {

using C = Condition;

struct StatusBit {
  unsigned bit;
  std::string_view name;
  std::optional<Condition> condition;  ///< nullopt: a state, shown by name
};

// 5106: protections. Bits 1 to 3 are states of a healthy battery: MOSFETs, and power from the battery module.
constexpr StatusBit kProtections[] = {
    {0, "short_circuit", C::short_circuit},
    {4, "charge_over_current_2", C::charge_overcurrent},
    {5, "discharge_over_current_2", C::discharge_overcurrent},
    {6, "module_over_voltage", C::pack_overvoltage},
    {7, "cell_under_voltage", C::cell_undervoltage},
    {8, "cell_over_voltage", C::cell_overvoltage},
    {9, "charge_over_current_1", C::charge_overcurrent},
    {10, "discharge_over_current_1", C::discharge_overcurrent},
    {11, "discharge_under_temp", C::discharge_undertemperature},
    {12, "discharge_over_temp", C::discharge_overtemperature},
    {13, "charge_under_temp", C::charge_undertemperature},
    {14, "charge_over_temp", C::charge_overtemperature},
    {15, "module_under_voltage", C::pack_undervoltage},
};
constexpr unsigned kChargeFet = 1;
constexpr unsigned kDischargeFet = 2;
constexpr unsigned kModulePower = 3;

// 5107: warnings.
constexpr StatusBit kWarnings[] = {
    {0, "cell_low_voltage_warn", C::cell_undervoltage},
    {1, "cell_high_voltage_warn", C::cell_overvoltage},
    {2, "module_low_voltage_warn", C::pack_undervoltage},
    {3, "module_high_voltage_warn", C::pack_overvoltage},
    {4, "charge_low_temp_warn", C::charge_undertemperature},
    {5, "charge_high_temp_warn", C::charge_overtemperature},
    {6, "discharge_low_temp_warn", C::discharge_undertemperature},
    {7, "discharge_high_temp_warn", C::discharge_overtemperature},
};
constexpr unsigned kBuzzer = 8;
constexpr unsigned kFull = 11;
constexpr unsigned kHeaterBit = 13;
constexpr unsigned kDischargeCurrent = 14;
constexpr unsigned kChargeCurrent = 15;

// 5104: two bits each, the first in the highest. The conditions are those of "below" and "above".
struct OtherAlarm {
  std::string_view name;
  std::optional<Condition> below;
  std::optional<Condition> above;
};
constexpr OtherAlarm kOthers[] = {
    {"bms_temp_alarm", C::env_undertemperature, C::env_overtemperature},
    {"env_temp_1_alarm", C::env_undertemperature, C::env_overtemperature},
    {"env_temp_2_alarm", C::env_undertemperature, C::env_overtemperature},
    {"heater_temp_1_alarm", std::nullopt, C::internal},
    {"heater_temp_2_alarm", std::nullopt, C::internal},
    {"charge_current_alarm", std::nullopt, C::charge_overcurrent},
    {"discharge_current_alarm", std::nullopt, C::discharge_overcurrent},
};

// 5109. One early source calls bits 6 and 7 stop requests; dumps of healthy batteries have them set.
constexpr StatusBit kChargeStates[] = {
    {3, "full_charge_requested", std::nullopt}, {4, "charge_immediately_1", std::nullopt},
    {5, "charge_immediately_2", std::nullopt},  {6, "discharge_enabled", std::nullopt},
    {7, "charge_enabled", std::nullopt},
};

enum Code : unsigned { kBelow = 1, kAbove = 2, kOther = 3 };
constexpr std::string_view kCodeNames[] = {"", "below", "above", "other"};
constexpr unsigned kCellsInMask = 16;

void note(Reading& reading, std::string_view name) {
  auto& entry = reading.extra["alarm_flags"];
  const auto* known = std::get_if<std::string>(&entry);
  entry = known == nullptr || known->empty() ? std::string(name) : *known + ' ' + std::string(name);
}

void decode_bits(std::span<const StatusBit> table, unsigned bits, AlarmLevel level, Reading& reading) {
  for (const StatusBit& entry : table) {
    if ((bits >> entry.bit & 1U) == 0) continue;
    note(reading, entry.name);
    if (entry.condition) add_alarm(*reading.alarms, {*entry.condition, level});
  }
}

/// Two bits per cell, the first cell in the lowest. "Other" of the temperatures stands there in cold weather with the
/// heater on (Grmume/renogy-smart-battery#4): named, but no alarm.
void decode_cells(std::string_view what, std::uint32_t bits, const OtherAlarm& conditions,
                  std::optional<Condition> other, Reading& reading) {
  for (unsigned cell = 0; cell < kCellsInMask; ++cell) {
    const unsigned code = bits >> (2 * cell) & 3U;
    if (code == 0) continue;
    note(reading, fmt::format("{}_{}_{}", what, cell + 1, kCodeNames[code]));
    const auto& condition = code == kBelow ? conditions.below : code == kAbove ? conditions.above : other;
    if (condition) add_alarm(*reading.alarms, {*condition, AlarmLevel::warning});
  }
}

void decode_others(std::uint32_t bits, Reading& reading) {
  unsigned shift = 30;
  for (const OtherAlarm& entry : kOthers) {
    const unsigned code = bits >> shift & 3U;
    shift -= 2;
    if (code == 0) continue;
    note(reading, fmt::format("{}_{}", entry.name, kCodeNames[code]));
    const auto& condition = code == kBelow ? entry.below : code == kAbove ? entry.above : std::nullopt;
    if (condition) add_alarm(*reading.alarms, {*condition, AlarmLevel::warning});
  }
}

double flag(unsigned bits, unsigned bit) { return (bits >> bit & 1U) != 0 ? 1 : 0; }

std::uint16_t bits_of(std::span<const StatusBit> table, const Reading& truth, AlarmLevel level) {
  unsigned bits = 0;
  for (const Alarm& alarm : truth.alarms.value_or(std::vector<Alarm>())) {
    if (alarm.level != level) continue;
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const StatusBit& entry) { return entry.condition == alarm.condition; });
    if (found != table.end()) bits |= 1U << found->bit;
  }
  return static_cast<std::uint16_t>(bits);
}

}  // namespace

void decode_alarms(const AlarmWords& words, Reading& reading) {
  constexpr OtherAlarm kCellConditions{"", C::cell_undervoltage, C::cell_overvoltage};
  constexpr OtherAlarm kTemperatureConditions{"", C::charge_undertemperature, C::charge_overtemperature};
  // Other programs read only some of the words: no alarm is known where none of them is.
  const bool any = words.status1 || words.status2 || words.status3 || words.cells || words.temperatures || words.others;
  if (any) reading.alarms.emplace();
  if (words.status1) {
    reading.charge_fet = (*words.status1 >> kChargeFet & 1U) != 0;
    reading.discharge_fet = (*words.status1 >> kDischargeFet & 1U) != 0;
    reading.extra["module_power"] = flag(*words.status1, kModulePower);
    decode_bits(kProtections, *words.status1, AlarmLevel::alarm, reading);
  }
  if (words.charge_state) {
    for (const StatusBit& entry : kChargeStates) {
      reading.extra[std::string(entry.name)] = flag(*words.charge_state, entry.bit);
    }
  }
  if (words.status2) {
    reading.heater_on = (*words.status2 >> kHeaterBit & 1U) != 0;
    reading.extra["fully_charged"] = flag(*words.status2, kFull);
    reading.extra["buzzer_on"] = flag(*words.status2, kBuzzer);
    reading.extra["charge_current_effective"] = flag(*words.status2, kChargeCurrent);
    reading.extra["discharge_current_effective"] = flag(*words.status2, kDischargeCurrent);
  }
  if (words.status2) decode_bits(kWarnings, *words.status2, AlarmLevel::warning, reading);
  for (unsigned cell = 0; cell < kCellsInMask && words.status3; ++cell) {
    if ((*words.status3 >> cell & 1U) == 0) continue;
    note(reading, fmt::format("cell_voltage_error_{}", cell + 1));
    add_alarm(*reading.alarms, {C::cell_sensor, AlarmLevel::alarm});
  }
  if (words.cells) decode_cells("cell_voltage", *words.cells, kCellConditions, C::cell_sensor, reading);
  if (words.temperatures) {
    decode_cells("cell_temp", *words.temperatures, kTemperatureConditions, std::nullopt, reading);
  }
  if (words.others) decode_others(*words.others, reading);
}

AlarmWords encode_alarms(const Reading& truth) {
  AlarmWords words;
  unsigned status1 = bits_of(kProtections, truth, AlarmLevel::alarm) | 1U << kModulePower;
  if (truth.charge_fet.value_or(true)) status1 |= 1U << kChargeFet;
  if (truth.discharge_fet.value_or(true)) status1 |= 1U << kDischargeFet;
  unsigned status2 = bits_of(kWarnings, truth, AlarmLevel::warning);
  if (truth.heater_on.value_or(false)) status2 |= 1U << kHeaterBit;
  words.status1 = static_cast<std::uint16_t>(status1);
  words.status2 = static_cast<std::uint16_t>(status2);
  words.status3 = 0;
  words.charge_state = 0x00C0;
  std::uint32_t others = 0;
  for (const Alarm& alarm : truth.alarms.value_or(std::vector<Alarm>())) {
    if (alarm == Alarm{C::cell_sensor, AlarmLevel::alarm}) words.status3 = 1;
    if (alarm == Alarm{C::env_overtemperature, AlarmLevel::warning}) others |= std::uint32_t{kAbove} << 28U;
    if (alarm == Alarm{C::env_undertemperature, AlarmLevel::warning}) others |= std::uint32_t{kBelow} << 30U;
  }
  words.cells = 0;
  words.temperatures = 0;
  words.others = others;
  return words;
}

}  // namespace bms::renogy
