#include "lifepower4.hpp"

#include <algorithm>
#include <cmath>

#include "pack_size.hpp"

namespace bms::eg4 {
namespace {

constexpr std::uint8_t kCodeLow = 1;
constexpr std::uint8_t kCodeHigh = 2;
constexpr std::uint8_t kReturnChecksum = 2;
constexpr std::uint8_t kReturnLengthChecksum = 3;

AsciiCommand command_of(ByteView request) {
  // CID2 is the fourth pair of characters behind SOI.
  const bool alarm = request.size() > 8 && request[7] == '4' && request[8] == '4';
  return alarm ? AsciiCommand::alarm : AsciiCommand::analog;
}

bool is_known_request(ByteView request) {
  return request.size() > 8 && request[7] == '4' && (request[8] == '2' || request[8] == '4');
}

/// The shape INFO claims to have; `cell_size` and `sensor_size` are the bytes of one entry.
std::optional<Shape> shape_of(ByteView info, std::size_t cell_size, std::size_t sensor_size, std::size_t tail) {
  if (info.size() < 4) return std::nullopt;
  const std::size_t cells = info[2];
  const std::size_t sensors_at = 3 + cell_size * cells;
  if (cells == 0 || cells > kMostPackCells || info.size() <= sensors_at) return std::nullopt;
  const std::size_t sensors = info[sensors_at];
  if (sensors > kMostPackSensors || info.size() < sensors_at + 1 + sensor_size * sensors + tail) return std::nullopt;
  return Shape{cells, sensors};
}

bool near(double value, std::optional<double> other, double tolerance) {
  return !other || std::abs(value - *other) <= tolerance;
}

/// The extremes that the pack tells must be those of the cells and sensors it tells.
bool extremes_agree(ByteView tail, const Reading& reading) {
  // Measured at other moments than the cells: told and computed differ by some millivolts under load.
  constexpr double kCellTolerance_V = 0.02;
  constexpr double kTemperatureTolerance_C = 1.0;
  const auto cells = cell_extremes(reading);
  if (!cells) return false;
  const double high = scaled(read_be<2>(tail, kExtremesAt), 0.001);
  const double low = scaled(read_be<2>(tail, kExtremesAt + 2), 0.001);
  const double difference = scaled(read_be<2>(tail, kExtremesAt + 4), 0.001);
  if (!near(high, cells->max_V, kCellTolerance_V) || !near(low, cells->min_V, kCellTolerance_V)) return false;
  if (std::abs(high - low - difference) > 0.0015) return false;
  std::optional<double> warmest;
  std::optional<double> coldest;
  for (const auto& temperature : reading.temps_C) {
    if (!temperature) continue;
    warmest = std::max(warmest.value_or(*temperature), *temperature);
    coldest = std::min(coldest.value_or(*temperature), *temperature);
  }
  const auto agrees = [&](std::size_t offset, std::optional<double> computed) {
    const std::uint32_t raw = read_be<2>(tail, offset);
    return raw == 0 || near(scaled(raw, 0.1, kKelvin_C), computed, kTemperatureTolerance_C);
  };
  return agrees(kExtremesAt + 6, warmest) && agrees(kExtremesAt + 8, coldest);
}

bool percent_ok(const Reading& reading) { return *reading.soc_pct <= 100 && *reading.soh_pct <= 100; }

/// The code of a sensor: 1 below its low limit, 2 above its high limit. Known packs leave all of them 0 even with an
/// alarm in force (gonzalop/wombatt#13), so what a limit blocks is not known: a warning.
void add_code(std::uint8_t code, std::initializer_list<Condition> low, std::initializer_list<Condition> high,
              std::vector<Alarm>& alarms) {
  if (code == kCodeLow) {
    for (const Condition condition : low) add_alarm(alarms, {condition, AlarmLevel::warning});
  } else if (code == kCodeHigh) {
    for (const Condition condition : high) add_alarm(alarms, {condition, AlarmLevel::warning});
  }
}

void decode_codes(ByteView info, const Shape& shape, std::vector<Alarm>& alarms) {
  for (std::size_t i = 0; i < shape.cells; ++i) {
    add_code(info[3 + i], {Condition::cell_undervoltage}, {Condition::cell_overvoltage}, alarms);
  }
  for (std::size_t i = 0; i < shape.sensors; ++i) {
    add_code(info[4 + shape.cells + i], {Condition::charge_undertemperature, Condition::discharge_undertemperature},
             {Condition::charge_overtemperature, Condition::discharge_overtemperature}, alarms);
  }
  const ByteView tail = info.subspan(shape.alarm_tail());
  add_code(tail[0], {Condition::env_undertemperature}, {Condition::env_overtemperature}, alarms);
  add_code(tail[1], {Condition::mos_undertemperature}, {Condition::mos_overtemperature}, alarms);
  // A low current is no alarm; the direction of a high one is not told.
  add_code(tail[2], {}, {Condition::charge_overcurrent, Condition::discharge_overcurrent}, alarms);
  add_code(tail[3], {Condition::pack_undervoltage}, {Condition::pack_overvoltage}, alarms);
}

void decode_balanced_cells(ByteView tail, Reading& reading) {
  const std::uint32_t cells = read_be<4>(tail, kBalancingAt);
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((cells >> bit & 1U) != 0) reading.balancing_cells.push_back(static_cast<int>(bit + 1));
  }
  reading.balancing = cells != 0 || (tail[kBalanceEventAt] & 1U) != 0;
}

void decode_states(ByteView tail, Reading& reading) {
  const std::uint8_t fets = tail[kFetStatusAt];
  reading.discharge_fet = (fets & kDischargeFet) != 0;
  reading.charge_fet = (fets & kChargeFet) != 0;
  reading.heater_on = (fets & kHeater) != 0;
  reading.extra["charge_limiter"] = (fets & kChargeLimiter) != 0 ? 1.0 : 0.0;
  for (const NamedEvent& event : kNamedEvents) {
    const auto bits = static_cast<std::uint64_t>(*read_raw(tail, event.offset, event.wire));
    if ((bits >> event.bit & 1U) != 0) reading.extra[std::string(event.name)] = 1.0;
  }
  const auto* const state = std::find_if(std::begin(kSystemStates), std::end(kSystemStates),
                                         [&](const SystemState& known) { return known.mask == tail[kSystemStatusAt]; });
  if (state != std::end(kSystemStates)) reading.extra["state"] = std::string(state->name);
}

/// Whether INFO can be the answer to this command: answers do not repeat it.
bool fits(ByteView request, ByteView info) {
  if (command_of(request) == AsciiCommand::analog) {
    const auto shape = shape_of(info, 2, 2, kAnalogSize);
    return shape && info.size() <= shape->analog_tail() + kAnalogSize + 2;
  }
  const auto shape = shape_of(info, 1, 1, kAlarmSize);
  return shape && info.size() <= shape->alarm_tail() + kAlarmSize + 2;
}

}  // namespace

Bytes ascii_request(std::uint8_t address, AsciiCommand command) {
  return ascii::build({kVersion, address, kDeviceClass, static_cast<std::uint8_t>(command), {}});
}

Scan LifePower4::scan(ByteView request, ByteView buffer) {
  const Scan scan = ascii::scan_answer(request, buffer);
  if (scan.kind != Scan::Kind::frame || !is_known_request(request)) return scan;
  const ByteView frame = buffer.subspan(scan.begin, scan.size);
  // CHKSUM or LCHKSUM: the question came damaged, and is to be asked again.
  const auto content = ascii::parse(frame);
  const bool damaged = content && (content->code == kReturnChecksum || content->code == kReturnLengthChecksum);
  if (damaged) return Scan::drop(scan.begin + scan.size, Fault::crc);
  const auto info = ascii::answer_info(frame);
  // The late answer to the other question of a poll, or what another master asked for.
  if (info && !fits(request, *info)) return Scan::drop(scan.begin + scan.size, Fault::foreign);
  return scan;
}

Outcome<void> LifePower4::accept(ByteView request, ByteView frame) {
  const auto info = ascii::answer_info(frame);
  if (!info) return fail(info.error());
  if (!is_known_request(request) || !fits(request, *info)) return fail(Fault::foreign);
  return command_of(request) == AsciiCommand::analog ? accept_analog(*info) : accept_alarm(*info);
}

Outcome<void> LifePower4::accept_analog(ByteView info) {
  const auto shape = shape_of(info, 2, 2, kAnalogSize);
  if (!shape) return fail(Fault::foreign);
  const ByteView tail = info.subspan(shape->analog_tail());
  Reading reading;
  reading.cells_V = decode_row(info, 3, shape->cells, Wire::u16be, 0.001);
  reading.temps_C = decode_row(info, 4 + 2 * shape->cells, shape->sensors, Wire::u16be, 0.1, kKelvin_C, 0);
  decode(kAnalog, tail, reading);
  if (!percent_ok(reading) || !extremes_agree(tail, reading)) return fail(Fault::implausible);
  analog_ = std::move(reading);
  analog_shape_ = shape;
  return {};
}

Outcome<void> LifePower4::accept_alarm(ByteView info) {
  const auto shape = shape_of(info, 1, 1, kAlarmSize);
  if (!shape) return fail(Fault::foreign);
  if (analog_shape_ && *analog_shape_ != *shape) return fail(Fault::implausible);
  const ByteView tail = info.subspan(shape->alarm_tail());
  Reading reading;
  reading.alarms.emplace();
  decode_codes(info, *shape, *reading.alarms);
  for (const EventByte& event : kEvents) {
    decode_alarms(event.bits, static_cast<std::uint64_t>(*read_raw(tail, event.offset, event.wire)), *reading.alarms);
  }
  decode_balanced_cells(tail, reading);
  decode_states(tail, reading);
  for (const int cell : reading.balancing_cells) {
    if (static_cast<std::size_t>(cell) > shape->cells) return fail(Fault::implausible);
  }
  alarm_ = std::move(reading);
  return {};
}

std::optional<Reading> LifePower4::partial() const {
  if (!analog_ && !alarm_) return std::nullopt;
  Reading reading = analog_.value_or(Reading{});
  if (!alarm_) return reading;
  reading.alarms = alarm_->alarms;
  reading.balancing = alarm_->balancing;
  reading.balancing_cells = alarm_->balancing_cells;
  reading.charge_fet = alarm_->charge_fet;
  reading.discharge_fet = alarm_->discharge_fet;
  reading.heater_on = alarm_->heater_on;
  for (const auto& [name, value] : alarm_->extra) reading.extra.insert_or_assign(name, value);
  return reading;
}

std::optional<Reading> LifePower4::take() {
  if (!complete()) return std::nullopt;
  auto reading = partial();
  analog_.reset();
  alarm_.reset();
  return reading;
}

}  // namespace bms::eg4
