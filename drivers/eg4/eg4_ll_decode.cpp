#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "bms/modbus.hpp"
#include "eg4_ll.hpp"

namespace bms::eg4 {
namespace {

constexpr std::size_t kMapSize = at(136);  // every register of either map

std::uint16_t reg(ByteView map, unsigned number) { return static_cast<std::uint16_t>(read_be<2>(map, at(number))); }

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// Ambient bits do not tell hot from cold; what the board (or the bank) measures does.
void add_ambient(bool in_force, AlarmLevel level, std::optional<double> measured_C, std::vector<Alarm>& alarms) {
  constexpr double kCold_C = 15;
  if (!in_force) return;
  const bool cold = measured_C.value_or(kCold_C) < kCold_C;
  add_alarm(alarms, {cold ? Condition::env_undertemperature : Condition::env_overtemperature, level});
}

void decode_events(ByteView map, Reading& reading) {
  const std::uint16_t warning = reg(map, kWarningRegister);
  const std::uint16_t protection = reg(map, kProtectionRegister);
  auto& alarms = reading.alarms.emplace();
  decode_alarms(kWarnings, warning, alarms);
  decode_alarms(kProtections, protection, alarms);
  decode_alarms(kErrors, reg(map, kErrorRegister), alarms);
  add_ambient((warning >> kAmbientBit & 1U) != 0, AlarmLevel::warning, reading.mos_temp_C, alarms);
  add_ambient((protection >> kAmbientBit & 1U) != 0, AlarmLevel::alarm, reading.mos_temp_C, alarms);
  if ((warning >> kFloatStoppedBit & 1U) != 0) reading.extra["float_stopped"] = 1.0;
}

void decode_state(ByteView map, Reading& reading) {
  const std::uint16_t word = reg(map, kStateRegister);
  reading.heater_on = (word & kHeaterOn) != 0;
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 5> kStates = {
      {{0, "standby"}, {1, "charging"}, {2, "discharging"}, {4, "protect"}, {8, "charging limited"}}};
  for (const auto& [code, name] : kStates) {
    if ((word & 0xFFU) == code) reading.extra["state"] = std::string(name);
  }
}

void decode_balancing(ByteView map, Reading& reading) {
  const std::uint16_t bits = reg(map, kBalancingRegister);
  reading.balancing = bits != 0;
  for (unsigned cell = 0; cell < kMostCells; ++cell) {
    if ((bits >> cell & 1U) != 0) reading.balancing_cells.push_back(static_cast<int>(cell + 1));
  }
}

/// Cells in use: as told, else up to the last that is not 0.
std::size_t cell_count(ByteView map, unsigned count_register, unsigned first) {
  const std::uint16_t told = reg(map, count_register);
  if (told != 0) return told;
  std::size_t count = kMostCells;
  while (count > 0 && reg(map, static_cast<unsigned>(first + count - 1)) == 0) --count;
  return count;
}

bool holds(const Known& known, unsigned first, unsigned registers = 1) {
  for (unsigned i = first; i < first + registers; ++i) {
    if (!known.test(i)) return false;
  }
  return true;
}

/// An input that tells anything but 0 has a sensor; the first two always have.
std::bitset<kSensors> told_by_sensors(ByteView map) {
  std::bitset<kSensors> told;
  for (unsigned sensor = 0; sensor < kSensors; ++sensor) {
    told[sensor] = sensor < 2 || map[at(kFirstSensor) + sensor] != 0;
  }
  return told;
}

void decode_sensors(ByteView map, const std::bitset<kSensors>& fitted, Reading& reading) {
  constexpr double kColdest_C = -40;  // an unfitted input of a 12 V pack reads -56
  constexpr double kHottest_C = 120;
  for (unsigned sensor = 0; sensor < kSensors; ++sensor) {
    const auto celsius = static_cast<double>(*read_raw(map, at(kFirstSensor) + sensor, Wire::i8));
    const bool told = fitted.test(sensor) && celsius >= kColdest_C && celsius <= kHottest_C;
    reading.temps_C.push_back(told ? std::optional<double>(celsius) : std::nullopt);
  }
}

/// The row of cells; empty where the registers that are known do not tell how many there are.
void decode_cells(ByteView map, const Known& known, Reading& reading) {
  const bool counted = holds(known, kCellCountRegister) && reg(map, kCellCountRegister) != 0;
  if (!counted && !holds(known, kFirstCell, kMostCells)) return;
  const std::size_t cells = cell_count(map, kCellCountRegister, kFirstCell);
  if (cells > kMostCells || !holds(known, kFirstCell, static_cast<unsigned>(cells))) return;
  reading.cells_V = decode_row(map, at(kFirstCell), cells, Wire::u16be, 0.001);
}

/// Sources swap these two registers: the higher one is the maximum.
void decode_temperature_pair(ByteView map, Reading& reading) {
  const auto average = *read_raw(map, at(kAverageTemperature), Wire::i16be);
  const auto highest = *read_raw(map, at(kHighestTemperature), Wire::i16be);
  reading.extra["temp_average_C"] = static_cast<double>(std::min(average, highest));
  reading.extra["temp_max_C"] = static_cast<double>(std::max(average, highest));
}

/// Set by one report only, so told just when it is a date: bytes biased by what the encoder adds, hour in BCD.
void decode_clock(ByteView map, Reading& reading) {
  const ByteView clock = map.subspan(at(kClockRegister), 8);
  const int year = clock[0] + 1922;
  const int month = clock[1] - 5;
  const int hour = (clock[2] >> 4U) * 10 + (clock[2] & 0x0FU);
  const int minute = clock[3] - 110;
  const int day = clock[5];
  const int second = clock[6] - 5;
  const bool date = year >= 2015 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!date || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return;
  reading.extra["clock"] = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, hour, minute, second);
}

/// Empty on most firmware: NUL, FF or "41 F4 FF .." instead of text. Text ends at the first NUL, or at the first FF
/// that newer firmware fills up with.
std::optional<std::string> clean_text(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (byte == 0 || byte == 0xFF) break;
    if (byte < 0x20 || byte > 0x7E) return std::nullopt;
    text.push_back(static_cast<char>(byte));
  }
  text.erase(std::find_if(text.rbegin(), text.rend(), [](char c) { return c != ' '; }).base(), text.end());
  return text.empty() ? std::nullopt : std::optional<std::string>(std::move(text));
}

}  // namespace

std::optional<BankCapacity> unwrap_capacity(std::uint16_t remaining, std::uint16_t capacity, double soc_pct) {
  constexpr unsigned kWraps = 10;  // 16 packs of 280 Ah are 4480 Ah
  constexpr double kWrap = 65536;
  constexpr double kTolerance = 0.015;
  if (capacity == 0) return std::nullopt;
  for (unsigned full = 0; full <= kWraps; ++full) {
    const double full_raw = capacity + kWrap * full;
    for (unsigned left = 0; left <= full; ++left) {
      const double left_raw = remaining + kWrap * left;
      if (left_raw > full_raw || std::abs(left_raw / full_raw - soc_pct / 100) > kTolerance) continue;
      return BankCapacity{scaled(std::llround(left_raw), 0.01), scaled(std::llround(full_raw), 0.01)};
    }
  }
  return std::nullopt;
}

std::optional<unsigned> Eg4LlDriver::asked(ByteView request) const { return modbus::asked(request); }

Outcome<void> Eg4LlDriver::accept(ByteView request, ByteView frame) {
  const auto payload = modbus::read_payload(frame);
  if (!payload) return fail(payload.error());
  if (request.size() < 8 || request[1] != modbus::kReadHolding) return fail(Fault::foreign);
  const Block block{static_cast<std::uint16_t>(read_be<2>(request, 2)),
                    static_cast<std::uint16_t>(payload->size() / 2)};
  if (at(unsigned{block.first} + block.count) > kMapSize) return fail(Fault::foreign);
  // All tables count registers from 0: the block is laid where it belongs.
  Bytes map(kMapSize);
  std::copy(payload->begin(), payload->end(), map.begin() + static_cast<std::ptrdiff_t>(at(block.first)));
  // A single register other than the voltage may well be 0.
  const bool may_be_zero = block.first == kIdentityBlock.first || (known_.any() && block.first > 0 && block.count == 1);
  if (all_zero(*payload) && !may_be_zero) return fail(Fault::implausible);
  if (block.first == 0 && block.holds(0, kStatusBlock.count)) {
    const bool own_map_empty = all_zero(ByteView(map).first(at(kInverterStateRegister)));
    return own_map_empty && map_ != Map::pack ? accept_inverter(map, block) : accept_pack(map);
  }
  if (block.first == kInverterBlock.first && known_.none()) return accept_inverter(map, block);
  if (block.first < kStatusBlock.count) return accept_piece(*payload, block);
  if (block.first == kInverterCells.first && block.count == kInverterCells.count) return accept_cells(map);
  return accept_settings(map, block);
}

Reading Eg4LlDriver::pack_reading(ByteView map, const Known& known, const Fitted& fitted) const {
  Reading reading;
  for (const Field& field : kStatusFields) {
    const auto registers = static_cast<unsigned>(wire_size(field.wire) / 2);
    if (holds(known, static_cast<unsigned>(field.offset / 2), registers)) decode({&field, 1}, map, reading);
  }
  decode_cells(map, known, reading);
  if (tenths_) {
    if (reading.current_A) reading.current_A = scaled(*read_raw(map, at(kCurrentRegister), Wire::i16be), 0.1);
    if (reading.remaining_Ah) reading.remaining_Ah = scaled(1, *reading.remaining_Ah * 0.1);
    if (reading.max_charge_current_A) reading.max_charge_current_A = scaled(1, *reading.max_charge_current_A * 0.1);
  }
  // Not told by some 12 V packs: 0 Ah at 48 %.
  constexpr double kEmpty_pct = 2;
  if (reading.remaining_Ah == 0 && reading.soc_pct > kEmpty_pct) reading.remaining_Ah.reset();
  if (const auto design = reading.extra.find("design_capacity_Ah"); design != reading.extra.end()) {
    reading.capacity_Ah = std::get<double>(design->second);
  } else if (!reading.capacity_Ah) {
    reading.capacity_Ah = configured_capacity_Ah_;
  }
  if (holds(known, kFirstSensor, kSensors / 2)) decode_sensors(map, fitted, reading);
  if (holds(known, kAverageTemperature, 2)) decode_temperature_pair(map, reading);
  if (holds(known, kStateRegister)) decode_state(map, reading);
  const bool events =
      holds(known, kWarningRegister) || holds(known, kProtectionRegister) || holds(known, kErrorRegister);
  if (events) decode_events(map, reading);
  if (holds(known, kBalancingRegister)) decode_balancing(map, reading);
  return reading;
}

Outcome<void> Eg4LlDriver::accept_pack(ByteView map) {
  const Fitted fitted = fitted_ | told_by_sensors(map);
  Reading reading = pack_reading(map, Known().set(), fitted);
  const bool empty =
      reg(map, kRemainingRegister) == 0 && !reading.extra.contains("design_capacity_Ah") && reading.soh_pct == 0;
  if (reading.voltage_V == 0 || empty || reading.cells_V.empty()) return fail(Fault::implausible);
  if (*reading.soc_pct > 100 || *reading.soh_pct > 100) return fail(Fault::implausible);
  map_ = Map::pack;
  fitted_ = fitted;
  known_.reset();
  live_ = std::move(reading);
  return {};
}

/// Other programs read the status in pieces. Registers from 19 on stand in both maps: they are those of the pack once
/// one of the first 19, which the other map leaves 0, told something.
Outcome<void> Eg4LlDriver::accept_piece(ByteView payload, Block block) {
  const std::size_t end = std::min<std::size_t>(std::size_t{block.first} + block.count, kStatusBlock.count);
  const std::size_t own = std::min<std::size_t>(end, kInverterStateRegister);
  const bool own_told = block.first < own && !all_zero(payload.first(at(static_cast<unsigned>(own - block.first))));
  if (known_.none() && !own_told) return fail(block.first < own ? Fault::implausible : Fault::foreign);
  const auto told = [&](unsigned number) -> unsigned {
    return number < block.first || number >= end ? 0U : unsigned{reg(payload, number - block.first)};
  };
  const bool no_voltage = block.first == 0 && told(0) == 0;
  if (no_voltage || told(kSocRegister) > 100 || told(kSohRegister) > 100) return fail(Fault::implausible);
  std::copy_n(payload.begin(), at(static_cast<unsigned>(end - block.first)),
              pieces_.begin() + static_cast<std::ptrdiff_t>(at(block.first)));
  for (std::size_t i = block.first; i < end; ++i) known_.set(i);
  return known_.all() ? accept_pack(Bytes(pieces_)) : Outcome<void>{};
}

Outcome<void> Eg4LlDriver::accept_inverter(ByteView map, Block block) {
  // Inverters themselves ask for 17 registers; without voltage and SoC there is nothing to believe.
  if (!block.holds(kInverterStateRegister, 17)) return fail(Fault::foreign);
  Reading reading;
  const std::size_t told = at(unsigned{block.first} + block.count);
  decode(kInverterFields, map.first(told), reading);
  // In the pack's own map this register is the charge limit in A: with its first registers lost, 1.00 V.
  constexpr double kLowest_V = 8;
  if (*reading.voltage_V < kLowest_V || *reading.soc_pct > 100) return fail(Fault::implausible);
  if (reading.soh_pct && *reading.soh_pct > 100) return fail(Fault::implausible);
  // The one temperature of the bank; without it a limit would have to assume the worst.
  reading.temps_C = {static_cast<double>(*read_raw(map, at(kInverterTemperature), Wire::i16be))};
  reading.temp_names = {"Highest"};
  const std::uint16_t state = reg(map, kInverterStateRegister);
  constexpr std::array<std::string_view, 4> kStates = {"start", "standby", "charging", "discharging"};
  reading.extra["state"] = std::string(kStates[state & 3U]);
  reading.extra["scope"] = std::string("bank");
  // Not MOSFETs but what the bank allows: the same consequence for whoever wants to charge it.
  reading.discharge_fet = (state & kInverterDischargeEnabled) != 0;
  reading.charge_fet = (state & kInverterChargeEnabled) != 0;
  const auto capacity = unwrap_capacity(reg(map, kInverterRemaining), reg(map, kInverterCapacity), *reading.soc_pct);
  if (capacity) {
    reading.remaining_Ah = capacity->remaining_Ah;
    reading.capacity_Ah = capacity->capacity_Ah;
  } else {
    reading.capacity_Ah = configured_capacity_Ah_;
  }
  const std::uint16_t version = reg(map, kInverterVersion);
  if (version != 0) reading.sw = fmt::format("{:02X}.{:02X}", version >> 8U, version & 0xFFU);
  auto& alarms = reading.alarms.emplace();
  const std::uint16_t protection = reg(map, kInverterProtectionRegister);
  const auto told_by = [protection](unsigned bit) { return (protection >> bit & 1U) != 0; };
  decode_alarms(kInverterProtections, protection, alarms);
  add_ambient(told_by(kInverterAmbientBit), AlarmLevel::warning, reading.temps_C.front(), alarms);
  if (told_by(kInverterFloatStoppedBit)) reading.extra["float_stopped"] = 1.0;
  reading.heater_on = told_by(kInverterHeaterBit);
  // The bits of this word are not published: that there is something is all that is known.
  const std::uint16_t warning = reg(map, kInverterWarningRegister);
  if (warning != 0) add_alarm(alarms, {Condition::internal, AlarmLevel::warning});
  reading.extra["protection_bits"] = static_cast<double>(protection);
  reading.extra["warning_bits"] = static_cast<double>(warning);
  if (block.holds(kInverterCellCount)) reading.extra["cell_count"] = static_cast<double>(reg(map, kInverterCellCount));
  map_ = Map::inverter;
  live_ = std::move(reading);
  return {};
}

Outcome<void> Eg4LlDriver::accept_cells(ByteView map) {
  std::size_t count = kInverterCells.count;
  while (count > 0 && reg(map, static_cast<unsigned>(kInverterCells.first + count - 1)) == 0) --count;
  if (count == 0) return fail(Fault::implausible);
  cells_ = decode_row(map, at(kInverterCells.first), count, Wire::u16be, 0.001);
  return {};
}

Outcome<void> Eg4LlDriver::accept_settings(ByteView map, Block block) {
  constexpr std::int64_t kMostRawTemperature = 0xFF;
  bool found = block.holds(kIdentityBlock.first, kIdentityBlock.count);  // though it may be empty
  const auto text = [&](unsigned first, std::size_t size, std::optional<std::string>& into) {
    if (!block.holds(first, static_cast<unsigned>(size / 2))) return;
    into = clean_text(map.subspan(at(first), size));
    found = found || into.has_value();
  };
  text(105, 24, settings_.model);
  text(117, 6, settings_.sw);
  text(120, 16, settings_.serial);
  for (const Field& field : kConfigFields) {
    // Registers that this block does not hold must not be told as 0.
    if (!block.holds(static_cast<unsigned>(field.offset / 2))) continue;
    // Where the other map has its cells.
    if (field.bias == kThresholdBias && *read_raw(map, field.offset, field.wire) > kMostRawTemperature) continue;
    decode({&field, 1}, map, settings_);
    found = true;
  }
  if (block.holds(kClockRegister, 4)) decode_clock(map, settings_);
  if (!found) return fail(Fault::foreign);
  settings_heard_ = true;
  return {};
}

std::optional<Reading> Eg4LlDriver::partial() const {
  if (!live_ && !settings_heard_ && cells_.empty() && known_.none()) return std::nullopt;
  Reading reading = live_          ? *live_
                    : known_.any() ? pack_reading(pieces_, known_, fitted_ | told_by_sensors(pieces_))
                                   : Reading{};
  if (reading.cells_V.empty()) reading.cells_V = cells_;
  reading.model = settings_.model;
  if (settings_.sw) reading.sw = settings_.sw;
  reading.serial = settings_.serial;
  reading.extra = reading.extra.with(settings_.extra);
  return reading;
}

std::optional<Reading> Eg4LlDriver::take() {
  if (!live_ || (map_ == Map::inverter && cells_.empty())) return std::nullopt;
  auto reading = partial();
  live_.reset();
  known_.reset();
  cells_.clear();
  settings_heard_ = false;
  return reading;
}

}  // namespace bms::eg4
