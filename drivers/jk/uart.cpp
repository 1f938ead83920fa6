#include "uart.hpp"

#include <algorithm>

namespace bms::jk {
namespace {

using std::chrono::milliseconds;

/// Vendor: at least 100 ms between packets.
constexpr milliseconds kGap{100};
constexpr milliseconds kTimeout{500};
/// Some firmware takes a write only this long after the unlock frame (syssi/esphome-jk-bms#343).
constexpr milliseconds kUnlockGap{150};

constexpr std::size_t kBytesPerCell = 3;
constexpr std::size_t kMostUartCells = 32;
constexpr std::uint8_t kWholeSet = 0;  ///< instead of an id: all of them

bool plausible_cells(ByteView value) {
  if (value.size() % kBytesPerCell != 0 || value.size() / kBytesPerCell > kMostUartCells) return false;
  for (std::size_t i = 0; i < value.size(); i += kBytesPerCell) {
    if (value[i] != i / kBytesPerCell + 1) return false;
  }
  return true;
}

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

/// 12 bytes of the user, then the model; NUL bytes may stand in the middle.
void decode_manufacturer(ByteView value, Reading& reading) {
  constexpr std::size_t kModelAt = 12;
  const auto printable = [](ByteView bytes) {
    Bytes kept;
    std::copy_if(bytes.begin(), bytes.end(), std::back_inserter(kept), [](std::uint8_t byte) { return byte != 0; });
    return text_field(kept);
  };
  const std::string whole = printable(value);
  if (!whole.empty()) reading.extra["manufacturer_id"] = whole;
  const std::string model = printable(value.subspan(kModelAt));
  if (model.starts_with("JK")) reading.model = model;
}

void decode_cells(ByteView value, Reading& reading) {
  for (std::size_t i = 0; i + kBytesPerCell <= value.size(); i += kBytesPerCell) {
    reading.cells_V.emplace_back(scaled(read_be<2>(value, i + 1), 0.001));
  }
}

}  // namespace

Outcome<void> UartDriver::accept(ByteView request, ByteView frame) {
  if (uart_command(frame) == UartCommand::write || uart_command(frame) == UartCommand::unlock) return {};
  Values values;
  ByteView data = uart_data(frame);
  while (const auto item = next_item(data)) {
    const std::uint8_t id = item->id == nullptr ? kCells : item->id->id;
    if (id == kCells && !plausible_cells(item->value)) return fail(Fault::implausible);
    if (id == kSoc && item->value[0] > 100) return fail(Fault::implausible);
    if (id == kPassword) continue;
    values.insert_or_assign(id, Bytes(item->value.begin(), item->value.end()));
  }
  if (values.empty()) return fail(Fault::implausible);
  // A read of one id comes back with that id alone; anything else answers another question.
  const ByteView asked = uart_data(request);
  const bool one = uart_command(frame) == UartCommand::read_one && !asked.empty() && asked[0] != kWholeSet;
  if (one && !values.contains(asked[0])) return fail(Fault::foreign);
  const bool whole = values.contains(kCells) && values.contains(0x83) && values.contains(kCurrent) &&
                     values.contains(kSoc) && values.contains(kStateBits);
  if (!one && uart_command(frame) == UartCommand::read_all && !whole) return fail(Fault::implausible);
  if (!data.empty() && !values.contains(kProtocolVersion)) {
    // An unknown id hides the rest, and with it how the current is coded: as before, or it cannot be told.
    const auto before = values_.find(kProtocolVersion);
    if (before != values_.end()) {
      values.insert(*before);
    } else {
      values.erase(kCurrent);
    }
  }
  if (whole) values_.clear();
  for (auto& [id, value] : values) values_.insert_or_assign(id, std::move(value));
  complete_ = complete_ || whole;
  fresh_ = true;
  return {};
}

Reading UartDriver::decoded() const {
  Reading reading;
  const auto raw = [&](std::uint8_t id, Wire wire) -> std::optional<std::int64_t> {
    const auto found = values_.find(id);
    return found == values_.end() ? std::nullopt : read_raw(found->second, 0, wire);
  };
  const auto bytes = [&](std::uint8_t id) {
    const auto found = values_.find(id);
    return found == values_.end() ? ByteView() : ByteView(found->second);
  };
  for (const DataId& one : kDataIds) {
    const ByteView value = bytes(one.id);
    if (value.empty() || !one.target) continue;
    const Field field{0, one.wire, one.scale, *one.target};
    decode({&field, 1}, value, reading);
  }
  decode_cells(bytes(kCells), reading);
  if (const auto mos = raw(kMosTemp, Wire::u16be)) reading.mos_temp_C = temperature(*mos);
  const auto sensors = raw(kSensorCount, Wire::u8).value_or(2);
  for (const std::uint8_t id : {kTemp1, kTemp2}) {
    const auto temp = raw(id, Wire::u16be);
    if (temp && id - kTemp1 < sensors) reading.temps_C.push_back(temperature(*temp));
  }
  if (const auto value = raw(kCurrent, Wire::u16be)) {
    // The coding follows from the last id of a whole answer. A single value without one cannot be told.
    const auto version = raw(kProtocolVersion, Wire::u8);
    const bool whole = values_.contains(kCells);
    if (version || whole) reading.current_A = current(*value, version == 1);
  }
  if (const auto bits = raw(kAlarmBits, Wire::u16be)) {
    decode_alarms(kUartAlarms, static_cast<std::uint64_t>(*bits), reading.alarms.emplace());
  }
  if (const auto bits = raw(kStateBits, Wire::u16be)) {
    reading.charge_fet = (*bits >> kChargeFetBit & 1) != 0;
    reading.discharge_fet = (*bits >> kDischargeFetBit & 1) != 0;
    reading.balancing = (*bits >> kBalancerBit & 1) != 0;
  }
  const auto actual = raw(kActualCapacity, Wire::u32be).value_or(0);
  const auto capacity = actual != 0 ? actual : raw(kCapacitySetting, Wire::u32be).value_or(0);
  if (capacity != 0) {
    reading.capacity_Ah = static_cast<double>(capacity);
    if (reading.soc_pct) reading.remaining_Ah = scaled(capacity, *reading.soc_pct / 100);
  }
  decode_version(bytes(kVersion), reading);
  if (const ByteView value = bytes(kManufacturer); !value.empty()) decode_manufacturer(value, reading);
  if (std::string date = text_field(bytes(kDate)); !date.empty()) reading.extra["manufacture_date"] = std::move(date);
  if (std::string name = text_field(bytes(kDeviceId)); !name.empty()) reading.device_name = std::move(name);
  return reading;
}

std::optional<Reading> UartDriver::take() {
  if (!complete_) return std::nullopt;
  Reading reading = decoded();
  complete_ = fresh_ = false;
  return reading;
}

std::optional<Reading> UartDriver::partial() const { return fresh_ ? std::optional<Reading>(decoded()) : std::nullopt; }

Conversation<Outcome<void>> UartDriver::ask_all(int attempts) {
  const Bytes data{kWholeSet};
  const Exchange read{uart_request(UartCommand::read_all, data), kTimeout, kGap, attempts};
  const Answer answer = co_await read;
  if (!answer) co_return fail(answer.error());
  co_return accept(read.request, *answer);
}

Conversation<Outcome<Reading>> UartDriver::poll(TimePoint /*now*/) {
  values_.clear();
  complete_ = fresh_ = false;
  const auto answer = co_await ask_all(2);
  if (!answer) co_return fail(answer.error());
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

Conversation<Outcome<Reading>> UartDriver::probe() {
  const auto answer = co_await ask_all(1);
  if (!answer) co_return fail(answer.error());
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

Conversation<Outcome<bool>> UartDriver::write_and_read_back(std::uint8_t id, bool on) {
  const Bytes data{id, on ? std::uint8_t{1} : std::uint8_t{0}};
  const Exchange write{uart_request(UartCommand::write, data), kTimeout, kUnlockGap, 1};
  const Answer written = co_await write;  // not every firmware answers; what counts is what can be read back
  if (!written && written.error() == Fault::io) co_return fail(Fault::io);
  const auto read = co_await ask_all(3);
  if (!read) co_return fail(read.error());
  complete_ = fresh_ = false;
  const auto found = values_.find(id);
  if (found == values_.end()) co_return fail(Fault::unsupported);
  co_return found->second[0] != 0;
}

Conversation<Outcome<bool>> UartDriver::switch_setting(std::uint8_t id, bool on) {
  const auto plain = co_await write_and_read_back(id, on);
  if (!plain || *plain == on) co_return plain;
  const Bytes nothing{0};
  const Exchange unlock{uart_request(UartCommand::unlock, nothing), kTimeout, kGap, 1};
  const Answer unlocked = co_await unlock;
  if (!unlocked && unlocked.error() == Fault::io) co_return fail(Fault::io);
  co_return co_await write_and_read_back(id, on);
}

Bytes UartDriver::redacted(ByteView /*request*/, ByteView received) const { return uart_without_secrets(received); }

}  // namespace bms::jk
