#include "modbus_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "a5_layout.hpp"
#include "modbus_faults.hpp"

namespace bms::daly {
namespace {

constexpr double kTemperatureBias = -40;
constexpr std::uint16_t kFirstSetting = 0x80;  // live registers stand below in both maps

bool is_d2(const RegisterMap& map) { return map.most_cells == kD2Map.most_cells; }

}  // namespace

std::optional<std::uint16_t> ModbusMemory::reg(std::uint16_t number) const {
  if (number >= kRegisters || !known_[number]) return std::nullopt;
  return static_cast<std::uint16_t>(read_be<2>(image_, at(number)));
}

bool ModbusMemory::has(std::size_t first, std::size_t count) const {
  for (std::size_t i = first; i < first + count; ++i) {
    if (i >= kRegisters || !known_[i]) return false;
  }
  return true;
}

bool ModbusMemory::plausible(std::uint16_t first, ByteView payload) const {
  constexpr unsigned kMostRegistersAllZero = 8;  // longer blocks hold something
  const std::size_t count = payload.size() / 2;
  const bool zero = std::all_of(payload.begin(), payload.end(), [](std::uint8_t byte) { return byte == 0; });
  const bool full = std::all_of(payload.begin(), payload.end(), [](std::uint8_t byte) { return byte == 0xFF; });
  if (count > kMostRegistersAllZero && first == 0 && (zero || full)) return false;
  const auto within = [&](std::uint16_t number, int low, int high) {
    if (number < first || number >= first + count) return true;
    const int value = static_cast<int>(read_be<2>(payload, at(static_cast<std::size_t>(number - first))));
    return value >= low && value <= high;
  };
  constexpr int kMostTenths = 10000;  // 1000 A
  const int most_cells = static_cast<int>(a5::kMostCells);
  return within(map_->cell_count, 1, most_cells) && within(map_->sensor_count, 0, 16) &&
         within(map_->voltage, 1, 0xFFFF) && within(map_->soc, 0, 1000) && within(map_->state, 0, 2) &&
         within(map_->current, Polarity::kZero - kMostTenths, Polarity::kZero + kMostTenths);
}

Outcome<void> ModbusMemory::put(std::uint16_t first, ByteView payload) {
  if (first + payload.size() / 2 > kRegisters) return fail(Fault::foreign);
  if (!plausible(first, payload)) return fail(Fault::implausible);
  std::copy(payload.begin(), payload.end(), image_.begin() + static_cast<std::ptrdiff_t>(at(first)));
  for (std::size_t i = 0; i < payload.size() / 2; ++i) known_[first + i] = true;
  touched_ = true;
  const auto raw = reg(map_->current);
  const auto state = reg(map_->state);
  if (raw && state) polarity_.learn(*raw, PackState{static_cast<std::uint8_t>(*state)});
  return {};
}

bool ModbusMemory::complete() const {
  const bool blocks = std::all_of(map_->live_blocks.begin(), map_->live_blocks.end(),
                                  [&](const Block& block) { return has(block.first, block.count); });
  const bool more = is_d2(*map_) && reg(map_->cell_count).value_or(0) > map_->most_cells;
  return blocks && (!more || has(kD2MoreCells.first, kD2MoreCells.count));
}

void ModbusMemory::restart() {
  for (std::size_t i = 0; i < kFirstSetting; ++i) known_[i] = false;
  touched_ = false;
}

void ModbusMemory::decode_known(std::span<const Field> fields, Reading& reading) const {
  for (const Field& field : fields) {
    if (has(field.offset / 2, wire_size(field.wire) / 2)) decode({&field, 1}, image_, reading);
  }
}

/// 0, 0xFF and 0xFFFF stand for a sensor that is not there.
std::optional<double> ModbusMemory::temperature(std::uint16_t number) const {
  const auto raw = reg(number);
  if (!raw || *raw == 0 || *raw >= 0xFF) return std::nullopt;
  return *raw + kTemperatureBias;
}

/// Without the count, which other programs do not always read, the first empty slot ends a row.
std::size_t ModbusMemory::row_length(std::uint16_t first, std::size_t most) const {
  std::size_t length = 0;
  while (length < most && reg(static_cast<std::uint16_t>(first + length)).value_or(0) != 0) ++length;
  return length;
}

void ModbusMemory::add_cells(Reading& reading) const {
  const auto told_cells = reg(map_->cell_count);
  const std::size_t cells = told_cells ? *told_cells : row_length(map_->cells, map_->most_cells);
  const std::size_t first_row = std::min(cells, map_->most_cells);
  if (has(map_->cells, first_row)) {
    reading.cells_V = decode_row(image_, at(map_->cells), first_row, Wire::u16be, 0.001);
  }
  if (is_d2(*map_) && cells > first_row && has(kD2MoreCells.first, cells - first_row)) {
    const auto more = decode_row(image_, at(kD2MoreCells.first), cells - first_row, Wire::u16be, 0.001);
    reading.cells_V.insert(reading.cells_V.end(), more.begin(), more.end());
  }
  const auto told_sensors = reg(map_->sensor_count);
  const std::size_t sensors = told_sensors ? std::min<std::size_t>(*told_sensors, map_->most_sensors)
                                           : row_length(map_->temperatures, map_->most_sensors);
  for (std::size_t i = 0; i < sensors && has(map_->temperatures, sensors); ++i) {
    reading.temps_C.push_back(temperature(static_cast<std::uint16_t>(map_->temperatures + i)));
  }
  reading.mos_temp_C = temperature(map_->mos_temperature);
  reading.env_temp_C = temperature(map_->board_temperature);
  if (is_d2(*map_)) return;
  if (const auto heater = temperature(kBoardHeaterTemperature)) reading.extra["heater_temp_C"] = *heater;
}

void ModbusMemory::add_current(Reading& reading) const {
  const auto raw = reg(map_->current);
  if (!raw) return;
  std::optional<PackState> state;
  if (const auto told = reg(map_->state)) state = PackState{static_cast<std::uint8_t>(*told)};
  const int tenths = polarity_.current(*raw, state);
  reading.current_A = scaled(invert_current_ ? -tenths : tenths, 0.1);
}

/// Modes beyond 2 were seen with no cell bit set: they balance nothing. On D2 boards the bit registers hold something
/// else where the mode is off.
void ModbusMemory::add_balance(Reading& reading) const {
  const auto mode = reg(map_->balance_mode);
  if (!mode) return;
  const bool active = *mode == 1 || *mode == 2;
  const std::size_t cells = reading.cells_V.size();
  for (std::size_t cell = 0; cell < std::min(cells, map_->balance_words * 16); ++cell) {
    const auto word = reg(static_cast<std::uint16_t>(map_->balance_bits + cell / 16));
    if (word && (*word >> (cell % 16) & 1U) != 0) reading.balancing_cells.push_back(static_cast<int>(cell + 1));
  }
  if (is_d2(*map_) && !active) reading.balancing_cells.clear();
  reading.balancing = active || !reading.balancing_cells.empty();
}

void ModbusMemory::add_faults(Reading& reading) const {
  if (is_d2(*map_) && has(kD2Faults, 4)) {
    D2Faults words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = static_cast<std::uint16_t>(read_be<2>(image_, at(kD2Faults + i)));
    }
    decode_faults(words, reading);
  }
  if (!is_d2(*map_) && has(kBoardFaults, 7)) {
    BoardFaults words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = static_cast<std::uint16_t>(read_be<2>(image_, at(kBoardFaults + i)));
    }
    decode_faults(words, reading);
  }
  if (!invert_current_ || !reading.alarms) return;
  for (Alarm& alarm : *reading.alarms) {
    if (alarm.condition == Condition::charge_overcurrent) {
      alarm.condition = Condition::discharge_overcurrent;
    } else if (alarm.condition == Condition::discharge_overcurrent) {
      alarm.condition = Condition::charge_overcurrent;
    }
  }
}

/// Fixed width: cut there first, then at NUL.
std::optional<std::string> ModbusMemory::text(const Text& field) const {
  if (!has(field.first, field.count)) return std::nullopt;
  std::string found = text_field(ByteView(image_).subspan(at(field.first), field.count * std::size_t{2}));
  found.erase(0, found.find_first_not_of(' '));
  if (found.empty() || found.find('?') != std::string::npos) return std::nullopt;
  return found;
}

void ModbusMemory::add_identity(Reading& reading) const {
  reading.sw = text(map_->software);
  reading.hw = text(map_->hardware);
  auto code = text(map_->code);
  // The machine code ends at the first blank; a date text may follow.
  if (code) code->erase(std::min(code->find(' '), code->size()));
  // Some D2 boards leave the hardware field empty and put the name where the code should be.
  if (!reading.hw && is_d2(*map_)) {
    reading.hw = std::move(code);
  } else {
    reading.serial = std::move(code);
  }
  const auto chemistry = reg(map_->chemistry);
  if (chemistry && *chemistry < std::size(a5::kChemistries)) {
    reading.extra["chemistry"] = std::string(a5::kChemistries[*chemistry]);
  }
  if (!has(map_->production_date, 2)) return;
  const ByteView date = ByteView(image_).subspan(at(map_->production_date), 3);
  if (date[0] > 99 || date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31) return;
  reading.extra["production_date"] = fmt::format("20{:02d}-{:02d}-{:02d}", date[0], date[1], date[2]);
  // Only a board that was asked for its code and has none is known by its date: an unread code may still come.
  if (!reading.serial && reading.capacity_Ah && has(map_->code.first, map_->code.count)) {
    reading.serial = fmt::format("20{:02d}{:02d}{:02d}-{:g}Ah", date[0], date[1], date[2], *reading.capacity_Ah);
  }
}

/// Over-current thresholds of D2: magnitudes, because the sides of 30000 are not consistent in captures.
void ModbusMemory::add_thresholds(Reading& reading) const {
  constexpr std::uint16_t kFirst = 0x93;
  if (!is_d2(*map_) || !has(kFirst, 4)) return;
  for (std::size_t i = 0; i < 4; ++i) {
    const int tenths = static_cast<int>(read_be<2>(image_, at(kFirst + i))) - Polarity::kZero;
    reading.extra[std::string(a5::kCurrentThresholdNames[i])] = scaled(std::abs(tenths), 0.1);
  }
}

Reading ModbusMemory::reading() const {
  Reading reading;
  decode_known(map_->live, reading);
  decode_known(map_->settings, reading);
  add_current(reading);
  add_cells(reading);
  add_balance(reading);
  add_faults(reading);
  add_identity(reading);
  add_thresholds(reading);
  return reading;
}

}  // namespace bms::daly
