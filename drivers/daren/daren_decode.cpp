#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "daren.hpp"

namespace bms::daren {
namespace {

constexpr std::size_t kMostCells = 32;
constexpr std::size_t kMostSensors = 16;

std::uint16_t word(ByteView bytes, std::size_t at) { return static_cast<std::uint16_t>(read_be<2>(bytes, at)); }

std::optional<Shape> shape_of(ByteView info) {
  if (info.size() <= kCellCountAt) return std::nullopt;
  Shape shape{info[kCellCountAt], 0};
  const std::size_t sensors_at = shape.middle() + kSensorCountAt;
  if (shape.cells == 0 || shape.cells > kMostCells || info.size() <= sensors_at) return std::nullopt;
  shape.sensors = info[sensors_at];
  if (shape.sensors > kMostSensors || info.size() < shape.tail() + kTailSize) return std::nullopt;
  if (info.size() > shape.tail() + kExtendedSize + 2) return std::nullopt;
  return shape;
}

/// The command and its operands, from the characters of a request.
struct Question {
  Command command;
  std::uint8_t module = 0;
};

std::optional<Question> question_of(ByteView request) {
  const auto frame = ascii::parse(request);
  if (!frame) return std::nullopt;
  Question question{static_cast<Command>(frame->code)};
  if (question.command == Command::module) {
    if (frame->info.size() < 3 || frame->info[1] != kReadOperation) return std::nullopt;
    question.module = frame->info[2];
  }
  return question;
}

bool fits(const Question& question, ByteView info) {
  const auto echoes = [&](std::size_t size) {
    return info.size() >= size && info[0] == static_cast<std::uint8_t>(question.command);
  };
  switch (question.command) {
    case Command::realtime:
      return shape_of(info).has_value();
    case Command::parameters:
      return info.size() >= kParametersSize && info.size() <= kParametersSize + 4 &&
             word(info, kParameterCellsAt) <= kMostCells;
    case Command::protocol:
      return info.size() == 1;
    case Command::manufacturer:
      return info.size() >= kManufacturerSize && info.size() <= kLongestManufacturer;
    case Command::counters:
      return echoes(kCountersSize);
    case Command::module:
      if (!echoes(kModuleHeader) || info[kModuleAt] != question.module) return false;
      return (question.module == kManufacturing && info.size() >= kManufacturingSize) ||
             (question.module == kCapacities && info.size() >= kCapacitiesSize);
  }
  return false;
}

/// Text padded with blanks, NUL or FF, with blanks inside; nullopt when nothing is left.
std::optional<std::string> padded_text(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (byte < 0x20 || byte > 0x7E) break;
    text.push_back(static_cast<char>(byte));
  }
  text.erase(std::find_if(text.rbegin(), text.rend(), [](char c) { return c != ' '; }).base(), text.end());
  return text.empty() ? std::nullopt : std::optional<std::string>(std::move(text));
}

void put_texts(std::span<const TextField> fields, ByteView info, Reading& reading) {
  for (const TextField& field : fields) {
    auto text = padded_text(info.subspan(field.offset, field.size));
    if (const auto* const name = std::get_if<ExtraName>(&field.target)) {
      if (text) reading.extra.insert_or_assign(std::string(name->name), *text);
    } else {
      reading.*std::get<0>(field.target) = std::move(text);
    }
  }
}

/// Some firmware adds 50 to these two limits, some does not; beyond what a limit can be the 50 are in it.
double temperature_limit(ByteView info, std::size_t at, std::int64_t highest) {
  constexpr std::int64_t kBias = 50;
  const std::int64_t raw = *read_raw(info, at, Wire::i16be);
  return static_cast<double>(raw > highest ? raw - kBias : raw);
}

void decode_cell_words(ByteView tail, std::size_t at, std::vector<Alarm>& alarms) {
  for (std::size_t i = 0; i < std::size(kCellWordAlarms); ++i) {
    if (word(tail, at + 2 * i) != 0) add_alarm(alarms, kCellWordAlarms[i]);
  }
}

bool any_alarm(const std::vector<Alarm>& alarms, std::initializer_list<Condition> conditions) {
  return std::any_of(alarms.begin(), alarms.end(), [&](const Alarm& alarm) {
    return alarm.level == AlarmLevel::alarm &&
           std::find(conditions.begin(), conditions.end(), alarm.condition) != conditions.end();
  });
}

}  // namespace

std::optional<double> energy_kWh(std::uint16_t raw, double charge_Ah, std::size_t cells) {
  constexpr double kScales[] = {0.1, 0.01};
  constexpr int kWraps = 20;
  constexpr double kLowest_V = 3.0;
  constexpr double kHighest_V = 3.6;
  std::optional<double> found;
  if (charge_Ah <= 0 || cells == 0) return found;
  for (const double scale : kScales) {
    for (int wraps = 0; wraps <= kWraps; ++wraps) {
      const std::int64_t count = raw + std::int64_t{wraps} * 65536;
      const double cell_V = static_cast<double>(count) * scale * 1000 / charge_Ah / static_cast<double>(cells);
      if (cell_V < kLowest_V || cell_V > kHighest_V) continue;
      if (found) return std::nullopt;
      found = scaled(count, scale);
    }
  }
  return found;
}

/// Boards tell the sum of the cells, cut or rounded to 0.01 V, as pack voltage.
static bool is_sum(double rest_V) { return rest_V > -0.0105 && rest_V < 0.0055; }

bool DarenDriver::Steady::agrees(const Steady& other) const {
  constexpr double kRestStep_V = 0.04;
  constexpr double kRestStep_pct = 0.5;
  constexpr double kTemperatureStep_C = 0.5;
  if (shape != other.shape || is_sum(rest_V) != is_sum(other.rest_V)) return false;
  if (std::abs(rest_V - other.rest_V) > kRestStep_V || std::abs(rest_pct - other.rest_pct) > kRestStep_pct)
    return false;
  return std::equal(temps_C.begin(), temps_C.end(), other.temps_C.begin(), other.temps_C.end(),
                    [](double x, double y) { return std::abs(x - y) <= kTemperatureStep_C; });
}

/// What the shape of the answer tells of its question.
Bytes DarenDriver::question_to(ByteView heard) const {
  constexpr Question kCandidates[] = {{Command::realtime},
                                      {Command::module, kManufacturing},
                                      {Command::module, kCapacities},
                                      {Command::counters},
                                      {Command::parameters},
                                      {Command::manufacturer}};
  Bytes any = request(Command::realtime, 0);
  const Scan scan = ascii::scan_answer(any, heard);
  if (scan.kind != Scan::Kind::frame) return any;
  const auto info = ascii::answer_info(heard.subspan(scan.begin, scan.size));
  const auto* const found = std::find_if(std::begin(kCandidates), std::end(kCandidates),
                                         [&](const Question& question) { return info && fits(question, *info); });
  return found == std::end(kCandidates) ? any : request(found->command, found->module);
}

Scan DarenDriver::scan(ByteView request, ByteView buffer) const {
  const Scan scan = ascii::scan_answer(request, buffer);
  if (scan.kind != Scan::Kind::frame) return scan;
  const auto info = ascii::answer_info(buffer.subspan(scan.begin, scan.size));
  if (!info) return scan;  // a refusal has no INFO to judge
  const auto question = question_of(request);
  // A pack that is bus master asks others and is answered on the same pair; so is an inverter.
  if (!question || !fits(*question, *info)) return Scan::drop(scan.begin + scan.size, Fault::foreign);
  return scan;
}

std::optional<unsigned> DarenDriver::asked(ByteView request) const { return ascii::asked(request); }

Outcome<void> DarenDriver::accept(ByteView request, ByteView frame) {
  const auto info = ascii::answer_info(frame);
  if (!info) return fail(info.error());
  const auto question = question_of(request);
  if (!question || !fits(*question, *info)) return fail(Fault::foreign);
  if (question->command == Command::realtime) return accept_realtime(*info);
  switch (question->command) {
    case Command::parameters:
      accept_parameters(*info);
      break;
    case Command::protocol:
      facts_.extra["protocol_version"] = static_cast<double>(info->front());
      break;
    case Command::manufacturer:
      accept_manufacturer(*info);
      break;
    case Command::counters:
      decode(kCounters, *info, facts_);
      break;
    default:
      question->module == kManufacturing ? accept_manufacturing(*info) : accept_capacities(*info);
      break;
  }
  facts_heard_ = true;
  return {};
}

/// Which MOSFET each of the two bits means is told differently by the vendor's tool and by the BASEN document, and all
/// captures have both set. When only one is, the protections in force decide; without one, the configured order. The
/// same status word on TianPower's Bluetooth boards has the charge MOSFET first (syssi/esphome-tianpower-bms#2).
void DarenDriver::decode_fets(std::uint16_t fets, Reading& reading) const {
  const std::uint16_t charge_bit = discharge_first_ ? kSecondFet : kFirstFet;
  const std::uint16_t discharge_bit = discharge_first_ ? kFirstFet : kSecondFet;
  reading.charge_fet = (fets & charge_bit) != 0;
  reading.discharge_fet = (fets & discharge_bit) != 0;
  auto& alarms = *reading.alarms;
  if (*reading.charge_fet != *reading.discharge_fet) {
    const bool charge_side =
        any_alarm(alarms, {Condition::cell_overvoltage, Condition::pack_overvoltage, Condition::charge_overcurrent,
                           Condition::charge_overtemperature, Condition::charge_undertemperature});
    const bool discharge_side =
        any_alarm(alarms, {Condition::cell_undervoltage, Condition::pack_undervoltage, Condition::discharge_overcurrent,
                           Condition::short_circuit, Condition::discharge_overtemperature,
                           Condition::discharge_undertemperature});
    if (charge_side != discharge_side) {
      reading.charge_fet = discharge_side;
      reading.discharge_fet = charge_side;
    }
  }
  const std::uint16_t charge_failed = discharge_first_ ? kSecondFetFailed : kFirstFetFailed;
  const std::uint16_t discharge_failed = discharge_first_ ? kFirstFetFailed : kSecondFetFailed;
  if ((fets & charge_failed) != 0) add_alarm(alarms, {Condition::charge_fet, AlarmLevel::alarm});
  if ((fets & discharge_failed) != 0) add_alarm(alarms, {Condition::discharge_fet, AlarmLevel::alarm});
  reading.heater_on = (fets & kHeater) != 0;
  reading.extra["limiter_mode"] = static_cast<double>(fets >> kLimiterShift & 3U);
  reading.extra["fet_bits"] = static_cast<double>(fets);
}

void DarenDriver::decode_status(ByteView tail, Reading& reading) const {
  auto& alarms = reading.alarms.emplace();
  for (const StatusWord& status : kStatusWords) decode_alarms(status.bits, word(tail, status.offset), alarms);
  decode_cell_words(tail, kCellWordsAt, alarms);
  std::uint32_t balancing = word(tail, kBalancingAt);
  if (tail.size() >= kExtendedSize) {
    balancing |= std::uint32_t{word(tail, kBalancingHighAt)} << 16U;
    decode_cell_words(tail, kCellWordsHighAt, alarms);
    decode_alarms(kIoAlarms, word(tail, kIoStateAt), alarms);
    reading.extra["machine_state"] = static_cast<double>(tail[kMachineStateAt]);
    reading.extra["io_bits"] = static_cast<double>(word(tail, kIoStateAt));
  }
  reading.balancing = balancing != 0;
  for (unsigned bit = 0; bit < kMostCells; ++bit) {
    if ((balancing >> bit & 1U) != 0) reading.balancing_cells.push_back(static_cast<int>(bit + 1));
  }
  const std::uint16_t current = word(tail, kCurrentStatusAt);
  reading.extra["state"] = std::string((current & kCharging) != 0      ? "charging"
                                       : (current & kDischarging) != 0 ? "discharging"
                                                                       : "idle");
  decode_fets(word(tail, kFetStatusAt), reading);
}

Outcome<void> DarenDriver::accept_realtime(ByteView info) {
  const auto shape = shape_of(info);
  if (!shape) return fail(Fault::foreign);
  Reading reading;
  decode(kHead, info, reading);
  decode(kMiddle, info.subspan(shape->middle()), reading);
  const ByteView tail = info.subspan(shape->tail());
  decode(kTail, tail, reading);
  reading.cells_V = decode_row(info, kFirstCellAt, shape->cells, Wire::u16be, 0.001);
  reading.temps_C = decode_row(info, shape->middle() + kFirstSensorAt, shape->sensors, Wire::i16be, 0.1);
  decode_status(tail, reading);
  for (const int cell : reading.balancing_cells) {
    if (static_cast<std::size_t>(cell) > shape->cells) return fail(Fault::implausible);
  }
  if (*reading.soc_pct > 100 || *reading.soh_pct > 100 || *reading.capacity_Ah <= 0) return fail(Fault::implausible);
  const double told_pct = 100 * *reading.remaining_Ah / *reading.capacity_Ah;
  Steady steady{*shape, *reading.voltage_V - *cell_sum(reading), *reading.soc_pct - told_pct, {}};
  for (const auto& temp : reading.temps_C) steady.temps_C.push_back(*temp);
  steady.temps_C.push_back(*reading.env_temp_C);
  steady.temps_C.push_back(*reading.mos_temp_C);
  if (trusted_ && !trusted_->agrees(steady) && !(suspect_ && suspect_->agrees(steady))) {
    suspect_ = steady;
    return fail(Fault::implausible);
  }
  trusted_ = steady;
  suspect_.reset();
  cells_ = shape->cells;
  live_ = std::move(reading);
  return {};
}

void DarenDriver::accept_parameters(ByteView info) {
  decode(kParameters, info, facts_);
  put_texts(kParameterTexts, info, facts_);
  facts_.extra["temperature_max_C"] = temperature_limit(info, kTemperatureMaxAt, 100);
  facts_.extra["temperature_min_C"] = temperature_limit(info, kTemperatureMinAt, 30);
  const std::int64_t cells = word(info, kParameterCellsAt);
  if (cells == 0) return;
  // Called total voltage and told for one cell.
  facts_.max_voltage_V = scaled(word(info, kPackMaxAt) * cells, 0.001);
  facts_.min_voltage_V = scaled(word(info, kPackMinAt) * cells, 0.001);
}

void DarenDriver::accept_manufacturer(ByteView info) {
  const auto product = padded_text(info.subspan(kProductAt, kNameSize));
  const auto project = padded_text(info.subspan(kProjectAt, kNameSize));
  facts_.hw = padded_text(info.subspan(kHardwareAt, kNameSize));
  facts_.model.reset();
  if (product && project) {
    facts_.model = *product + " " + *project;
  } else {
    facts_.model = product ? product : project;
  }
  facts_.sw = fmt::format("{:02X}.{:02X}.{:02X}", info[kSoftwareAt], info[kSoftwareAt + 1], info[kSoftwareAt + 2]);
  if (info.size() >= kBootAt + 2) {
    facts_.extra["boot_version"] = fmt::format("{:02X}.{:02X}", info[kBootAt], info[kBootAt + 1]);
  }
  if (const auto rest = padded_text(info.subspan(std::min(info.size(), kBootAt + 2)))) {
    facts_.extra["manufacturer_suffix"] = *rest;
  }
}

void DarenDriver::accept_manufacturing(ByteView info) {
  put_texts(kManufacturingTexts, info, facts_);
  const std::uint8_t month = info[kDateAt + 1];
  const std::uint8_t day = info[kDateAt + 2];
  if (month < 1 || month > 12 || day < 1 || day > 31) return;  // FF: never set
  facts_.extra["production_date"] = fmt::format("{:04}-{:02}-{:02}", 2000 + info[kDateAt], month, day);
}

void DarenDriver::accept_capacities(ByteView info) {
  decode(kCapacityFields, info, facts_);
  const auto energy = [&](const char* name, std::size_t at, std::size_t charge_at) {
    const auto value = energy_kWh(word(info, at), read_be<4>(info, charge_at), cells_);
    if (value) facts_.extra[name] = *value;
  };
  energy("charge_total_kWh", kChargeEnergyAt, 12);
  energy("discharge_total_kWh", kDischargeEnergyAt, 16);
}

std::optional<Reading> DarenDriver::partial() const {
  if (!live_ && !facts_heard_) return std::nullopt;
  Reading reading = live_.value_or(Reading{});
  reading.model = facts_.model;
  reading.serial = facts_.serial;
  reading.hw = facts_.hw;
  reading.sw = facts_.sw;
  reading.max_charge_current_A = facts_.max_charge_current_A;
  reading.max_discharge_current_A = facts_.max_discharge_current_A;
  reading.max_voltage_V = facts_.max_voltage_V;
  reading.min_voltage_V = facts_.min_voltage_V;
  reading.extra.insert(facts_.extra.begin(), facts_.extra.end());
  return reading;
}

std::optional<Reading> DarenDriver::take() {
  if (!live_) return std::nullopt;
  auto reading = partial();
  live_.reset();
  facts_heard_ = false;
  return reading;
}

}  // namespace bms::daren
