#include <algorithm>

#include "uart.hpp"

namespace bms::jk {
namespace {

/// 0..99 as it stands, from 100 on below zero. The vendor's table begins with -0 at 100, the app of two users showed -1
/// (Louisvdw/dbus-serialbattery#339, syssi/esphome-jk-bms#685).
std::optional<double> temperature(std::int64_t raw) {
  constexpr std::int64_t kColdest_C = -40;
  const std::int64_t celsius = raw <= 99 ? raw : 99 - raw;
  return celsius < kColdest_C ? std::nullopt : std::optional(static_cast<double>(celsius));
}

/// Protocol version 1: bit 15 says charging. Before: 10000 is zero, above is discharge.
double current(std::int64_t raw, bool newer) {
  if (!newer) return scaled(10000 - raw, 0.01);
  const std::int64_t magnitude = raw & 0x7FFF;
  return scaled((raw & 0x8000) != 0 ? magnitude : -magnitude, 0.01);
}

std::string without_padding(std::string text) {
  text.erase(std::find_if(text.rbegin(), text.rend(), [](char c) { return c != '_' && c != ' '; }).base(), text.end());
  return text;
}

/// "11.XW_S11.26___" is hardware 11.XW, software 11.26.
void decode_version(ByteView value, Reading& reading) {
  const std::string text = text_field(value);
  const auto software = text.find("_S");
  const std::string hw = without_padding(text.substr(0, software));
  if (!hw.empty()) reading.hw = hw;
  if (software == std::string::npos) return;
  const std::string sw = without_padding(text.substr(software + 2));
  if (!sw.empty()) reading.sw = sw;
}

/// NUL bytes may stand in the middle (ArminJo/JK-BMSToPylontechCAN:extras/JK-BMS.log).
std::string without_nul(ByteView bytes) {
  Bytes kept;
  std::copy_if(bytes.begin(), bytes.end(), std::back_inserter(kept), [](std::uint8_t byte) { return byte != 0; });
  return text_field(kept);
}

void decode_cells(ByteView value, Reading& reading) {
  reading.cells_V.reserve(value.size() / kBytesPerCell);
  for (std::size_t i = 0; i + kBytesPerCell <= value.size(); i += kBytesPerCell) {
    reading.cells_V.emplace_back(scaled(read_be<2>(value, i + 1), 0.001));
  }
}

void decode_temperatures(const UartValues& values, Reading& reading) {
  if (const auto mos = values.number(kMosTemp, Wire::u16be)) reading.mos_temp_C = temperature(*mos);
  const auto sensors = values.number(kSensorCount, Wire::u8).value_or(2);
  for (const std::uint8_t id : {kTemp1, kTemp2}) {
    const auto temp = values.number(id, Wire::u16be);
    if (temp && id - kTemp1 < sensors) reading.temps_C.push_back(temperature(*temp));
  }
}

void decode_bits(const UartValues& values, Reading& reading) {
  if (const auto bits = values.number(kAlarmBits, Wire::u16be)) {
    decode_alarms(kUartAlarms, static_cast<std::uint64_t>(*bits), reading.alarms.emplace());
  }
  if (const auto bits = values.number(kStateBits, Wire::u16be)) {
    reading.charge_fet = (*bits >> kChargeFetBit & 1) != 0;
    reading.discharge_fet = (*bits >> kDischargeFetBit & 1) != 0;
    reading.balancing = (*bits >> kBalancerBit & 1) != 0;
  }
}

/// The board tells SoC and capacity, not what remains.
void decode_capacity(const UartValues& values, Reading& reading) {
  const auto actual = values.number(kActualCapacity, Wire::u32be).value_or(0);
  const auto capacity = actual != 0 ? actual : values.number(kCapacitySetting, Wire::u32be).value_or(0);
  if (capacity == 0) return;
  reading.capacity_Ah = static_cast<double>(capacity);
  if (reading.soc_pct) reading.remaining_Ah = scaled(capacity, *reading.soc_pct / 100);
}

void decode_known(const UartValues& values, bool extras, Reading& reading) {
  for (const DataId& one : kDataIds) {
    if (!one.target || std::holds_alternative<ExtraName>(*one.target) != extras) continue;
    const Field field{0, one.wire, one.scale, *one.target};
    decode({&field, 1}, values.at(one.id), reading);
  }
}

}  // namespace

Reading decode_uart(const UartValues& values) {
  Reading reading;
  decode_known(values, false, reading);
  decode_cells(values.at(kCells), reading);
  decode_temperatures(values, reading);
  if (const auto value = values.number(kCurrent, Wire::u16be)) {
    // The coding follows from the last id of a whole answer. A single value without one cannot be told.
    const auto version = values.number(kProtocolVersion, Wire::u8);
    if (version || values.contains(kCells)) reading.current_A = current(*value, version == 1);
  }
  decode_bits(values, reading);
  decode_capacity(values, reading);
  decode_version(values.at(kVersion), reading);
  // 12 bytes of the user, then the model.
  constexpr std::size_t kModelInMaker = 12;
  if (const ByteView maker = values.at(kManufacturer); !maker.empty()) {
    if (std::string model = without_nul(maker.subspan(kModelInMaker)); model.starts_with("JK")) reading.model = model;
  }
  if (std::string name = text_field(values.at(kDeviceId)); !name.empty()) reading.device_name = std::move(name);
  return reading;
}

Extras::Map decode_uart_extras(const UartValues& values) {
  Reading reading;
  decode_known(values, true, reading);
  if (std::string maker = without_nul(values.at(kManufacturer)); !maker.empty()) {
    reading.extra["manufacturer_id"] = std::move(maker);
  }
  if (std::string date = text_field(values.at(kDate)); !date.empty()) {
    reading.extra["manufacture_date"] = std::move(date);
  }
  return reading.extra.map();
}

}  // namespace bms::jk
