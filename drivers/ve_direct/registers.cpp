#include "registers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "fields.hpp"

namespace bms::ve_direct {
namespace {

constexpr std::int64_t kNoS16 = 0x7FFF;
constexpr std::int64_t kNoU16 = 0xFFFF;
constexpr std::int64_t kNoS32 = 0x7FFFFFFF;
constexpr unsigned kNoProduct = 0xFFFF;
constexpr std::int64_t kOff = 0;  // a temperature threshold of 0 K
constexpr double kZeroC = -273.15;
constexpr double kCentikelvin = 0.01;

constexpr HistoryName past(std::string_view name) { return {name}; }
constexpr ExtraName set(std::string_view name) { return {name}; }

using enum Wire;
using enum Pace;
constexpr std::array kRegisters{
    Register{kVoltage, i16le, 0.01, &Reading::voltage_V, live, kNoS16},
    Register{kCurrentFine, i32le, 0.001, &Reading::current_A, live, kNoS32},
    Register{kCurrentCoarse, i16le, 0.1, &Reading::current_A, live, kNoS16},
    // 16 bits: beyond 32.767 kW this is wrong; nothing but the settings list shows it, power is voltage times current.
    Register{0xED8E, i16le, 1, ExtraName{"power_W"}, live, kNoS16},
    Register{0xED7D, i16le, 0.01, &Reading::aux_voltage_V, live, kNoS16},
    Register{kConsumed, i32le, 0.1, &Reading::consumed_Ah, live, kNoS32},
    Register{kSoc, u16le, 0.01, &Reading::soc_pct, live, kNoU16},
    Register{kTimeToGo, u16le, 60, &Reading::ttg_s, live, kNoU16},  // 14400 min is the most that it tells
    Register{0x0382, u16le, 0.01, &Reading::mid_voltage_V, live, kNoU16},
    Register{0x0383, i16le, 0.1, ExtraName{"mid_deviation_pct"}, live, kNoS16},
    Register{0x034E, u8, 1, ExtraName{"relay_on"}, live},
    Register{0xEEB6, u8, 1, set("synchronised"), rare},
    Register{0x0120, u32le, 1, set("uptime_s"), rare},
    Register{0x0104, u8, 1, set("group_id"), rare},
    Register{0x0150, u32le, 1, set("bluetooth_capabilities"), rare},  // bit 0: has a mode, bit 1: off is for ever
    // 0: at the device itself; else Unix time, written by the app.
    Register{0xEC41, u32le, 1, set("settings_changed_unix_s"), rare, 0xFFFFFFFF},

    Register{kCapacity, u16le, 1, &Reading::capacity_Ah, identity},

    Register{0x0300, i32le, 0.1, past("deepest_discharge_Ah"), history, kNoS32},
    Register{0x0301, i32le, 0.1, past("last_discharge_Ah"), history, kNoS32},
    Register{0x0302, i32le, 0.1, past("average_discharge_Ah"), history, kNoS32},
    Register{kCycles, u32le, 1, past("charge_cycles"), history},
    Register{0x0304, u32le, 1, past("full_discharges"), history},
    Register{0x0305, i32le, 0.1, past("total_drawn_Ah"), history, kNoS32},
    Register{0x0306, i32le, 0.01, past("min_voltage_V"), history, kNoS32},
    Register{0x0307, i32le, 0.01, past("max_voltage_V"), history, kNoS32},
    Register{0x0308, u32le, 1, past("since_full_charge_s"), history, 0xFFFFFFFF},
    Register{0x0309, u32le, 1, past("automatic_syncs"), history},
    Register{0x030A, u32le, 1, past("low_voltage_alarms"), history},
    Register{0x030B, u32le, 1, past("high_voltage_alarms"), history},
    Register{0x030E, i32le, 0.01, past("min_starter_voltage_V"), history, kNoS32},
    Register{0x030F, i32le, 0.01, past("max_starter_voltage_V"), history, kNoS32},
    Register{0x0310, u32le, 0.01, past("discharged_energy_kWh"), history},
    Register{0x0311, u32le, 0.01, past("charged_energy_kWh"), history},
    Register{0x0312, u16le, kCentikelvin, past("max_temperature_C"), rare, kNoU16, kZeroC},  // TEXT has no such label
    Register{0x0313, u16le, kCentikelvin, past("min_temperature_C"), rare, kNoU16, kZeroC},

    Register{0x1001, u16le, 0.1, set("charged_voltage_V"), rare},
    Register{0x1002, u16le, 0.1, set("tail_current_pct"), rare},
    Register{0x1003, u16le, 1, set("charged_detection_min"), rare},
    Register{0x1004, u16le, 1, set("charge_efficiency_pct"), rare},
    Register{0x1005, u16le, 0.01, set("peukert_exponent"), rare},
    Register{0x1006, u16le, 0.01, set("current_threshold_A"), rare},
    Register{0x1007, u16le, 1, set("ttg_averaging_min"), rare},
    // 0x1009 is often quoted as the discharge floor; the register table says 0x1008.
    Register{0x1008, u16le, 0.1, set("discharge_floor_pct"), rare},
    Register{0x1009, u16le, 0.1, set("relay_clear_soc_pct"), rare},
    Register{0x100A, u16le, 1, set("relay_minimum_on_min"), rare},
    Register{0x100B, u16le, 1, set("relay_off_delay_min"), rare},
    Register{0x1034, i16le, 1, set("zero_current_offset_counts"), rare},
    Register{0x0320, u16le, 0.1, set("low_voltage_alarm_V"), rare},
    Register{0x0321, u16le, 0.1, set("low_voltage_alarm_clear_V"), rare},
    Register{0x0322, u16le, 0.1, set("high_voltage_alarm_V"), rare},
    Register{0x0323, u16le, 0.1, set("high_voltage_alarm_clear_V"), rare},
    Register{0x0324, u16le, 0.1, set("low_starter_alarm_V"), rare},
    Register{0x0325, u16le, 0.1, set("low_starter_alarm_clear_V"), rare},
    Register{0x0326, u16le, 0.1, set("high_starter_alarm_V"), rare},
    Register{0x0327, u16le, 0.1, set("high_starter_alarm_clear_V"), rare},
    Register{0x0328, u16le, 0.1, set("low_soc_alarm_pct"), rare},
    Register{0x0329, u16le, 0.1, set("low_soc_alarm_clear_pct"), rare},
    Register{0x032A, u16le, kCentikelvin, set("low_temperature_alarm_C"), rare, kOff, kZeroC},
    Register{0x032B, u16le, kCentikelvin, set("low_temperature_alarm_clear_C"), rare, kOff, kZeroC},
    Register{0x032C, u16le, kCentikelvin, set("high_temperature_alarm_C"), rare, kOff, kZeroC},
    Register{0x032D, u16le, kCentikelvin, set("high_temperature_alarm_clear_C"), rare, kOff, kZeroC},
    Register{0x0331, u16le, 0.1, set("mid_voltage_alarm_pct"), rare},
    Register{0x0332, u16le, 0.1, set("mid_voltage_alarm_clear_pct"), rare},
    Register{0xEEFC, u8, 1, set("buzzer_on"), rare},
    Register{0x034F, u8, 1, set("relay_mode"), rare},  // 0 default, 1 charger, 2 remote
    Register{0x034D, u8, 1, set("relay_inverted"), rare},
    Register{0x0350, u16le, 0.1, set("relay_low_voltage_V"), rare},
    Register{0x0351, u16le, 0.1, set("relay_low_voltage_clear_V"), rare},
    Register{0x0352, u16le, 0.1, set("relay_high_voltage_V"), rare},
    Register{0x0353, u16le, 0.1, set("relay_high_voltage_clear_V"), rare},
    Register{0x0354, u16le, 0.1, set("relay_low_starter_V"), rare},
    Register{0x0355, u16le, 0.1, set("relay_low_starter_clear_V"), rare},
    Register{0x0356, u16le, 0.1, set("relay_high_starter_V"), rare},
    Register{0x0357, u16le, 0.1, set("relay_high_starter_clear_V"), rare},
    Register{0x035A, u16le, kCentikelvin, set("relay_low_temperature_C"), rare, kOff, kZeroC},
    Register{0x035B, u16le, kCentikelvin, set("relay_low_temperature_clear_C"), rare, kOff, kZeroC},
    Register{0x035C, u16le, kCentikelvin, set("relay_high_temperature_C"), rare, kOff, kZeroC},
    Register{0x035D, u16le, kCentikelvin, set("relay_high_temperature_clear_C"), rare, kOff, kZeroC},
    Register{0x0361, u16le, 0.1, set("relay_mid_voltage_pct"), rare},
    Register{0x0362, u16le, 0.1, set("relay_mid_voltage_clear_pct"), rare},
    Register{0xEEF8, u8, 1, set("aux_input"), rare},  // 0 starter, 1 mid-point, 2 temperature, 3 none
    Register{0xEEFB, u16le, 1, set("shunt_A"), rare},
    Register{0xEEFA, u16le, 0.001, set("shunt_V"), rare},
    Register{0xEEF4, u16le, 0.1, set("temperature_coefficient_pct"), rare},  // % of capacity per degC
    Register{0xEEF7, u8, 1, set("fahrenheit"), rare},                        // on the display only
    Register{0xEEF6, u8, 1, set("setup_locked"), rare},
    Register{0x0FFD, u8, 1, set("start_synchronised"), rare},
    Register{0x0090, u8, 1, set("bluetooth_on"), rare},
};

Outcome<void> decode_text(ByteView value, std::optional<std::string>& target) {
  std::string text = text_field(value);
  target = text.empty() ? std::nullopt : std::optional<std::string>(std::move(text));
  return {};
}

std::string hex_text(std::uint32_t value) {
  char digits[8];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value, 16).ptr;
  std::string text(std::begin(digits), end);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

Outcome<void> decode_product(ByteView value, Reading& reading) {
  if (value.size() != 4) return fail(Fault::implausible);
  const auto id = read_le<2>(value, 1);
  const auto name = product_name(id);
  if (!name.empty()) {
    reading.model = std::string(name);
  } else if (id != kNoProduct && !reading.model) {  // the device's own text says more than a number
    reading.model = "0x" + hex_text(id);
  }
  return {};
}

Outcome<void> decode_temperature(ByteView value, Reading& reading) {
  const auto raw = read_raw(value, 0, u16le);
  if (!raw || value.size() != 2) return fail(Fault::implausible);
  const bool known = *raw != kNoU16;
  reading.temps_C = {known ? std::optional<double>(scaled(*raw, kCentikelvin, kZeroC)) : std::nullopt};
  reading.temp_names = {"Battery"};
  return {};
}

/// Alarms and warnings have a register each: one replaces only its own.
Outcome<void> decode_reasons(ByteView value, AlarmLevel level, Reading& reading) {
  if (value.size() != 2) return fail(Fault::implausible);
  if (!reading.alarms) reading.alarms.emplace();
  std::erase_if(*reading.alarms, [level](const Alarm& alarm) { return alarm.level == level; });
  std::vector<Alarm> reasons;
  decode_alarms(kAlarmReasons, read_le<2>(value, 0), reasons);
  for (const Alarm& reason : reasons) add_alarm(*reading.alarms, {reason.condition, level});
  return {};
}

Outcome<void> decode_firmware(ByteView value, std::size_t size, Reading& reading) {
  if (value.size() != size) return fail(Fault::implausible);
  const std::uint32_t version = size == 2 ? read_le<2>(value, 0) : read_le<3>(value, 0);
  reading.sw = firmware_text(hex_text(version), size == 3);
  return {};
}

/// nullopt: no special register.
std::optional<Outcome<void>> decode_special(std::uint16_t id, ByteView value, Reading& reading) {
  switch (id) {
    case kProductId:
      return decode_product(value, reading);
    case kHardware:
      if (value.size() != 3) return fail(Fault::implausible);
      reading.hw = hex_text(read_le<3>(value, 0));
      return Outcome<void>{};
    case kFirmware:
      return decode_firmware(value, 3, reading);
    case kFirmware16:
      return decode_firmware(value, 2, reading);
    case kSerial:
      return decode_text(value, reading.serial);
    case kModel:
      return decode_text(value, reading.model);
    case kName:
      return decode_text(value, reading.device_name);
    case kTemperature:
      return decode_temperature(value, reading);
    case kAlarmReason:
      return decode_reasons(value, AlarmLevel::alarm, reading);
    case kWarningReason:
      return decode_reasons(value, AlarmLevel::warning, reading);
    case kMonitorMode:
      if (value.size() != 2) return fail(Fault::implausible);
      if (read_le<2>(value, 0) != 0) return fail(Fault::refused);
      return Outcome<void>{};
    default:
      return std::nullopt;
  }
}

Bytes text_bytes(const std::optional<std::string>& text) {
  const std::string content = text.value_or("");
  return {content.begin(), content.end()};
}

}  // namespace

std::span<const Register> registers() { return kRegisters; }

const Register* find_register(std::uint16_t id) {
  const auto* found =
      std::find_if(kRegisters.begin(), kRegisters.end(), [id](const Register& r) { return r.id == id; });
  return found == kRegisters.end() ? nullptr : found;
}

Outcome<void> decode_register(std::uint16_t id, ByteView value, Reading& reading) {
  if (auto special = decode_special(id, value, reading)) return *special;
  const Register* entry = find_register(id);
  if (entry == nullptr) return fail(Fault::foreign);
  if (value.size() != wire_size(entry->wire)) return fail(Fault::implausible);
  // The coarse current (0.1 A, 16 bit) never replaces the fine one, nor takes it away beyond 3276 A.
  if (id == kCurrentCoarse && reading.current_A) return {};
  const auto raw = read_raw(value, 0, entry->wire);
  if (raw == entry->absent) {
    store(entry->place, reading, std::nullopt);
    return {};
  }
  store(entry->place, reading, scaled(*raw, entry->scale, entry->bias));
  if (id == kCycles) reading.cycles = *raw;
  return {};
}

std::optional<Bytes> encode_register(std::uint16_t id, const Reading& reading, unsigned product) {
  Bytes out;
  switch (id) {
    case kProductId:
      append_le(out, product << 8U | 0xFE000000U, 4);
      return out;
    case kHardware:
      return Bytes{0x01, 0x00, 0x00};
    case kFirmware16:
      return Bytes{0x16, 0x04};
    case kSerial:
      return text_bytes(reading.serial);
    case kModel:
      return text_bytes(reading.model);
    case kName:
      return text_bytes(reading.device_name);
    case kMonitorMode:
      return Bytes{0, 0};
    case kAlarmReason:
    case kWarningReason: {
      auto reasons = reading.alarms.value_or(std::vector<Alarm>{});
      const auto level = id == kAlarmReason ? AlarmLevel::alarm : AlarmLevel::warning;
      std::erase_if(reasons, [level](const Alarm& alarm) { return alarm.level != level; });
      for (Alarm& reason : reasons) reason.level = AlarmLevel::alarm;  // as in the table
      append_le(out, static_cast<std::uint32_t>(encode_alarms(kAlarmReasons, reasons)), 2);
      return out;
    }
    case kTemperature: {
      const bool known = !reading.temps_C.empty() && reading.temps_C[0];
      append_le(
          out, known ? static_cast<std::uint32_t>(std::llround((*reading.temps_C[0] - kZeroC) / kCentikelvin)) : kNoU16,
          2);
      return out;
    }
    default:
      break;
  }
  const Register* entry = find_register(id);
  if (entry == nullptr) return std::nullopt;
  const auto value = load(entry->place, reading);
  if (!value && !entry->absent) return std::nullopt;
  const std::int64_t raw = value ? std::llround((*value - entry->bias) / entry->scale) : *entry->absent;
  out.resize(wire_size(entry->wire));
  write_raw(out, 0, entry->wire, raw);
  return out;
}

}  // namespace bms::ve_direct
