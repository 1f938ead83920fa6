#include "renogy_driver.hpp"

#include <algorithm>

#include "bms/modbus.hpp"

namespace bms::renogy {
namespace {

using namespace std::chrono_literals;

// First byte within 300 ms, up to 76 ms on the wire, and what a USB adapter holds back. Two requests to one battery
// need a pause (renogy-bt waits half a second through the radio module; 100 ms is enough on RS485).
constexpr auto kReplyTime = 450ms;
constexpr auto kPause = 100ms;
constexpr int kAttempts = 3;
constexpr int kMissesUntilUnknown = 2;
constexpr auto kSlowPeriod = 10min;

constexpr std::uint8_t kDataCheckWrong = 5;  ///< error code
constexpr std::size_t kIdentity = 0;         ///< in kSlowPlans

std::optional<CurrentScale> forced_scale(const DriverOptions& options) {
  const auto found = options.settings.find("current_scale");
  if (found == options.settings.end()) return std::nullopt;
  if (found->second == "0.1") return CurrentScale::tenth;
  if (found->second == "0.01") return CurrentScale::hundredth;
  return std::nullopt;
}

/// What the answer must begin with: who is asked as "any" may answer as itself.
Bytes as_answered(ByteView request, ByteView buffer) {
  Bytes expected(request.begin(), request.end());
  if (!expected.empty() && expected[0] == kAnyAddress && !buffer.empty() && buffer[0] != 0) expected[0] = buffer[0];
  return expected;
}

}  // namespace

RenogyDriver::RenogyDriver(const DriverOptions& options)
    : address_(static_cast<std::uint8_t>(std::clamp(options.address, 1U, 255U))),
      memory_(address_, forced_scale(options)) {}

Scan RenogyDriver::scan(ByteView request, ByteView buffer) const {
  const Scan scan = modbus::scan_answer(as_answered(request, buffer), buffer);
  const bool error = scan.kind == Scan::Kind::frame && (buffer[scan.begin + 1] & 0x80U) != 0;
  // The question came damaged: to be asked again, unlike one that is refused.
  if (error && buffer[scan.begin + 2] == kDataCheckWrong) return Scan::drop(scan.begin + scan.size, Fault::crc);
  return scan;
}

std::optional<unsigned> RenogyDriver::asked(ByteView request) const { return modbus::asked(request); }

Outcome<void> RenogyDriver::accept(ByteView request, ByteView frame) {
  const Bytes expected = as_answered(request, frame);
  const bool fits = expected.size() >= 8 && frame.size() >= 5 && frame[0] == expected[0] &&
                    (frame[1] & 0x7FU) == expected[1] && modbus::crc_ok(frame);
  if (!fits) return fail(Fault::foreign);
  if ((frame[1] & 0x80U) != 0) return fail(Fault::refused);
  if (expected[1] != modbus::kReadHolding) return {};
  const auto payload = modbus::read_payload(frame);
  if (!payload) return fail(payload.error());
  if (payload->size() != std::size_t{read_be<2>(expected, 4)} * 2) return fail(Fault::foreign);
  memory_.answers_as(request[0]);
  return memory_.put(static_cast<std::uint16_t>(read_be<2>(expected, 2)), *payload);
}

std::optional<Reading> RenogyDriver::take() {
  if (!memory_.touched() || !memory_.complete()) return std::nullopt;
  Reading reading = memory_.reading();
  memory_.restart();
  return reading;
}

std::optional<Reading> RenogyDriver::partial() const {
  return memory_.touched() ? std::optional<Reading>(memory_.reading()) : std::nullopt;
}

Conversation<Outcome<void>> RenogyDriver::ask(Block block, int attempts) {
  Exchange exchange;
  exchange.request = modbus::read_request(address_, modbus::kReadHolding, block.first, block.count);
  exchange.timeout = kReplyTime;
  exchange.gap = kPause;
  exchange.attempts = attempts;
  const Answer answer = co_await exchange;
  if (!answer) co_return fail(answer.error());
  co_return accept(exchange.request, *answer);
}

Conversation<Outcome<void>> RenogyDriver::ask_pieces(std::size_t index) {
  for (const Block& piece : kLivePlans[index].pieces) {
    if (memory_.has(piece.first, piece.count)) continue;
    int& misses = misses_[piece.first];
    if (!piece.needed && misses >= kMissesUntilUnknown) continue;
    const auto step = co_await ask(piece, kAttempts);
    const bool absent = !step && (step.error() == Fault::refused || step.error() == Fault::timeout);
    if (!piece.needed) misses = absent ? misses + 1 : 0;
    if (!step && (piece.needed || !absent)) co_return step;
  }
  co_return Outcome<void>{};
}

Conversation<Outcome<void>> RenogyDriver::ask_plan(std::size_t index) {
  if (!in_pieces_[index]) {
    const auto step = co_await ask(kLivePlans[index].whole, kAttempts);
    const bool refused = !step && step.error() == Fault::refused;
    // A battery that never answers is not one that refuses this block: pieces only when it answered another one.
    const bool ignored = !step && step.error() == Fault::timeout && memory_.touched();
    if (!refused && !ignored) co_return step;
  }
  const auto step = co_await ask_pieces(index);
  in_pieces_[index] = step.has_value();
  co_return step;
}

Conversation<Outcome<void>> RenogyDriver::read_live() {
  for (std::size_t index = 0; index < std::size(kLivePlans); ++index) {
    const auto step = co_await ask_plan(index);
    if (!step) co_return step;
  }
  co_return Outcome<void>{};
}

/// One piece that is answered is enough: some units answer only part of their identity.
Conversation<Outcome<void>> RenogyDriver::ask_slow(std::size_t index) {
  const Plan& plan = kSlowPlans[index];
  const auto whole = co_await ask(plan.whole, 2);
  if (whole || (whole.error() != Fault::refused && whole.error() != Fault::timeout)) co_return whole;
  Outcome<void> any = whole;
  for (const Block& piece : plan.pieces) {
    const auto step = co_await ask(piece, 1);
    if (step) any = step;
    if (!step && step.error() == Fault::timeout && !any) break;
  }
  co_return any;
}

Conversation<Outcome<void>> RenogyDriver::read_slow(TimePoint now) {
  if (slow_ >= std::size(kSlowPlans)) {
    if (now < slow_due_) co_return Outcome<void>{};
    slow_ = 0;
  }
  int& misses = misses_[kSlowPlans[slow_].whole.first];
  if (misses < kMissesUntilUnknown) {
    const auto step = co_await ask_slow(slow_);
    misses = step ? 0 : misses + 1;
    if (!step && misses < kMissesUntilUnknown) co_return step;  // again with the next poll
  }
  if (++slow_ >= std::size(kSlowPlans)) slow_due_ = now + kSlowPeriod;
  co_return Outcome<void>{};
}

void RenogyDriver::check_scale(TimePoint now, const Reading& reading) {
  if (memory_.scale_is_forced() || !reading.current_A || !reading.remaining_Ah) return;
  const auto verdict = scale_check_.add(now, *reading.current_A, *reading.remaining_Ah);
  if (verdict == ScaleCheck::Verdict::too_small && memory_.scale() == CurrentScale::hundredth) {
    memory_.measured_scale(CurrentScale::tenth);
  } else if (verdict == ScaleCheck::Verdict::too_large && memory_.scale() == CurrentScale::tenth) {
    memory_.measured_scale(CurrentScale::hundredth);
  }
}

Conversation<Outcome<Reading>> RenogyDriver::poll(TimePoint now) {
  memory_.restart();
  // The model decides on the scale of the current: a silent identity is asked for once more before anything is told.
  const auto slow = co_await read_slow(now);
  if (!slow && slow.error() == Fault::timeout && !memory_.touched() &&
      misses_[kSlowPlans[kIdentity].whole.first] == 1) {
    const auto alive = co_await ask_plan(0);
    if (!alive) {
      misses_[kSlowPlans[kIdentity].whole.first] = 0;  // not the identity is missing, the battery is
      co_return fail(alive.error());
    }
    co_await read_slow(now);
  }
  if (const auto step = co_await read_live(); !step) co_return fail(step.error());
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  check_scale(now, *reading);
  co_return std::move(*reading);
}

void RenogyDriver::refresh() {
  slow_ = 0;
  slow_due_ = {};
}

Conversation<Outcome<Reading>> RenogyDriver::probe() {
  memory_.restart();
  auto found = co_await ask(kModelBlock, 1);
  const bool voltage_only = !found;
  // Models that leave the name out have the voltage.
  if (voltage_only) found = co_await ask({kCurrent, 7}, 1);
  if (!found) co_return fail(found.error());
  // Any Modbus device may answer such a read: a name, or all of the live registers, make it a Renogy.
  if (!voltage_only) co_await ask(kSlowPlans[kIdentity].whole, 1);
  const auto live = co_await read_live();
  Reading reading = memory_.reading();
  const bool complete = memory_.complete();
  memory_.restart();
  if (!complete && (!reading.model || !live)) co_return fail(live ? Fault::foreign : live.error());
  co_return reading;
}

}  // namespace bms::renogy
