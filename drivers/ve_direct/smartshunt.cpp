#include "smartshunt.hpp"

#include <algorithm>
#include <cmath>

#include "fields.hpp"

namespace bms::ve_direct {
namespace {

constexpr int kHistoryGone = 30;  // main blocks without a history block until the history counts as unknown
constexpr int kMisfitsOfFirmware = 3;
constexpr double kLongGap_s = 30;  // after which charge and SoC may be anything
constexpr unsigned kAllHexParts = 0b111;

unsigned hex_part(std::uint16_t id) {
  if (id == kVoltage) return 0b001;
  if (id == kCurrentFine || id == kCurrentCoarse) return 0b010;
  return id == kSoc ? 0b100 : 0;
}

bool is_text(std::uint16_t id) { return id == kSerial || id == kModel || id == kName; }

bool near(std::optional<double> a, std::optional<double> b, double limit) {
  if (a.has_value() != b.has_value()) return false;
  return !a || std::abs(*a - *b) <= limit;
}

bool follows(const Reading& before, const Reading& after, Clock::duration time, bool same_signature) {
  if (!same_signature) return false;
  const double time_s = std::chrono::duration<double>(time).count() + 1;
  if (time_s > kLongGap_s) return true;
  const double amperes = std::max(std::abs(before.current_A.value_or(0)), std::abs(after.current_A.value_or(0)));
  const double moved_Ah = 2 * amperes * time_s / 3600;
  return near(before.consumed_Ah, after.consumed_Ah, 0.05 + moved_Ah) &&
         near(before.soc_pct, after.soc_pct, 0.11 + 0.05 * time_s);
}

bool is_live(std::uint16_t id) {
  const Register* entry = find_register(id);
  if (entry != nullptr) return entry->pace == Pace::live;
  return id == kTemperature || id == kAlarmReason || id == kWarningReason || id == kMonitorMode;
}

/// Answers `done` carry a version or a product id: the question tells which.
bool asks_version(ByteView request) { return request.size() > 1 && request[0] == ':' && request[1] == '3'; }

/// Where the next block or frame can begin, from `from` on; the end of the buffer when nowhere.
std::size_t next_start(ByteView buffer, std::size_t from) {
  const auto found = std::find_if(buffer.begin() + static_cast<std::ptrdiff_t>(from), buffer.end(),
                                  [](std::uint8_t byte) { return byte == '\r' || byte == ':'; });
  return static_cast<std::size_t>(found - buffer.begin());
}

Scan scan_hex(ByteView buffer) {
  const auto limit = buffer.subspan(1, std::min(buffer.size() - 1, kLongestHex + 1));
  const auto end = std::find_if(limit.begin(), limit.end(), [](std::uint8_t byte) {
    const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
    return !digit;
  });
  const auto digits = static_cast<std::size_t>(end - limit.begin());
  if (end == limit.end()) return digits > kLongestHex ? Scan::drop(next_start(buffer, 1), Fault::crc) : Scan::more();
  // A ':' is no start after all when something else than LF ends it: a block may begin right there.
  if (*end != '\n') return Scan::drop(1 + digits, Fault::crc);
  if (!hex::decode(limit.first(digits))) return Scan::drop(digits + 2, Fault::crc);
  return Scan::found(0, digits + 2);
}

/// How a block that begins at the front of `bytes` ends, and after how many bytes that was clear.
struct BlockEnd {
  TextParser::State state;
  std::size_t size;
};
BlockEnd parse_block(ByteView bytes) {
  TextParser parser;
  auto state = TextParser::State::before_cr;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    state = parser.feed(bytes[i]);
    if (state == TextParser::State::good || state == TextParser::State::bad) return {state, i + 1};
  }
  return {state, bytes.size()};
}

Scan scan_block(ByteView buffer) {
  const BlockEnd block = parse_block(buffer);
  if (block.state == TextParser::State::good) return Scan::found(0, block.size);
  if (block.state != TextParser::State::bad) return Scan::more();
  // Every line of a torn block may be the first of a good one.
  std::size_t start = next_start(buffer, 1);
  for (; start < block.size; start = next_start(buffer, start + 1)) {
    if (buffer[start] == ':' || parse_block(buffer.subspan(start)).state != TextParser::State::bad) break;
  }
  return Scan::drop(start, Fault::crc);
}

}  // namespace

Scan scan_stream(ByteView buffer) {
  if (buffer.empty()) return Scan::more();
  if (buffer[0] == ':') return scan_hex(buffer);
  if (buffer[0] == '\r') return scan_block(buffer);
  return Scan::drop(next_start(buffer, 1));  // the end of a block whose beginning was before us
}

SmartShunt::SmartShunt(bool use_hex) : use_hex_(use_hex) {
  // Serial number, name and capacity first: they belong to the very first Reading.
  for (const std::uint16_t id : {kSerial, kName, kHardware, kCapacity}) questions_.push_back({id, Pace::identity});
  for (const std::uint16_t id : {kModel, kProductId, kFirmware16}) questions_.push_back({id, Pace::identity});
  for (const std::uint16_t id : {kTemperature, kAlarmReason, kWarningReason}) questions_.push_back({id, Pace::live});
  for (const Register& entry : registers()) {
    const bool known = entry.id == kCapacity || entry.id == kVoltage || entry.id == kSoc || entry.id == kCurrentFine ||
                       entry.id == kCurrentCoarse;
    if (!known) questions_.push_back({entry.id, entry.pace});
  }
}

Scan SmartShunt::scan(ByteView /*request*/, ByteView buffer) const { return scan_stream(buffer); }

Outcome<void> SmartShunt::accept(ByteView request, ByteView frame) {
  if (frame.empty()) return fail(Fault::short_frame);
  if (frame[0] == ':') return accept_hex(frame.subspan(1, frame.size() - 2), asks_version(request));
  return accept_block(frame);
}

Outcome<void> SmartShunt::accept_block(ByteView frame) {
  TextParser parser;
  for (const std::uint8_t byte : frame) parser.feed(byte);
  for (const Bytes& digits : parser.hex_frames()) {
    // A damaged HEX frame does not spoil the block around it, nor does one that says "no".
    static_cast<void>(accept_hex(digits, false));
  }
  switch (kind_of(parser)) {
    case BlockKind::history:
      if (const auto history = decode_history(parser, slow_); !history) return history;
      blocks_since_history_ = 0;
      break;
    case BlockKind::main:
      if (const auto main = accept_main(parser); !main) return main;
      break;
    default:
      return fail(Fault::foreign);
  }
  touched_ = true;
  return {};
}

Outcome<void> SmartShunt::accept_main(const TextParser& block) {
  auto reading = decode_main(block);
  if (!reading) return fail(reading.error());
  if (last_poll_) {  // a recording has no time, and may show many devices
    Main main{std::move(*reading), signature(block), *last_poll_};
    if (!believable(main)) {
      doubt_ = std::move(main);
      return fail(Fault::implausible);
    }
    live_ = main.reading;
    past_ = std::move(main);
    doubt_.reset();
  } else {
    live_ = std::move(*reading);
  }
  complete_ = true;
  if (++blocks_since_history_ == kHistoryGone) {
    slow_.history.clear();
    slow_.cycles.reset();
    for (Question& question : questions_) {
      if (question.pace == Pace::history) question.due = TimePoint{};
    }
  }
  return {};
}

/// An 8-bit sum lets every 16th pair of flipped bits pass. What such a block breaks: power is voltage times current,
/// the labels and names stay, charge moves no faster than the current carries it.
bool SmartShunt::believable(const Main& main) {
  // A firmware that computes P otherwise does so in every block.
  power_misfits_ = power_fits(main.reading) ? 0 : power_misfits_ + 1;
  if (power_misfits_ > 0 && power_misfits_ < kMisfitsOfFirmware) return false;
  if (!past_ || follows(past_->reading, main.reading, main.at - past_->at, past_->signature == main.signature)) {
    return true;
  }
  return doubt_ && follows(doubt_->reading, main.reading, main.at - doubt_->at, doubt_->signature == main.signature);
}

Outcome<void> SmartShunt::accept_hex(ByteView digits, bool version_asked) {
  const auto frame = hex::decode(digits);
  if (!frame) return fail(Fault::crc);
  const auto command = static_cast<hex::Command>(frame->command);
  if (const auto value = hex::register_value(*frame)) {
    // Our own question, repeated by an adapter: no value, and no text register that may be empty.
    const bool echo = value->flags == 0 && value->value.empty() && !is_text(value->id) && value->id != kSynchronise;
    if (echo) return fail(Fault::foreign);
    if (command == hex::Command::async && value->id == kWarningReason) return {};  // TEXT has no place for warnings
    auto outcome = accept_value(*value);
    if (command != hex::Command::async) reply_ = Reply{command, value->id, value->flags, outcome};
    return outcome;
  }
  switch (command) {
    case hex::Command::app_version:  // as an answer: unknown command
    case hex::Command::product_id:   // as an answer: the request was damaged
      reply_ = Reply{command, 0, 0, fail(Fault::refused)};
      return fail(Fault::refused);
    case hex::Command::ping_answer:
    case hex::Command::ping:  // as an answer: done
      break;
    default:
      return fail(Fault::foreign);
  }
  if (frame->data.size() != 2) return fail(Fault::implausible);
  touched_ = true;
  if (command == hex::Command::ping && !version_asked) {
    return decode_register(kProductId, Bytes{0, frame->data[0], frame->data[1], 0xFE}, slow_);
  }
  slow_.sw = version_text(static_cast<std::uint16_t>(read_le<2>(frame->data, 0)));
  if (command == hex::Command::ping_answer) reply_ = Reply{command, kPing, 0, {}};
  return {};
}

Outcome<void> SmartShunt::accept_value(const hex::RegisterValue& value) {
  if (value.flags != 0) return fail(Fault::refused);
  if (value.id == kSynchronise) return {};
  const bool live = is_live(value.id);
  const auto outcome = decode_register(value.id, value.value, live ? live_ : slow_);
  if (!outcome) return outcome;
  touched_ = true;
  hex_parts_ |= hex_part(value.id);
  if (hex_parts_ == kAllHexParts) complete_ = true;
  return {};
}

void SmartShunt::start_set() {
  live_ = Reading{};
  complete_ = false;
  hex_parts_ = 0;
  touched_ = false;
}

Reading SmartShunt::composed() const {
  Reading reading = live_;
  if (!reading.model) reading.model = slow_.model;
  if (!reading.sw) reading.sw = slow_.sw;
  reading.serial = slow_.serial;
  reading.hw = slow_.hw;
  reading.device_name = slow_.device_name;
  reading.capacity_Ah = slow_.capacity_Ah;
  reading.cycles = slow_.cycles;
  reading.history = slow_.history;
  reading.extra = reading.extra.with(slow_.extra);
  return reading;
}

std::optional<Reading> SmartShunt::take() {
  if (!complete_) return std::nullopt;
  Reading reading = composed();
  start_set();
  return reading;
}

std::optional<Reading> SmartShunt::partial() const {
  return touched_ ? std::optional<Reading>(composed()) : std::nullopt;
}

}  // namespace bms::ve_direct
