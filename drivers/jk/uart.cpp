#include "uart.hpp"

namespace bms::jk {
namespace {

using std::chrono::milliseconds;

/// Vendor: at least 100 ms between packets.
constexpr milliseconds kUartGap{100};
constexpr milliseconds kTimeout{500};
/// Some firmware takes a write only this long after the unlock frame (syssi/esphome-jk-bms#343).
constexpr milliseconds kUnlockGap{150};

constexpr std::uint8_t kWholeSet = 0;  ///< instead of an id: all of them

bool plausible_cells(ByteView value) {
  if (value.empty() || value.size() % kBytesPerCell != 0 || value.size() / kBytesPerCell > kMostUartCells) return false;
  for (std::size_t i = 0; i < value.size(); i += kBytesPerCell) {
    if (value[i] != i / kBytesPerCell + 1) return false;
  }
  return true;
}

/// For about 16 s after power-on a board tells SoC and cycles as 0; an inverter takes that for an empty battery
/// (ArminJo/JK-BMSToPylontechCAN:JK-BMSToPylontechCAN/JK-BMS.h). A battery whose weakest cell is above the recovery
/// voltage is not empty; one that says so for longer is believed.
constexpr std::chrono::seconds kStartUp{20};
bool looks_starting(const UartValues& values) {
  if (values.number(kSoc, Wire::u8) != 0 || values.number(kCycles, Wire::u16be) != 0) return false;
  const auto recovery = values.number(kUvpRecovery, Wire::u16be);
  const ByteView cells = values.at(kCells);
  std::optional<std::int64_t> weakest;  // of those that are connected
  for (std::size_t i = 0; i + kBytesPerCell <= cells.size(); i += kBytesPerCell) {
    const std::int64_t cell = read_be<2>(cells, i + 1);
    if (cell != 0 && (!weakest || cell < *weakest)) weakest = cell;
  }
  return recovery && weakest && *weakest > *recovery;
}

}  // namespace

Outcome<void> UartDriver::accept(ByteView request, ByteView frame) {
  if (uart_command(frame) == UartCommand::write || uart_command(frame) == UartCommand::unlock) return {};
  UartValues values;
  ByteView data = uart_data(frame);
  while (const auto item = next_item(data)) {
    const std::uint8_t id = item->id == nullptr ? kCells : item->id->id;
    if (id == kCells && !plausible_cells(item->value)) return fail(Fault::implausible);
    if (id == kSoc && item->value[0] > 100) return fail(Fault::implausible);
    if (id != kPassword) values.put(id, item->value);
  }
  if (values.empty()) return fail(Fault::implausible);
  // A read of one id comes back with that id alone; anything else answers another question.
  const ByteView asked = uart_data(request);
  const bool one = uart_command(frame) == UartCommand::read_one && !asked.empty() && asked[0] != kWholeSet;
  if (one && !values.contains(asked[0])) return fail(Fault::foreign);
  const bool whole = values.contains(kCells) && values.contains(kVoltage) && values.contains(kCurrent) &&
                     values.contains(kSoc) && values.contains(kStateBits);
  if (!one && uart_command(frame) == UartCommand::read_all && !whole) return fail(Fault::implausible);
  if (const auto version = values.number(kProtocolVersion, Wire::u8)) {
    protocol_version_ = static_cast<std::uint8_t>(*version);
  } else if (!data.empty() && protocol_version_) {
    // An unknown id hides the rest, and with it how the current is coded: as before, or it cannot be told.
    values.put(kProtocolVersion, {&*protocol_version_, 1});
  } else if (!data.empty()) {
    values.erase(kCurrent);
  }
  if (whole) values_.clear();
  values_.put_all(values);
  complete_ = complete_ || whole;
  fresh_ = true;
  return {};
}

Reading UartDriver::decoded() const {
  Reading reading = decode_uart(values_);
  reading.extra = Extras::later([values = values_] { return decode_uart_extras(values); });
  return reading;
}

void UartDriver::hold_back_start_up_values(TimePoint now, Reading& reading) {
  if (!looks_starting(values_)) {
    starting_since_.reset();
    return;
  }
  if (!starting_since_) starting_since_ = now;
  if (now - *starting_since_ >= kStartUp) return;
  reading.soc_pct.reset();
  reading.remaining_Ah.reset();
  reading.cycles.reset();
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
  const Exchange read{uart_request(UartCommand::read_all, data), kTimeout, kUartGap, attempts};
  const Answer answer = co_await read;
  if (!answer) co_return fail(answer.error());
  co_return accept(read.request, *answer);
}

Conversation<Outcome<Reading>> UartDriver::poll(TimePoint now) {
  values_.clear();
  complete_ = fresh_ = false;
  const auto answer = co_await ask_all(2);
  if (!answer) co_return fail(answer.error());
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  hold_back_start_up_values(now, *reading);
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
  const auto found = values_.number(id, Wire::u8);
  if (!found) co_return fail(Fault::unsupported);
  co_return *found != 0;
}

Conversation<Outcome<bool>> UartDriver::switch_setting(std::uint8_t id, bool on) {
  const auto plain = co_await write_and_read_back(id, on);
  if (!plain || *plain == on) co_return plain;
  const Bytes nothing{0};
  const Exchange unlock{uart_request(UartCommand::unlock, nothing), kTimeout, kUartGap, 1};
  const Answer unlocked = co_await unlock;
  if (!unlocked && unlocked.error() == Fault::io) co_return fail(Fault::io);
  co_return co_await write_and_read_back(id, on);
}

Bytes UartDriver::redacted(ByteView /*request*/, ByteView received) const { return uart_without_secrets(received); }

}  // namespace bms::jk
