#include "tianpower.hpp"

#include <algorithm>
#include <cmath>

#include "bms/checksum.hpp"
#include "pack_size.hpp"

namespace bms::eg4 {
namespace {

constexpr std::size_t kHeader = 4;    // SOI, address, command, LEN
constexpr std::size_t kOverhead = 6;  // and check byte, EOI
constexpr std::size_t kStatusWords = 5;
constexpr double kMaxPercent = 100;
// Largest step between two polls that needs no second look; a longer silence costs one repeated exchange.
constexpr double kRestStep_V = 0.04;
constexpr double kSocStep_pct = 0.2;
constexpr double kCounterStep[] = {5, 5, 3600, 3600, 1000, 1000};  // Ah, Ah, s, s, Wh, Wh

/// Pack voltage is told as the sum of the cells, cut or rounded to 0.01 V, by all packs seen so far.
bool is_sum(double rest_V) { return rest_V > -0.0105 && rest_V < 0.0055; }

/// The data as text; what a device without a serial number sends instead (00, FF, blanks) gives an empty one.
std::string printable(ByteView data) {
  std::string text;
  for (const std::uint8_t byte : data) {
    if (byte >= 0x20 && byte < 0x7F) text.push_back(static_cast<char>(byte));
  }
  text.erase(std::find_if(text.rbegin(), text.rend(), [](char c) { return c != ' '; }).base(), text.end());
  return text;
}

bool in_percent(const std::optional<double>& value) { return !value || *value <= kMaxPercent; }

}  // namespace

std::uint8_t check_byte(ByteView bytes) {
  std::uint8_t exclusive = 0;
  for (const std::uint8_t byte : bytes) exclusive ^= byte;
  return sum8(bytes) ^ exclusive;
}

Bytes build(std::uint8_t start, std::uint8_t address, Command command, ByteView data) {
  Bytes frame{start, address, static_cast<std::uint8_t>(command), static_cast<std::uint8_t>(data.size())};
  append(frame, data);
  frame.push_back(check_byte(frame));
  frame.push_back(kEnd);
  return frame;
}

Scan TianPower::scan(ByteView request, ByteView buffer) {
  if (buffer.empty()) return Scan::more();
  if (request.size() < kOverhead) return Scan::drop(buffer.size(), Fault::foreign);
  const auto start = std::find(buffer.begin(), buffer.end(), request[0]);
  if (start != buffer.begin()) return Scan::drop(static_cast<std::size_t>(start - buffer.begin()));
  // An answer repeats address and command of the request.
  const std::size_t seen = std::min<std::size_t>(buffer.size(), 3);
  if (!std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(seen), request.begin())) {
    return Scan::drop(1);
  }
  if (buffer.size() < kHeader) return Scan::more();
  const std::size_t size = kOverhead + buffer[3];
  if (buffer.size() < size) return Scan::more(size - buffer.size());
  const ByteView frame = buffer.first(size);
  if (frame[size - 1] != kEnd || frame[size - 2] != check_byte(frame.first(size - 2))) {
    return Scan::drop(1, Fault::crc);
  }
  // Without data it is the request itself, on adapters that hear what they send.
  if (buffer[3] == 0) return Scan::drop(size, Fault::foreign);
  return Scan::found(0, size);
}

bool TianPower::Steady::agrees(const Steady& other) const {
  if (exact != other.exact || std::abs(soc_pct - other.soc_pct) > kSocStep_pct) return false;
  if (is_sum(rest_V) != is_sum(other.rest_V) || std::abs(rest_V - other.rest_V) > kRestStep_V) return false;
  for (std::size_t i = 0; i < std::size(counters); ++i) {
    if (std::abs(counters[i] - other.counters[i]) > kCounterStep[i]) return false;
  }
  return true;
}

void TianPower::parse_cells(ByteView values, Reading& reading) {
  reading.balancing = false;
  for (std::size_t at = 0; at < values.size(); at += 2) {
    const std::uint32_t word = read_be<2>(values, at);
    reading.cells_V.emplace_back(scaled(word & kCellMask, 0.001));
    if ((word & kCellBalancing) != 0) {
      reading.balancing = true;
      reading.balancing_cells.push_back(static_cast<int>(at / 2 + 1));
    }
    if ((word & kCellHigh) != 0) {
      if (!reading.alarms) reading.alarms.emplace();
      add_alarm(*reading.alarms, {Condition::cell_overvoltage, AlarmLevel::warning});
    }
  }
}

void TianPower::parse_temperatures(ByteView values, Status& status) {
  const std::size_t count = values.size() / 2;
  bool kinds_known = false;
  for (std::size_t i = 0; i < count; ++i) kinds_known |= values[2 * i] != 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t kind = values[2 * i];
    append(status.steady.exact, values.subspan(2 * i, 2));
    // A board that does not mark its six sensors has them in the order of those that do.
    if (!kinds_known && count == 6 && i >= 4) kind = i == 4 ? kMosSensor : kAmbientSensor;
    const std::uint8_t raw = values[2 * i + 1];
    const auto value = raw == 0 ? std::nullopt : std::optional<double>(raw - kTemperatureBias);
    if (kind == kMosSensor || kind == kMosSensorToo) {
      status.reading.mos_temp_C = value;
    } else if (kind == kAmbientSensor) {
      status.reading.env_temp_C = value;
    } else {
      status.reading.temps_C.push_back(value);
    }
  }
}

void TianPower::parse_words(ByteView values, Status& status) {
  for (std::size_t at = 0; at < values.size(); at += 2) {
    const std::uint32_t word = read_be<2>(values, at);
    if (at == 2) {
      status.word = static_cast<std::uint16_t>(word);
    } else {
      // 0 in every capture: a change is worth a second look, its meaning is not known.
      append_be(status.steady.exact, word, 2);
      if (word != 0) status.reading.extra["status_word_" + std::to_string(at / 2)] = static_cast<double>(word);
    }
  }
}

bool TianPower::parse_group(std::uint8_t type, ByteView values, Status& status) {
  const std::size_t count = values.size() / group_value_size(type);
  if (type == kCellGroup) {
    if (count == 0 || count > kMostPackCells || !status.reading.cells_V.empty()) return false;
    parse_cells(values, status.reading);
  } else if (type == kTemperatureGroup) {
    if (count > kMostPackSensors || !status.reading.temps_C.empty()) return false;
    parse_temperatures(values, status);
  } else if (type == kStatusGroup) {
    if (count > kStatusWords) return false;
    parse_words(values, status);
  } else {
    const auto* const known =
        std::find_if(std::begin(kGroups), std::end(kGroups), [&](const auto& group) { return group.type == type; });
    if (known == std::end(kGroups) || count != 1) return false;
    decode(std::span(&known->field, 1), values, status.reading);
    constexpr std::uint8_t kHardlyMoving[] = {0x04, 0x07, 0x09, 0x0A, 0x11};  // capacity, cycles, SoH, two unknown
    const auto* const end = std::end(kHardlyMoving);
    if (std::find(std::begin(kHardlyMoving), end, type) != end) append(status.steady.exact, values);
    if (group_value_size(type) == 4) status.steady.counters[type - kFirstCounter] = read_be<4>(values, 0);
  }
  return true;
}

Outcome<TianPower::Status> TianPower::parse_status(ByteView data) {
  Status status;
  std::size_t at = 0;
  while (data.size() - at >= 2) {
    const std::uint8_t type = data[at];
    const std::uint8_t count = data[at + 1];
    if (type == 0 || type > kLastGroup) break;  // of a newer firmware; how long its values are is not known
    at += 2;
    const std::size_t size = count * group_value_size(type);
    if (data.size() - at < size) return fail(Fault::implausible);
    status.steady.exact.push_back(type);
    status.steady.exact.push_back(count);
    if (!parse_group(type, data.subspan(at, size), status)) return fail(Fault::implausible);
    at += size;
  }
  Reading& reading = status.reading;
  const auto sum = cell_sum(reading);
  if (!sum || !reading.voltage_V || !reading.current_A || !reading.soc_pct) return fail(Fault::implausible);
  if (!in_percent(reading.soc_pct) || !in_percent(reading.soh_pct)) return fail(Fault::implausible);
  status.steady.soc_pct = *reading.soc_pct;
  status.steady.rest_V = *reading.voltage_V - *sum;
  // The protocol has no remaining capacity.
  if (reading.capacity_Ah) reading.remaining_Ah = scaled(1, *reading.soc_pct * *reading.capacity_Ah / 100);
  return status;
}

/// The state and the alarms of the second status word.
void TianPower::explain_word(std::uint16_t word, Reading& reading) const {
  const bool charging = (word & kCharging) != 0;
  const bool discharging = (word & kDischarging) != 0;
  reading.extra["state"] = std::string(charging ? "charging" : discharging ? "discharging" : "idle");
  if (!reading.alarms) reading.alarms.emplace();
  decode_alarms(kStatusAlarms, word, *reading.alarms);
  if ((word & kOvercurrent) == 0) return;
  // The direction is not told: that of the state, else of the last current. With neither both are blocked.
  const bool any = charging || discharging;
  const bool charge = any ? charging : last_current_A_ >= 0;
  const bool discharge = any ? discharging : last_current_A_ <= 0;
  if (charge) add_alarm(*reading.alarms, {Condition::charge_overcurrent, AlarmLevel::alarm});
  if (discharge) add_alarm(*reading.alarms, {Condition::discharge_overcurrent, AlarmLevel::alarm});
}

Outcome<void> TianPower::accept_status(ByteView data) {
  auto status = parse_status(data);
  if (!status) return fail(status.error());
  const Steady& steady = status->steady;
  const bool known = !trusted_ || trusted_->agrees(steady) || (suspect_ && suspect_->agrees(steady));
  if (!known) {
    suspect_ = steady;
    return fail(Fault::implausible);
  }
  trusted_ = steady;
  suspect_.reset();
  if (*status->reading.current_A != 0) last_current_A_ = *status->reading.current_A;
  if (status->word) explain_word(*status->word, status->reading);
  status_ = std::move(status->reading);
  return {};
}

/// "QT-YS00-16SV100A-V3.40": the board, its cells and current class, then the firmware.
void TianPower::accept_version(const std::string& text) {
  const auto split = text.rfind("-V");
  identity_.model.reset();
  identity_.sw.reset();
  if (!text.empty()) identity_.model = text.substr(0, split);
  if (split != std::string::npos) identity_.sw = text.substr(split + 2);
}

/// A serial number on some packs, a hardware name on others, nothing on most.
void TianPower::accept_serial(std::string text) {
  constexpr std::size_t kShortestSerial = 6;
  const bool digits = std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  identity_.serial.reset();
  identity_.hw.reset();
  if (text.size() >= kShortestSerial && digits) {
    identity_.serial = std::move(text);
  } else if (!text.empty()) {
    identity_.hw = std::move(text);
  }
}

Outcome<void> TianPower::accept(ByteView frame) {
  if (frame.size() < kOverhead || frame.size() != kOverhead + frame[3]) return fail(Fault::foreign);
  const ByteView data = frame.subspan(kHeader, frame[3]);
  switch (static_cast<Command>(frame[2])) {
    case Command::status:
      return accept_status(data);
    case Command::version:
      accept_version(printable(data));
      break;
    case Command::serial:
      accept_serial(printable(data));
      break;
    case Command::unknown_06:
      identity_.extra["command_06_hex"] = to_hex(data);
      break;
    default:
      return fail(Fault::foreign);
  }
  identity_heard_ = identity_ != Reading{};
  return {};
}

void TianPower::forget(Command command) {
  if (command == Command::version) accept_version({});
  if (command == Command::serial) accept_serial({});
}

void TianPower::add_identity(Reading& reading) const {
  reading.model = identity_.model;
  reading.serial = identity_.serial;
  reading.hw = identity_.hw;
  reading.sw = identity_.sw;
  for (const auto& [name, value] : identity_.extra) reading.extra.insert_or_assign(name, value);
}

std::optional<Reading> TianPower::partial() const {
  if (!status_ && !identity_heard_) return std::nullopt;
  Reading reading = status_.value_or(Reading{});
  add_identity(reading);
  return reading;
}

std::optional<Reading> TianPower::take() {
  if (!status_) return std::nullopt;
  auto reading = partial();
  status_.reset();
  identity_heard_ = false;
  return reading;
}

}  // namespace bms::eg4
