#include "modbus_driver.hpp"

#include <algorithm>
#include <cmath>

#include "bms/modbus.hpp"

namespace bms::daly {
namespace {

using namespace std::chrono_literals;

// First byte within 500 ms, up to 174 ms on the wire, and what a USB adapter holds back.
constexpr auto kModbusReplyTime = 800ms;
constexpr auto kModbusSilence = 20ms;
// Replies do not carry the register: after a missed one the line stays silent until it cannot come any more.
constexpr auto kAfterMiss = 300ms;
constexpr int kModbusAttempts = 3;
constexpr int kModbusMissesUntilUnknown = 2;
constexpr auto kModbusSettingsPeriod = 10min;

std::string_view text_setting(const DriverOptions& options, std::string_view key) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? std::string_view() : std::string_view(found->second);
}

bool enabled(std::string_view value) { return value == "yes" || value == "true" || value == "1"; }

/// The request as its answer must look: from the address that answers.
Bytes as_answered(ByteView request) {
  Bytes expected(request.begin(), request.end());
  if (!expected.empty()) expected[0] = answer_address(expected[0]);
  return expected;
}

}  // namespace

std::uint8_t answer_address(std::uint8_t asked) {
  if (asked == kD2Address) return asked;
  const bool board = asked > kBoardAsked && asked <= kBoardAsked + 16;
  return board ? static_cast<std::uint8_t>(asked - kBoardAsked + kBoardAnswers) : std::uint8_t{0};
}

ModbusDriver::ModbusDriver(const DriverOptions& options)
    : board_(std::clamp(options.address, 1U, 16U)),
      d2_memory_(kD2Map, enabled(text_setting(options, "invert_current"))),
      board_memory_(kBoardMap, enabled(text_setting(options, "invert_current"))) {
  const std::string_view dialect = text_setting(options, "dialect");
  may_be_d2_ = dialect != "81" && board_ == 1;
  may_be_board_ = dialect != "d2";
  if (dialect == "d2") may_be_d2_ = true;
}

std::uint8_t ModbusDriver::address() const {
  return d2_ ? kD2Address : static_cast<std::uint8_t>(kBoardAsked + board_);
}

Scan ModbusDriver::scan(ByteView request, ByteView buffer) const {
  if (request.empty() || answer_address(request[0]) == 0) return Scan::drop(buffer.size(), Fault::foreign);
  return modbus::scan_answer(as_answered(request), buffer);
}

std::optional<unsigned> ModbusDriver::asked(ByteView request) const {
  const bool board = !request.empty() && request[0] != kD2Address && answer_address(request[0]) != 0;
  return board ? std::optional(unsigned{request[0]} - kBoardAsked) : std::nullopt;
}

Outcome<void> ModbusDriver::accept(ByteView request, ByteView frame) {
  const bool fits = request.size() >= 8 && frame.size() >= 5 && answer_address(request[0]) != 0 &&
                    frame[0] == answer_address(request[0]) && (frame[1] & 0x7FU) == request[1];
  if (!fits || !modbus::crc_ok(frame)) return fail(Fault::foreign);
  if ((frame[1] & 0x80U) != 0) return fail(Fault::refused);
  if (request[1] != modbus::kReadHolding) return {};  // a write was acknowledged; it is read back
  const auto payload = modbus::read_payload(frame);
  if (!payload) return fail(payload.error());
  if (payload->size() != std::size_t{read_be<2>(request, 4)} * 2) return fail(Fault::foreign);
  d2_ = request[0] == kD2Address;
  return memory().put(static_cast<std::uint16_t>(read_be<2>(request, 2)), *payload);
}

std::optional<Reading> ModbusDriver::take() {
  if (!memory().touched() || !memory().complete()) return std::nullopt;
  Reading reading = memory().reading();
  memory().restart();
  return reading;
}

std::optional<Reading> ModbusDriver::partial() const {
  return memory().touched() ? std::optional<Reading>(memory().reading()) : std::nullopt;
}

Conversation<Outcome<void>> ModbusDriver::ask(Block block, int attempts) {
  Outcome<void> outcome = fail(Fault::timeout);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    Exchange exchange;
    exchange.request = modbus::read_request(address(), modbus::kReadHolding, block.first, block.count);
    exchange.timeout = kModbusReplyTime;
    exchange.gap = late_ ? kAfterMiss : kModbusSilence;
    exchange.attempts = 1;
    const Answer answer = co_await exchange;
    late_ = !answer;
    outcome = answer ? accept(exchange.request, *answer) : Outcome<void>(fail(answer.error()));
    if (outcome || outcome.error() == Fault::refused || outcome.error() == Fault::io) break;
  }
  co_return outcome;
}

Conversation<Outcome<void>> ModbusDriver::find_dialect() {
  Outcome<void> outcome = fail(Fault::timeout);
  if (may_be_board_) {
    d2_ = false;
    outcome = co_await ask(kBoardLiveBlocks[0], 1);
  }
  if (!outcome && may_be_d2_) {
    d2_ = true;
    outcome = co_await ask(kD2LiveBlocks[0], 1);
  }
  known_ = outcome.has_value();
  co_return outcome;
}

/// Newer D2 boards answer 80 registers, others 62 and perhaps nine more; tried once each (syssi/esphome-daly-bms).
Conversation<Outcome<void>> ModbusDriver::read_d2() {
  if (!long_block_) {
    const auto tried = co_await ask(kD2LongBlock, 2);
    if (tried || tried.error() == Fault::timeout || tried.error() == Fault::refused) long_block_ = tried.has_value();
    if (tried) co_return tried;
  }
  // Still open when the answer came damaged: then the short block for this time.
  const bool long_block = long_block_.value_or(false);
  auto step = co_await ask(long_block ? kD2LongBlock : kD2LiveBlocks[0], kModbusAttempts);
  if (!step || long_block || mos_block_ == false) co_return step;
  const auto more = co_await ask(kD2MosBlock, mos_block_ ? kModbusAttempts : 2);
  if (!mos_block_) {
    if (more || more.error() == Fault::timeout || more.error() == Fault::refused) mos_block_ = more.has_value();
    co_return step;
  }
  co_return more;
}

Conversation<Outcome<void>> ModbusDriver::read_live() {
  Outcome<void> step;
  if (!d2_) {
    for (const Block& block : kBoardLiveBlocks) {
      step = co_await ask(block, kModbusAttempts);
      if (!step) co_return step;
    }
    co_return step;
  }
  step = co_await read_d2();
  if (!step || memory().reg(kD2Map.cell_count).value_or(0) <= kD2Map.most_cells) co_return step;
  co_return co_await ask(kD2MoreCells, kModbusAttempts);
}

/// One block per poll: the first Reading does not wait for what hardly ever changes. Some boards lack some of them.
Conversation<Outcome<void>> ModbusDriver::read_setting(TimePoint now) {
  const auto blocks = memory().map().setting_blocks;
  if (setting_ >= blocks.size()) {
    if (now < settings_due_) co_return Outcome<void>{};
    setting_ = 0;
  }
  const Block block = blocks[setting_];
  int& misses = misses_[block.first];
  if (misses < kModbusMissesUntilUnknown) {
    const auto read = co_await ask(block, 1);
    misses = read ? 0 : misses + 1;
    if (!read && misses < kModbusMissesUntilUnknown) co_return Outcome<void>{};  // again with the next poll
  }
  if (++setting_ >= blocks.size()) settings_due_ = now + kModbusSettingsPeriod;
  co_return Outcome<void>{};
}

Conversation<Outcome<Reading>> ModbusDriver::poll(TimePoint now) {
  memory().restart();
  if (!known_) {
    if (const auto found = co_await find_dialect(); !found) co_return fail(found.error());
  }
  if (const auto step = co_await read_live(); !step) co_return fail(step.error());
  co_await read_setting(now);
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

void ModbusDriver::refresh() {
  if (setting_ > 0) --setting_;
}

Conversation<Outcome<Reading>> ModbusDriver::probe() {
  d2_memory_.restart();
  board_memory_.restart();
  if (const auto found = co_await find_dialect(); !found) co_return fail(found.error());
  co_await read_live();
  for (const Block& block : memory().map().setting_blocks) co_await ask(block, 1);
  Reading reading = memory().reading();
  reading.extra["dialect"] = std::string(d2_ ? "d2" : "81");
  memory().restart();
  co_return reading;
}

/// The echo of a write can arrive damaged: what counts is read back (syssi/esphome-daly-bms). True: written.
Conversation<Outcome<bool>> ModbusDriver::write(std::uint16_t reg, std::uint16_t value) {
  if (!known_) {
    if (const auto found = co_await find_dialect(); !found) co_return fail(found.error());
  }
  Exchange exchange;
  exchange.request = modbus::write_single_request(address(), reg, value);
  exchange.timeout = kModbusReplyTime;
  exchange.gap = kAfterMiss;
  exchange.attempts = 2;
  exchange.answer_repeats_request = d2_;
  const Answer answer = co_await exchange;
  late_ = !answer;
  if (!answer && answer.error() != Fault::crc) co_return fail(answer.error());
  if (answer) {
    if (const auto taken = accept(exchange.request, *answer); !taken) co_return fail(taken.error());
  }
  memory().restart();
  if (const auto step = co_await read_live(); !step) co_return fail(step.error());
  co_return true;
}

Conversation<Outcome<bool>> ModbusDriver::switch_fet(bool charge, bool on) {
  if (!known_) {
    if (const auto found = co_await find_dialect(); !found) co_return fail(found.error());
  }
  const RegisterMap& map = memory().map();
  const auto written = co_await write(charge ? map.set_charge_fet : map.set_discharge_fet, on ? 1 : 0);
  if (!written) co_return written;
  const Reading now = memory().reading();
  co_return (charge ? now.charge_fet : now.discharge_fet) == on;
}

Conversation<Outcome<bool>> ModbusDriver::switch_charge(bool on) { return switch_fet(true, on); }
Conversation<Outcome<bool>> ModbusDriver::switch_discharge(bool on) { return switch_fet(false, on); }

Conversation<Outcome<bool>> ModbusDriver::set_soc(double soc_pct) {
  constexpr double kTolerance_pct = 0.5;
  if (!(soc_pct >= 0 && soc_pct <= 100)) co_return fail(Fault::unsupported);
  if (!known_) {
    if (const auto found = co_await find_dialect(); !found) co_return fail(found.error());
  }
  const auto tenths = static_cast<std::uint16_t>(std::lround(soc_pct * 10));
  const auto written = co_await write(memory().map().set_soc, tenths);
  if (!written) co_return written;
  const Reading now = memory().reading();
  co_return now.soc_pct&& std::abs(*now.soc_pct - soc_pct) <= kTolerance_pct;
}

}  // namespace bms::daly
