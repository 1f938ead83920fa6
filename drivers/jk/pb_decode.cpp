#include <algorithm>
#include <bit>
#include <charconv>

#include "pb.hpp"

namespace bms::jk {
namespace {

std::uint32_t u16(ByteView block, std::size_t at) { return read_le<2>(block, at); }
std::uint32_t u32(ByteView block, std::size_t at) { return read_le<4>(block, at); }

void decode_known(std::span<const Field> layout, ByteView block, Window window, Reading& reading,
                  Part part = Part::all) {
  for (const Field& field : layout) {
    if (part == Part::fields && std::holds_alternative<ExtraName>(field.target)) continue;
    if (window.holds(field.offset, wire_size(field.wire))) decode({&field, 1}, block, reading);
  }
}

void decode_known(std::span<const TextField> layout, ByteView block, Window window, Reading& reading) {
  for (const TextField& field : layout) {
    if (window.holds(field.offset, field.size)) decode({&field, 1}, block, reading);
  }
}

/// Cells that are there. Without the mask (a part read by registers) those in the window with a voltage.
std::uint32_t cell_mask(ByteView block, Window window) {
  if (window.holds(kCellMaskAt, 4)) return u32(block, kCellMaskAt);
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < kMostCells; ++i) {
    if (window.holds(kCellsAt + 2 * i, 2) && u16(block, kCellsAt + 2 * i) != 0) mask |= 1U << i;
  }
  return mask;
}

void decode_cells(ByteView block, Window window, Reading& reading) {
  const std::uint32_t mask = cell_mask(block, window);
  const auto cells = static_cast<std::size_t>(std::popcount(mask));
  reading.cells_V.reserve(reading.cells_V.size() + cells);
  reading.wire_resistance_mOhm.reserve(reading.wire_resistance_mOhm.size() + cells);
  for (std::size_t i = 0; i < kMostCells; ++i) {
    if ((mask >> i & 1U) == 0) continue;
    if (window.holds(kCellsAt + 2 * i, 2)) reading.cells_V.emplace_back(scaled(u16(block, kCellsAt + 2 * i), 0.001));
    if (window.holds(kWireResistanceAt + 2 * i, 2)) {
      reading.wire_resistance_mOhm.emplace_back(u16(block, kWireResistanceAt + 2 * i));
    }
  }
}

/// A sensor is absent when it reads -200.0 (relay boards, hardware 19) or its presence bit is clear.
std::optional<double> sensor(ByteView block, Window window, std::size_t offset, unsigned present_bit) {
  const auto raw = read_raw(block, offset, Wire::i16le);
  const bool present = !window.holds(kSensorsPresentAt, 1) || (block[kSensorsPresentAt] >> present_bit & 1U) != 0;
  if (!present || raw == kSensorAbsent) return std::nullopt;
  return scaled(*raw, 0.1);
}

void decode_temperatures(ByteView block, Window window, Version version, Reading& reading) {
  if (window.holds(kMosTempAt, 2)) reading.mos_temp_C = sensor(block, window, kMosTempAt, 0);
  std::size_t count = std::size(kSensors);
  if (version.before(14)) count = kSensorsOfOldHardware;
  // Hardware 11 reads 0.0 in T4 and T5; before the version is known two exact zeros are taken for that.
  const auto zero = [&](const Sensor& one) { return window.holds(one.offset, 2) && u16(block, one.offset) == 0; };
  if (version.hardware == 0 && zero(kSensors[2]) && zero(kSensors[3])) count = kSensorsOfOldHardware;
  reading.temps_C.reserve(count);
  reading.temp_names.reserve(count);
  for (const Sensor& one : std::span(kSensors).first(count)) {
    if (!window.holds(one.offset, 2)) continue;
    reading.temps_C.push_back(sensor(block, window, one.offset, one.present_bit));
    reading.temp_names.emplace_back(one.name);
  }
  while (!reading.temps_C.empty() && !reading.temps_C.back()) {
    reading.temps_C.pop_back();
    reading.temp_names.pop_back();
  }
}

void decode_flags(ByteView block, Window window, Reading& reading) {
  if (window.holds(kAlarmsAt, 4)) decode_alarms(kAlarms, u32(block, kAlarmsAt), reading.alarms.emplace());
  if (reading.heater_on == true && window.holds(kHeaterCurrentAt, 2)) {
    // A small value may stand here while the heater is off.
    reading.heater_current_A = scaled(*read_raw(block, kHeaterCurrentAt, Wire::i16le), 0.001);
  }
}

void decode_flag_extras(ByteView block, Window window, Reading& reading) {
  if (window.holds(kAlarmsAt, 4)) {
    const std::uint32_t bits = u32(block, kAlarmsAt);
    reading.extra["alarm_bits"] = static_cast<double>(bits);
    reading.extra["default_password"] = (bits >> kDefaultPasswordBit & 1U) != 0 ? 1.0 : 0.0;
  }
  if (window.holds(kVoltageFactorAt, 4)) {
    const auto factor = std::bit_cast<float>(u32(block, kVoltageFactorAt));
    if (std::isfinite(factor)) reading.extra["voltage_correction"] = std::round(factor * 1e6) / 1e6;
  }
  if (window.holds(kDryContactsAt, 1)) {
    reading.extra["dry_contact_1"] = (block[kDryContactsAt] >> 1U & 1U) != 0 ? 1.0 : 0.0;
    reading.extra["dry_contact_2"] = (block[kDryContactsAt] >> 2U & 1U) != 0 ? 1.0 : 0.0;
  }
}

int leading_number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp(value, 0, 99);
}

bool apart(double one, double other, double tolerance) { return std::abs(one - other) > tolerance; }

/// Average, difference and pack voltage stand twice in a status block. The tolerances leave room for values that the
/// board took at slightly different moments of a load step.
bool contradictory_status(ByteView block) {
  constexpr double kCellTolerance_mV = 50;
  constexpr double kPackTolerance_mV = 1000;
  if (block[kSocAt] > 100 || block[kSohAt] > 100) return true;
  for (const std::size_t flag : {kChargeFetAt, kDischargeFetAt, kHeaterOnAt}) {
    if (block[flag] > 1) return true;
  }
  const std::uint32_t again = u16(block, kPackVoltageAgainAt);
  if (again != 0 && apart(u32(block, kPackVoltageAt), again * 10.0, kPackTolerance_mV)) return true;
  const std::uint32_t mask = u32(block, kCellMaskAt);
  double sum = 0;
  std::uint32_t low = 0xFFFF;
  std::uint32_t high = 0;
  for (std::size_t i = 0; i < kMostCells; ++i) {
    if ((mask >> i & 1U) == 0) continue;
    const std::uint32_t cell = u16(block, kCellsAt + 2 * i);
    if (cell == 0) return false;  // a disconnected wire: nobody knows how the board counts it
    sum += cell;
    low = std::min(low, cell);
    high = std::max(high, cell);
  }
  if (mask == 0) return false;
  return apart(sum / std::popcount(mask), u16(block, kCellAverageAt), kCellTolerance_mV) ||
         apart(high - low, u16(block, kCellDifferenceAt), kCellTolerance_mV);
}

bool contradictory_settings(ByteView block) {
  constexpr std::uint32_t kMostCell_mV = 5000;
  for (const std::size_t flag : {kChargeSwitchAt, kDischargeSwitchAt, kBalanceSwitchAt}) {
    if (u32(block, flag) > 1) return true;
  }
  for (const std::size_t cell : {kUvpAt, kOvpAt, kFullVoltageAt, kRequestedVoltageAt}) {
    if (u32(block, cell) > kMostCell_mV) return true;
  }
  return u32(block, kCellCountAt) > kMostCells || u32(block, kUvpAt) > u32(block, kOvpAt);
}

}  // namespace

Version version_of(const Reading& about) {
  const std::string hardware = about.hw.value_or("");
  const std::string software = about.sw.value_or("");
  const auto point = software.find('.');
  const int minor = point == std::string::npos ? 0 : leading_number(std::string_view(software).substr(point + 1));
  return {leading_number(hardware), leading_number(software) * 100 + minor};
}

void decode_status(ByteView block, Window window, Version version, Part part, Reading& reading) {
  decode_known(kStatus, block, window, reading, part);
  if (!version.before(15)) decode_known(kStatusFrom15, block, window, reading, part);
  decode_cells(block, window, reading);
  decode_temperatures(block, window, version, reading);
  decode_flags(block, window, reading);
  if (part == Part::all) decode_flag_extras(block, window, reading);
}

void decode_settings(ByteView block, Window window, Version version, Reading& reading) {
  decode_known(kSettings, block, window, reading);
  if (version.heater_thresholds()) {
    decode_known(kHeaterThresholds, block, window, reading);
  } else if (version.hardware != 0) {
    decode_known(kBatteryTemperatureAlarm, block, window, reading);
  }
  if (version.hardware >= 19) decode_known(kSettingsFrom19, block, window, reading);
  for (std::size_t i = 0; i < kMostCells; ++i) {
    const std::size_t at = kConnectionResistanceAt + 4 * i;
    if (!window.holds(at, 4) || u32(block, at) == 0) continue;
    reading.extra["connection_resistance_" + std::to_string(i + 1) + "_mOhm"] = scaled(u32(block, at), 0.001);
  }
}

void decode_about(ByteView block, Window window, Reading& reading) {
  decode_known(kAboutTexts, block, window, reading);
  decode_known(kAbout, block, window, reading);
  if (version_of(reading).hardware >= 19) decode_known(kAboutFrom19, block, window, reading);
}

bool contradictory(ByteView block) {
  switch (static_cast<Block>(block[4])) {
    case Block::status:
      return contradictory_status(block);
    case Block::settings:
      return contradictory_settings(block);
    default:
      return block[kModelAt] < 0x20 || block[kModelAt] > 0x7E;
  }
}

}  // namespace bms::jk
