#include "renogy_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "renogy_alarms.hpp"

namespace bms::renogy {
namespace {

constexpr std::size_t kMostCells = 32;  // more than any battery of this make
constexpr std::uint16_t kFirstSlow = kSerial;
constexpr std::string_view kModelPrefix = "RBT";

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<CurrentScale> scale_of_model(std::string_view model) {
  constexpr std::size_t kMostCapacityDigits = 3;
  if (model.substr(0, kModelPrefix.size()) != kModelPrefix) return std::nullopt;
  const auto digits = model.substr(kModelPrefix.size(), model.find('L', kModelPrefix.size()) - kModelPrefix.size());
  if (!all_digits(digits)) return std::nullopt;
  return digits.size() > kMostCapacityDigits ? CurrentScale::tenth : CurrentScale::hundredth;
}

std::uint16_t Memory::reg(std::uint16_t number) const {
  return static_cast<std::uint16_t>(read_be<2>(image_, at(number)));
}

bool Memory::has(std::uint16_t first, std::size_t count) const {
  for (std::size_t i = first; i < first + count; ++i) {
    if (i < kFirst || i >= kEnd || !known_[i - kFirst]) return false;
  }
  return true;
}

std::optional<std::uint16_t> Memory::known_reg(std::uint16_t number) const {
  return has(number, 1) ? std::optional<std::uint16_t>(reg(number)) : std::nullopt;
}

std::optional<std::uint32_t> Memory::known_pair(std::uint16_t number) const {
  return has(number, 2) ? std::optional<std::uint32_t>(read_be<4>(image_, at(number))) : std::nullopt;
}

Outcome<void> Memory::put(std::uint16_t first, ByteView payload) {
  const std::size_t count = payload.size() / 2;
  if (first < kFirst || first + count > kEnd) return fail(Fault::foreign);
  const auto value = [&](std::uint16_t number) -> std::optional<std::uint32_t> {
    if (number < first || number >= first + count) return std::nullopt;
    return read_be<2>(payload, (number - std::size_t{first}) * 2);
  };
  const auto cells = value(kCells);
  if (cells && (*cells == 0 || *cells > kMostCells)) return fail(Fault::implausible);
  if (value(kVoltage) == 0U) return fail(Fault::implausible);
  std::copy(payload.begin(), payload.end(), image_.begin() + static_cast<std::ptrdiff_t>(at(first)));
  for (std::size_t i = 0; i < count; ++i) known_[first - std::size_t{kFirst} + i] = true;
  touched_ = true;
  if (first + count > kFirstSlow) slow_ = slow_extras();
  return {};
}

bool Memory::complete() const {
  if (!has(kCells, 1) || !has(kTemperatures, 1) || !has(kCurrent, 6) || !has(kStatus1, 1)) return false;
  const std::size_t cells = std::min<std::size_t>(reg(kCells), kMapCells);
  const std::size_t sensors = std::min<std::size_t>(reg(kTemperatures), kMapCells);
  return has(kCells, 1 + cells) && has(kTemperatures, 1 + sensors);
}

void Memory::restart() {
  for (std::size_t i = 0; i < std::size_t{kFirstSlow} - kFirst; ++i) known_[i] = false;
  touched_ = false;
}

CurrentScale Memory::scale() const {
  if (forced_) return *forced_;
  if (measured_) return *measured_;
  const auto model = text(kModel, 8);
  return model ? scale_of_model(*model).value_or(CurrentScale::hundredth) : CurrentScale::hundredth;
}

void Memory::decode_known(std::span<const Field> fields, Reading& reading) const {
  for (const Field& field : fields) {
    const auto first = static_cast<std::uint16_t>(kFirst + field.offset / 2);
    if (has(first, wire_size(field.wire) / 2)) decode({&field, 1}, image_, reading);
  }
}

void Memory::add_cells(Reading& reading) const {
  const auto told = known_reg(kCells);
  std::size_t cells = told.value_or(0);
  // Without the count, which other programs do not always read, the first empty place ends the row.
  const auto next = [&] { return known_reg(static_cast<std::uint16_t>(kCells + 1 + cells)).value_or(0); };
  while (!told && cells < kMapCells && next() != 0) ++cells;
  const std::size_t mapped = std::min(cells, kMapCells);
  if (cells > 0 && has(kCells + 1, mapped)) {
    reading.cells_V = decode_row(image_, at(kCells + 1), mapped, Wire::u16be, 0.1);
    reading.cells_V.resize(cells);  // the map has 16 places: further cells exist, unknown
  }
  // One unit says three sensors and fills four (Grmume/renogy-smart-battery#1): the count counts.
  const std::size_t sensors = std::min<std::size_t>(known_reg(kTemperatures).value_or(0), kMapCells);
  if (sensors > 0 && has(kTemperatures, 1 + sensors)) {
    reading.temps_C = decode_row(image_, at(kTemperatures + 1), sensors, Wire::i16be, 0.1);
  }
}

/// Counts say which of these sensors are fitted; a board temperature of exactly 0 is not measured.
void Memory::add_sensors(Reading& reading) const {
  const auto tenths = [&](std::uint16_t number) { return scaled(*read_raw(image_, at(number), Wire::i16be), 0.1); };
  if (has(kBoardTemperature, 1) && reg(kBoardTemperature) != 0) {
    reading.extra["board_temp_C"] = tenths(kBoardTemperature);
    reading.env_temp_C = tenths(kBoardTemperature);
  }
  const std::size_t environment = known_reg(kEnvironment).value_or(0);
  if (environment >= 1 && has(kEnvironment + 1, 1)) reading.env_temp_C = tenths(kEnvironment + 1);
  if (environment >= 2 && has(kEnvironment + 2, 1)) reading.extra["env_temp_2_C"] = tenths(kEnvironment + 2);
  const std::size_t heaters = known_reg(kHeater).value_or(0);
  if (heaters >= 1 && has(kHeater + 1, 1)) reading.extra["heater_temp_1_C"] = tenths(kHeater + 1);
  if (heaters >= 2 && has(kHeater + 2, 1)) reading.extra["heater_temp_2_C"] = tenths(kHeater + 2);
}

void Memory::add_pack(Reading& reading) const {
  // Remaining may exceed total by some per cent. One 200 Ah model tells four times as much (patman15/BMS_BLE-HA#430):
  // that is no state of charge.
  constexpr double kMostSurplus = 1.1;
  decode_known(kPackFields, reading);
  if (has(kCurrent, 1)) {
    const double step = scale() == CurrentScale::tenth ? 0.1 : 0.01;
    reading.current_A = scaled(*read_raw(image_, at(kCurrent), Wire::i16be), step);
  }
  if (reading.capacity_Ah == 0.0) reading.capacity_Ah.reset();
  if (reading.remaining_Ah && reading.capacity_Ah) {
    const double share = *reading.remaining_Ah / *reading.capacity_Ah;
    if (share <= kMostSurplus) reading.soc_pct = std::round(std::min(share, 1.0) * 10000) / 100;
  }
  for (auto* limit : {&reading.max_charge_current_A, &reading.max_discharge_current_A}) {
    if (*limit && **limit < 0) limit->reset();
    if (*limit) **limit += 0.0;  // no negative zero
  }
  // Older units do not count cycles and tell 0; one family swaps the bytes (patman15/BMS_BLE-HA#596).
  const auto cycles = known_reg(kCycles);
  if (!cycles || *cycles == 0) return;
  const std::string model = text(kModel, 8).value_or("");
  const bool swapped = model.size() > 2 && model.compare(model.size() - 2, 2, "-B") == 0;
  reading.cycles = swapped ? (*cycles >> 8U | (*cycles & 0xFFU) << 8U) : *cycles;
}

std::optional<std::string> Memory::text(std::uint16_t first, std::size_t count) const {
  if (!has(first, count)) return std::nullopt;
  std::string found = text_field(ByteView(image_).subspan(at(first), count * 2));
  found.erase(0, found.find_first_not_of(' '));
  if (found.empty() || found.find('?') != std::string::npos) return std::nullopt;
  return found;
}

void Memory::add_identity(Reading& reading) const {
  constexpr std::size_t kDateDigits = 8;
  reading.model = text(kModel, 8);
  reading.serial = text(kSerial, 8);
  // On RBT100LFP12-BT the serial number is a date: not unique, the address belongs to it.
  if (reading.serial && reading.serial->size() == kDateDigits && all_digits(*reading.serial)) {
    *reading.serial += fmt::format("-{:02x}", address_);
  }
  reading.sw = text(kSoftware, 2);
  if (reading.sw && reading.sw->size() == 4 && all_digits(*reading.sw)) reading.sw->insert(2, ".");
}

/// Versions and limits: thirty values that stay the same until they are read again.
Extras Memory::slow_extras() const {
  Reading slow;
  decode_known(kLimitFields, slow);
  for (const TextField& field : kIdentityFields) {
    const auto first = static_cast<std::uint16_t>(kFirst + field.offset / 2);
    const auto found = text(first, field.size / 2);
    if (found) slow.extra[std::string(std::get<ExtraName>(field.target).name)] = *found;
  }
  return slow.extra;
}

void Memory::add_alarms(Reading& reading) const {
  AlarmWords words;
  words.cells = known_pair(kCellAlarms);
  words.temperatures = known_pair(kTemperatureAlarms);
  words.others = known_pair(kOtherAlarms);
  words.status1 = known_reg(kStatus1);
  words.status2 = known_reg(kStatus2);
  words.status3 = known_reg(kStatus3);
  words.charge_state = known_reg(kChargeState);
  decode_alarms(words, reading);
}

Reading Memory::reading() const {
  Reading reading;
  add_pack(reading);
  add_cells(reading);
  add_sensors(reading);
  add_identity(reading);
  add_alarms(reading);
  reading.extra = reading.extra.with(slow_);
  return reading;
}

}  // namespace bms::renogy
