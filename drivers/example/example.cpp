#include "example.hpp"

#include "bms/modbus.hpp"

namespace bms::example {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr milliseconds kTimeout{500};
constexpr milliseconds kGap{20};  ///< silence this device needs before a request
constexpr minutes kSlowInterval{5};

bool asks_for(ByteView request, Registers registers) {
  return request.size() == 8 && request[1] == modbus::kReadHolding && read_be<2>(request, 2) == registers.first &&
         read_be<2>(request, 4) == registers.count;
}

void decode_status(ByteView status, Reading& reading) {
  decode(kStatusFields, status, reading);
  decode_alarms(kAlarms, read_be<2>(status, kAlarmsAt), reading.alarms.emplace());
  const auto state = read_be<2>(status, kStateAt);
  reading.charge_fet = (state >> kChargeFetBit & 1U) != 0;
  reading.discharge_fet = (state >> kDischargeFetBit & 1U) != 0;
  reading.balancing = (state >> kBalancingBit & 1U) != 0;
  reading.temps_C = decode_row(status, kTempsAt, kTempCount, Wire::i16be, 0.1, 0, kNoSensor);
  reading.cells_V = decode_row(status, kCellsAt, read_be<2>(status, kCellCountAt), Wire::u16be, 0.001);
}

}  // namespace

Scan ExampleDriver::scan(ByteView request, ByteView buffer) const { return modbus::scan_answer(request, buffer); }

std::optional<unsigned> ExampleDriver::asked(ByteView request) const { return modbus::asked(request); }

/// All decoding goes through here, live or recorded. The request says what the payload is.
Outcome<void> ExampleDriver::accept(ByteView request, ByteView frame) {
  if (request.size() == 8 && request[1] == modbus::kWriteSingle) {
    return (frame[1] & 0x80U) == 0 ? Outcome<void>() : Outcome<void>(fail(Fault::refused));
  }
  const auto payload = modbus::read_payload(frame);
  if (!payload) return fail(payload.error());
  const Bytes bytes(payload->begin(), payload->end());
  if (asks_for(request, kStatus)) {
    // What the checksum cannot know: a count that is no count would read beyond the cells.
    const auto cells = read_be<2>(bytes, kCellCountAt);
    if (cells == 0 || cells > kMostCells) return fail(Fault::implausible);
    status_ = bytes;
  } else if (asks_for(request, kLimits)) {
    limits_ = bytes;
  } else if (asks_for(request, kIdentity)) {
    identity_ = bytes;
  } else {
    return fail(Fault::foreign);
  }
  fresh_ = true;
  return {};
}

Reading ExampleDriver::gathered() const {
  Reading reading;
  decode(kIdentityTexts, identity_, reading);
  decode(kLimitFields, limits_, reading);
  if (!status_.empty()) decode_status(status_, reading);
  return reading;
}

/// A status answer alone is a complete set; limits and identity come along when they are known.
std::optional<Reading> ExampleDriver::take() {
  if (status_.empty()) return std::nullopt;
  Reading reading = gathered();
  status_.clear();
  fresh_ = false;
  return reading;
}

std::optional<Reading> ExampleDriver::partial() const {
  return fresh_ ? std::optional<Reading>(gathered()) : std::nullopt;
}

Conversation<Outcome<void>> ExampleDriver::ask(Registers registers) {
  // The exchange has a name of its own: it must outlive the co_await.
  const Exchange read{modbus::read_request(address_, modbus::kReadHolding, registers.first, registers.count), kTimeout,
                      kGap};
  const Answer answer = co_await read;
  if (!answer) co_return fail(answer.error());
  co_return accept(read.request, *answer);
}

Conversation<Outcome<Reading>> ExampleDriver::poll(TimePoint now) {
  status_.clear();
  const auto status = co_await ask(kStatus);
  if (!status) co_return fail(status.error());
  if (!slow_due_ || now >= *slow_due_) {
    const auto limits = co_await ask(kLimits);
    if (!limits) co_return fail(limits.error());
    const auto identity = co_await ask(kIdentity);
    if (!identity) co_return fail(identity.error());
    slow_due_ = now + kSlowInterval;
  }
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

/// Only reads: a device of another kind must not notice.
Conversation<Outcome<Reading>> ExampleDriver::probe() {
  const auto identity = co_await ask(kIdentity);
  if (!identity) co_return fail(identity.error());
  Reading found = gathered();
  if (!found.model || !found.model->starts_with("Acme")) co_return fail(Fault::foreign);
  co_return found;
}

Conversation<Outcome<bool>> ExampleDriver::switch_fet(std::uint16_t reg, bool on) {
  Exchange write{modbus::write_single_request(address_, reg, on ? 1 : 0), kTimeout, kGap};
  write.answer_repeats_request = true;  // the device confirms a write by repeating it, which looks like an echo
  const Answer written = co_await write;
  if (!written) co_return fail(written.error());
  if (const auto accepted = accept(write.request, *written); !accepted) co_return fail(accepted.error());
  // What counts is not that the device heard, but what it does now.
  const auto status = co_await ask(kStatus);
  if (!status) co_return fail(status.error());
  const auto reading = take();
  const auto fet = reg == kChargeSwitch ? reading->charge_fet : reading->discharge_fet;
  co_return fet.value_or(false);
}

}  // namespace bms::example
