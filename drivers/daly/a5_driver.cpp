#include "a5_driver.hpp"

#include <algorithm>
#include <cmath>

namespace bms::daly {
namespace {

using namespace std::chrono_literals;
using namespace a5;

// Times seen in drivers of the field: a reply begins 20..30 ms after the request; polling without 20 ms of silence is
// answered with silence; frames of one reply follow each other, a USB adapter may hold them back.
constexpr auto kReplyTime = 500ms;
constexpr auto kSilence = 20ms;
constexpr auto kNextFrame = 100ms;

constexpr std::size_t kPaddedCellFrames = 16;
constexpr std::size_t kPaddedFrames = 8;  ///< more frames than any other reply has
constexpr auto kSettingsPeriod = 10min;
constexpr int kMissesUntilUnknown = 2;
/// A board that says something knows the command; a bad line must not make another battery of it.
constexpr int kDamagedUntilUnknown = 8;
constexpr auto kPatience = 10min;

bool setting_enabled(const DriverOptions& options, std::string_view key) {
  const auto found = options.settings.find(key);
  return found != options.settings.end() && (found->second == "yes" || found->second == "true" || found->second == "1");
}

constexpr int kAttempts = 3;

Exchange question(std::uint8_t host, std::uint8_t command, int attempts = kAttempts) {
  Exchange exchange;
  exchange.request = request(host, command);
  exchange.timeout = kReplyTime;
  exchange.gap = kSilence;
  exchange.attempts = attempts;
  return exchange;
}

Exchange listening() {
  Exchange exchange;
  exchange.timeout = kNextFrame;
  exchange.attempts = 1;
  return exchange;
}

struct RowAndExtremes {
  std::uint8_t extremes;
  std::uint8_t row;
};
// Named: g++ 12 miscompiles lists that live across a co_await.
constexpr RowAndExtremes kRows[] = {{kCellExtremes, kCells}, {kTemperatureExtremes, kTemperatures}};
// The state byte follows the current at once: it tells its sign.
constexpr std::uint8_t kSingles[] = {kPack, kState, kAlarms};
constexpr std::uint8_t kProbed[] = {kCells, kPack, kState, kRated, kBatteryDetails, kBatteryCode};

}  // namespace

A5Driver::A5Driver(const DriverOptions& options)
    : host_(setting_enabled(options, "uart_port") ? kUartHost : host_of(std::clamp(options.address, 1U, 16U))),
      try_uart_(options.address <= 1),
      memory_(setting_enabled(options, "invert_current")) {}

Scan A5Driver::scan(ByteView request, ByteView buffer) const { return a5::scan(request, buffer); }

/// An answer names its board and its command itself.
Bytes A5Driver::question_to(ByteView heard) const {
  return heard.size() > 2 ? request(host_, heard[2]) : request(host_, kPack);
}

std::optional<unsigned> A5Driver::asked(ByteView request) const {
  const bool board =
      request.size() >= kHeaderSize && request[0] == kStart && request[1] >= host_of(1) && request[1] <= host_of(16);
  return board ? std::optional(1U + request[1] - host_of(1)) : std::nullopt;
}

Outcome<void> A5Driver::accept(ByteView request, ByteView frame) {
  if (request.size() < kFrameSize || !well_formed(frame) || frame[1] != answer_id(request[1]) ||
      frame[2] != request[2]) {
    return fail(Fault::foreign);
  }
  Data data;
  std::copy_n(data_of(frame).begin(), data.size(), data.begin());
  return memory_.put(frame[2], data);
}

std::optional<Reading> A5Driver::take() {
  if (!memory_.touched() || !memory_.complete()) return std::nullopt;
  Reading reading = memory_.reading();
  memory_.restart();
  return reading;
}

std::optional<Reading> A5Driver::partial() const {
  return memory_.touched() ? std::optional<Reading>(memory_.reading()) : std::nullopt;
}

Conversation<Outcome<void>> A5Driver::ask(std::uint8_t command, int attempts) {
  const Exchange exchange = question(host_, command, attempts);
  const Answer answer = co_await exchange;
  if (!answer) co_return fail(answer.error());
  co_return accept(exchange.request, *answer);
}

Conversation<Outcome<std::size_t>> A5Driver::collect(std::uint8_t command) {
  const Bytes context = request(host_, command);
  const auto known = frames_sent_.find(command);
  const std::size_t most = command == kCells ? kPaddedCellFrames : kPaddedFrames;
  const std::size_t expected = known == frames_sent_.end() ? most : known->second;
  const Exchange next = listening();
  std::size_t count = 1;
  while (count < expected) {
    const Answer answer = co_await next;
    if (!answer) break;
    ++count;
    if (auto taken = accept(context, *answer); !taken && memory_.holds(command)) co_return fail(taken.error());
  }
  co_return count;
}

/// Boards send as many frames as they need, or 16 with zeros at the end. Which, shows the first reply:
/// it is listened to until the board is silent. Later ones end with their last frame.
Conversation<Outcome<void>> A5Driver::ask_row(std::uint8_t command, int attempts) {
  Fault fault = Fault::short_frame;
  for (int attempt = 0; attempt < 2; ++attempt) {
    memory_.begin(command);
    const auto first = co_await ask(command, attempts);
    if (!first && first.error() != Fault::implausible) co_return first;
    const auto count = co_await collect(command);
    const bool whole =
        memory_.frames_needed(command) || !frames_sent_.contains(command) || count == frames_sent_.at(command);
    if (count && whole && memory_.holds(command)) {
      frames_sent_.insert_or_assign(command, *count);
      co_return Outcome<void>{};
    }
    if (attempt > 0) frames_sent_.erase(command);
    fault = !first ? first.error() : count ? Fault::short_frame : count.error();
  }
  co_return fail(fault);
}

Conversation<Outcome<void>> A5Driver::ask_any(std::uint8_t command) {
  const bool row = command == kCells || command == kTemperatures || command == kBatteryCode || command == kSoftware ||
                   command == kHardware;
  if (!row) co_return co_await ask(command, kAttempts);
  if (memory_.frames_needed(command) == 0) co_return Outcome<void>{};
  co_return co_await ask_row(command, kAttempts);
}

Conversation<Outcome<void>> A5Driver::ask_optional(std::uint8_t command, TimePoint now) {
  Patience& patience = patience_[command];
  if (patience.misses >= kMissesUntilUnknown && now < patience.again) co_return Outcome<void>{};
  const auto asked = co_await ask_any(command);
  if (asked) {
    patience.misses = 0;
    memory_.demand(command);
    co_return asked;
  }
  if (asked.error() != Fault::timeout) co_return asked;
  patience.again = now + kPatience;
  if (++patience.misses < kMissesUntilUnknown) co_return asked;
  memory_.waive(command);
  co_return Outcome<void>{};
}

/// Cells and temperatures after their extremes. What contradicts itself is asked once more; a board that keeps on
/// contradicting itself has other extremes than ours, and is believed without them.
Conversation<Outcome<void>> A5Driver::read_cells(TimePoint now) {
  Outcome<void> step;
  for (const RowAndExtremes& pair : kRows) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      step = co_await ask_optional(pair.extremes, now);
      if (!step) co_return step;
      step = co_await ask_any(pair.row);
      if (step || step.error() != Fault::implausible) break;
    }
    if (!step) break;
  }
  if (step) {
    contradictions_ = 0;
  } else if (step.error() == Fault::implausible && ++contradictions_ >= kMissesUntilUnknown) {
    memory_.trust_extremes(false);
  }
  co_return step;
}

/// Its remaining capacity is the one value that may be wrong by so little that no gate behind sees it.
Conversation<Outcome<void>> A5Driver::read_state(TimePoint now) {
  auto step = co_await ask_any(kState);
  if (!step) co_return step;
  const bool as_before = state_ && memory_.state_follows(*state_, now - state_at_) && memory_.same_direction(*state_);
  for (int again = 0; again < 2 && !as_before; ++again) {
    const Data last = *memory_.state();
    step = co_await ask_any(kState);
    if (!step) co_return step;
    if (!memory_.state_follows(last, kReplyTime)) co_return fail(Fault::implausible);
    // Around zero the direction may change with every reply: the third one is taken as it is.
    if (memory_.same_direction(last)) break;
  }
  state_ = memory_.state();
  state_at_ = now;
  co_return step;
}

Conversation<Outcome<void>> A5Driver::read_fast(TimePoint now) {
  auto step = co_await ask_any(kStatus);
  if (!step && step.error() == Fault::implausible) step = co_await ask_any(kStatus);
  if (!step) co_return step;
  step = co_await read_cells(now);
  if (!step) co_return step;
  for (const std::uint8_t command : kSingles) {
    if (command == kState) {
      step = co_await read_state(now);
    } else {
      step = co_await ask_any(command);
    }
    if (!step) co_return step;
  }
  co_return co_await ask_optional(kBalance, now);
}

const Setting* A5Driver::next_setting(TimePoint now) {
  if (setting_ >= std::size(kSettings)) {
    if (now < settings_due_) return nullptr;
    setting_ = 0;
  }
  for (; setting_ < std::size(kSettings); ++setting_) {
    const Patience& patience = patience_[kSettings[setting_].command];
    if (patience.misses < kMissesUntilUnknown || patience.answered) return &kSettings[setting_++];
  }
  settings_due_ = now + kSettingsPeriod;
  return nullptr;
}

/// A setting stays for a long time and an 8-bit sum is weak: it counts when two replies agree.
Conversation<Outcome<void>> A5Driver::read_setting_twice(const Setting& setting) {
  const Reading before = memory_.settings();
  Reading first;
  for (int attempt = 0; attempt < 2; ++attempt) {
    Outcome<void> step;
    if (setting.text) {
      step = co_await ask_row(setting.command, 1);
    } else {
      step = co_await ask(setting.command, 1);
    }
    if (step && attempt > 0 && memory_.settings() != first) step = fail(Fault::implausible);
    if (!step) {
      memory_.set_settings(before);
      co_return step;
    }
    first = memory_.settings();
  }
  co_return Outcome<void>{};
}

/// One setting per poll: the first Reading does not wait for what hardly ever changes. Boards leave many of them
/// unanswered, which is no fault of the poll.
Conversation<Outcome<void>> A5Driver::read_setting(TimePoint now) {
  const Setting* setting = next_setting(now);
  if (setting == nullptr) co_return Outcome<void>{};
  const auto step = co_await read_setting_twice(*setting);
  Patience& patience = patience_[setting->command];
  patience.answered = patience.answered || step.has_value();
  const bool silent = !step && step.error() == Fault::timeout;
  patience.damaged = step || silent ? 0 : patience.damaged + 1;
  patience.misses = silent ? patience.misses + 1 : 0;
  if (patience.damaged >= kDamagedUntilUnknown) patience.misses = kMissesUntilUnknown;
  if (!step && patience.misses < kMissesUntilUnknown) --setting_;  // once more with the next poll
  if (setting->command == kHardware) memory_.make_serial();
  co_return Outcome<void>{};
}

Conversation<Outcome<Reading>> A5Driver::poll(TimePoint now) {
  memory_.restart();
  if (const auto step = co_await read_fast(now); !step) co_return fail(step.error());
  co_await read_setting(now);
  const Patience& rated = patience_[kRated];
  if (!rated.answered && rated.misses >= kMissesUntilUnknown) memory_.estimate_capacity();
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

void A5Driver::refresh() {
  if (setting_ > 0) --setting_;
}

Conversation<Outcome<Reading>> A5Driver::probe() {
  memory_.restart();
  auto status = co_await ask_any(kStatus);
  if (!status && status.error() == Fault::timeout && try_uart_ && host_ != kUartHost) {
    const std::uint8_t rs485 = host_;
    host_ = kUartHost;
    status = co_await ask_any(kStatus);
    if (!status) host_ = rs485;
  }
  if (!status) co_return fail(status.error());
  for (const std::uint8_t command : kProbed) {
    co_await ask_any(command);
  }
  memory_.make_serial();
  Reading reading = memory_.reading();
  reading.extra["host_address"] = static_cast<double>(host_);
  if (host_ == kUartHost) reading.extra["config.uart_port"] = std::string("yes");
  memory_.restart();
  co_return reading;
}

Conversation<Outcome<bool>> A5Driver::switch_charge(bool on) { return switch_fet(kChargeFet, on); }
Conversation<Outcome<bool>> A5Driver::switch_discharge(bool on) { return switch_fet(kDischargeFet, on); }

/// Some firmware keeps telling a conducting discharge MOSFET after it was switched off: then the
/// acknowledged order counts, as long as no current contradicts it.
Conversation<Outcome<bool>> A5Driver::switch_fet(std::uint8_t command, bool on) {
  constexpr double kNoCurrent_A = 0.5;
  const std::uint8_t order[kDataSize] = {static_cast<std::uint8_t>(on ? 1 : 0)};
  Exchange exchange = question(host_, command);
  exchange.request = request(host_, command, order);
  const Answer answer = co_await exchange;
  if (!answer) co_return fail(answer.error());
  if (data_of(*answer)[0] != order[0]) co_return fail(Fault::refused);
  memory_.restart();
  if (const auto step = co_await ask_any(kState); !step) co_return fail(step.error());
  if (const auto step = co_await ask_any(kPack); !step) co_return fail(step.error());
  const Reading now = memory_.reading();
  memory_.restart();
  const auto& fet = command == kChargeFet ? now.charge_fet : now.discharge_fet;
  const bool silent = !on && command == kDischargeFet && std::abs(now.current_A.value_or(0)) < kNoCurrent_A;
  co_return fet == on || silent;
}

/// The order sets clock and SoC together; the board's own clock is written back, so that it stays right.
Conversation<Outcome<bool>> A5Driver::set_soc(double soc_pct) {
  constexpr double kTolerance_pct = 0.5;
  if (!(soc_pct >= 0 && soc_pct <= 100)) co_return fail(Fault::unsupported);
  const auto clock_read = co_await ask_any(kClock);
  const auto clock = memory_.clock();
  if (!clock_read || !clock) co_return fail(Fault::unsupported);
  Bytes order(clock->begin(), clock->end());
  append_be(order, static_cast<std::uint32_t>(std::lround(soc_pct * 10)), 2);
  Exchange exchange = question(host_, kSetClockAndSoc);
  exchange.request = request(host_, kSetClockAndSoc, order);
  const Answer answer = co_await exchange;
  if (!answer) co_return fail(answer.error());
  if (data_of(*answer)[0] != 1) co_return fail(Fault::refused);
  memory_.restart();
  if (const auto step = co_await ask_any(kPack); !step) co_return fail(step.error());
  const auto now_pct = memory_.soc_pct();
  memory_.restart();
  co_return now_pct&& std::abs(*now_pct - soc_pct) <= kTolerance_pct;
}

}  // namespace bms::daly
