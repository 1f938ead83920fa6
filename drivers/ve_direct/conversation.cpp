// How a SmartShunt is talked with; what its frames mean is in smartshunt.cpp.
#include <algorithm>
#include <cmath>

#include "fields.hpp"
#include "smartshunt.hpp"

namespace bms::ve_direct {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBlockTimeout{2500};   // two seconds and the block; TEXT comes back late after HEX
constexpr milliseconds kHistoryTimeout{600};  // the history block follows the main block within the same second
constexpr milliseconds kBacklogTimeout{5};    // just what has arrived already
constexpr milliseconds kHexTimeout{300};      // answers come within 50 to 100 ms
constexpr milliseconds kFreshBacklog{1500};   // a block that came since a poll this long ago is not old
constexpr int kMostBacklog = 64;              // blocks and frames an adapter can have stored
constexpr int kAttempts = 3;                  // of a question that is not answered
constexpr int kQuestions = 3;                 // of one register, when the device says that the last came damaged
constexpr int kFramesPerReply = 8;            // blocks and asynchronous frames before a late answer
constexpr int kFramesPerBlock = 32;
constexpr int kMostUseless = 4;    // blocks of something else, or not believed, until the poll failed
constexpr std::size_t kBurst = 4;  // HEX questions after a block
constexpr std::size_t kBurstWithoutText = 8;
constexpr seconds kBurstPause{10};
constexpr seconds kIdentityPace{3600};
constexpr seconds kHistoryPace{60};
constexpr seconds kRarePace{1800};
constexpr seconds kTextPace{60};  // listening for a TEXT that was silent, and looking at the monitor mode
constexpr seconds kFirstHexPause{60};
constexpr seconds kLongestHexPause{3600};
constexpr double kSocTolerance_pct = 0.5;

constexpr std::uint16_t kLiveNeeded[] = {kVoltage, kSoc};

seconds pace_of(Pace pace) {
  if (pace == Pace::identity) return kIdentityPace;
  return pace == Pace::history ? kHistoryPace : kRarePace;
}

}  // namespace

/// The first Reading waits for the history block too: it would otherwise appear later and look like a change.
Conversation<Outcome<void>> SmartShunt::wait_for_history() {
  const Exchange listen{{}, kHistoryTimeout, milliseconds(0), 1};
  for (int frames = 0; frames < 3 && slow_.history.empty(); ++frames) {
    const Answer answer = co_await listen;
    if (!answer) break;
    static_cast<void>(accept({}, *answer));
  }
  co_return Outcome<void>{};
}

Conversation<Outcome<void>> SmartShunt::wait_for_block() {
  const Exchange listen{{}, kBlockTimeout, milliseconds(0), 2};
  int useless = 0;
  Fault last = Fault::timeout;
  for (int frames = 0; frames < kFramesPerBlock; ++frames) {
    const Answer answer = co_await listen;
    if (!answer) co_return fail(answer.error());
    const auto accepted = accept({}, *answer);
    if (complete_ && accepted) co_return Outcome<void>{};
    if (accepted || answer->front() == ':') continue;
    last = accepted.error();
    if (last == Fault::refused) co_return fail(last);
    // Something else, or a block that is not believed: the next one tells.
    if (++useless >= kMostUseless) break;
  }
  co_return fail(last);
}

/// Blocks that came between two polls wait in the adapter. Only the newest counts: reading one per poll, the oldest
/// first, would show a state that lies ever further back.
Conversation<Outcome<void>> SmartShunt::skip_backlog() {
  const Exchange listen{{}, kBacklogTimeout, milliseconds(0), 1};
  for (int frames = 0; frames < kMostBacklog; ++frames) {
    const Answer answer = co_await listen;
    if (!answer) break;
    const auto accepted = accept({}, *answer);
    if (!accepted && accepted.error() == Fault::refused && answer->front() != ':') co_return fail(Fault::refused);
  }
  co_return Outcome<void>{};
}

Conversation<Outcome<Reading>> SmartShunt::poll(TimePoint now) {
  start_set();
  const bool recent = last_poll_ && now - *last_poll_ <= kFreshBacklog;
  const bool first = !last_poll_;
  last_poll_ = now;
  const auto skipped = co_await skip_backlog();
  if (!skipped) co_return fail(skipped.error());
  if (!recent) start_set();
  if (!complete_) {
    const auto heard = co_await hear_or_ask(now);
    if (!heard) co_return fail(heard.error());
  }
  if (first && !by_hex_) static_cast<void>(co_await wait_for_history());
  static_cast<void>(co_await ask_due(now));
  auto reading = take();
  if (!reading) co_return fail(Fault::timeout);
  co_return std::move(*reading);
}

/// A block, or the live values by HEX where TEXT is silent. Then they are asked for without listening first; that HEX
/// keeps the TEXT of older firmware silent costs nothing, and now and then there is time for it to come back.
Conversation<Outcome<void>> SmartShunt::hear_or_ask(TimePoint now) {
  if (by_hex_ && now < next_text_) {
    const auto asked = co_await ask_live(now);
    if (asked) co_return asked;
  }
  by_hex_ = false;
  const auto heard = co_await wait_for_block();
  if (heard) co_return heard;
  const bool silent = heard.error() == Fault::timeout || heard.error() == Fault::short_frame;
  if (!silent || !use_hex_) co_return fail(heard.error());
  auto asked = co_await ask_mode();
  if (asked) asked = co_await ask_live(now);
  if (!asked) co_return fail(asked.error() == Fault::refused ? Fault::refused : heard.error());
  by_hex_ = true;
  next_text_ = now + kTextPace;
  co_return Outcome<void>{};
}

void SmartShunt::refresh() {
  for (Question& question : questions_) {
    if (question.pace == Pace::identity) question.due = TimePoint{};
  }
  next_burst_ = TimePoint{};
}

/// One question and its answer. Whatever else comes meanwhile (blocks, asynchronous frames) is taken in too.
Conversation<Outcome<void>> SmartShunt::ask(Bytes request, std::uint16_t id) {
  // An empty text answers a question by the same bytes; VE.Direct has a wire for each direction and so no echo.
  const Exchange question{std::move(request), kHexTimeout, milliseconds(0), kAttempts, true};
  const Exchange listen{{}, kHexTimeout, milliseconds(0), 1};
  const auto asked = hex::decode(ByteView(question.request).subspan(1, question.request.size() - 2));
  const bool ping = id == kPing;
  const auto wanted = ping ? hex::Command::ping_answer : static_cast<hex::Command>(asked ? asked->command : 0);
  for (int questions = 0; questions < kQuestions; ++questions) {
    reply_.reset();
    Answer answer = co_await question;
    for (int frames = 0; frames < kFramesPerReply && !reply_; ++frames) {
      if (!answer) co_return fail(answer.error());
      static_cast<void>(accept(question.request, *answer));
      if (reply_ && reply_->command == wanted && reply_->id == id) co_return reply_->outcome;
      const bool damaged = reply_ && reply_->command == hex::Command::product_id;
      if (damaged) break;  // "frame error" in the words of the document: ask again
      reply_.reset();
      answer = co_await listen;
    }
  }
  co_return fail(Fault::foreign);
}

void SmartShunt::postpone(Question& question, TimePoint now, const Outcome<void>& outcome) {
  question.due = now + pace_of(question.pace);
  if (!outcome && outcome.error() == Fault::refused) question.unknown = true;
}

/// The main block says who speaks; the history block has its own registers.
bool SmartShunt::told_by_text(const Question& question) const {
  if (question.pace == Pace::history) return blocks_since_history_ < 2 && !by_hex_;
  return !by_hex_ && (question.id == kModel || question.id == kProductId || question.id == kFirmware16);
}

Conversation<Outcome<void>> SmartShunt::ask_due(TimePoint now) {
  if (!use_hex_ || now < next_burst_) co_return Outcome<void>{};
  const std::size_t most = by_hex_ ? kBurstWithoutText : kBurst;
  std::size_t asked = 0;
  for (Question& question : questions_) {
    if (asked >= most) break;
    if (question.pace == Pace::live || question.unknown || question.due > now || told_by_text(question)) continue;
    ++asked;
    const auto outcome = co_await ask(hex::get(question.id), question.id);
    postpone(question, now, outcome);
    const bool silent = !outcome && outcome.error() != Fault::refused && outcome.error() != Fault::implausible;
    if (silent) {
      // Nobody hears us (one-way cable) or HEX is off: listen on, and try again ever more rarely.
      hex_pause_ = std::clamp(hex_pause_ * 2, kFirstHexPause, kLongestHexPause);
      next_burst_ = now + hex_pause_;
      co_return fail(outcome.error());
    }
    hex_pause_ = seconds(0);
  }
  if (asked > 0) next_burst_ = now + kBurstPause;
  co_return Outcome<void>{};
}

/// A DC energy meter is no battery.
Conversation<Outcome<void>> SmartShunt::ask_mode() {
  const auto mode = co_await ask(hex::get(kMonitorMode), kMonitorMode);
  // Firmware before 4.08 does not know the register and says so by its flags; then it measures a battery.
  const bool answered = mode || (reply_ && reply_->id == kMonitorMode);
  if (!answered || (!mode && reply_->flags == 0)) co_return fail(mode.error());
  co_return Outcome<void>{};
}

/// TEXT is silent: the live values by HEX.
Conversation<Outcome<void>> SmartShunt::ask_live(TimePoint now) {
  start_set();
  for (const std::uint16_t id : kLiveNeeded) {
    const auto outcome = co_await ask(hex::get(id), id);
    if (!outcome) co_return fail(outcome.error());
  }
  auto current = co_await ask(hex::get(kCurrentFine), kCurrentFine);
  if (!current && current.error() == Fault::refused) current = co_await ask(hex::get(kCurrentCoarse), kCurrentCoarse);
  if (!current) co_return fail(current.error());
  co_return co_await ask_rest_of_live(now);
}

/// What a device does not have, or AUX is not set to, is asked for rarely; what it once told must not be missing.
Conversation<Outcome<void>> SmartShunt::ask_rest_of_live(TimePoint now) {
  for (Question& question : questions_) {
    if (question.pace != Pace::live || question.unknown || question.due > now) continue;
    const auto outcome = co_await ask(hex::get(question.id), question.id);
    if (!outcome && question.answered && outcome.error() != Fault::refused) co_return outcome;
    const Register* entry = find_register(question.id);
    const bool empty = entry != nullptr && !load(entry->place, live_);
    const bool optional = question.id != kConsumed && question.id != kTimeToGo;
    if (!outcome || (empty && optional)) postpone(question, now, outcome);
    if (!outcome && !question.unknown) question.due = now + kTextPace;
    question.answered = outcome.has_value() && !(empty && optional);
  }
  co_return Outcome<void>{};
}

Conversation<Outcome<Reading>> SmartShunt::probe() {
  start_set();
  const auto heard = co_await wait_for_block();
  if (!heard) {
    const bool silent = heard.error() == Fault::timeout;
    if (!silent || !use_hex_) co_return fail(heard.error());
    const auto alive = co_await ask(hex::ping(), kPing);
    if (!alive) co_return fail(heard.error());
    auto live = co_await ask_mode();
    if (live) live = co_await ask_live(last_poll_.value_or(TimePoint{}));
    if (!live) co_return fail(live.error());
    for (const std::uint16_t id : {kModel, kProductId}) static_cast<void>(co_await ask(hex::get(id), id));
  }
  if (use_hex_) static_cast<void>(co_await ask(hex::get(kSerial), kSerial));
  auto reading = take();
  if (!reading) co_return fail(Fault::timeout);
  co_return std::move(*reading);
}

Conversation<Outcome<bool>> SmartShunt::set_soc(double soc_pct) {
  if (!(soc_pct >= 0 && soc_pct <= 100)) co_return fail(Fault::refused);
  Outcome<void> written;
  if (soc_pct >= 100) {
    written = co_await ask(hex::set(kSynchronise, {}), kSynchronise);
  } else {
    Bytes value;
    append_le(value, static_cast<std::uint32_t>(std::llround(soc_pct * 100)), 2);
    written = co_await ask(hex::set(kSoc, value), kSoc);
  }
  if (!written) co_return fail(written.error());
  start_set();
  const auto read = co_await ask(hex::get(kSoc), kSoc);
  if (!read) co_return fail(read.error());
  const bool done = live_.soc_pct && std::abs(*live_.soc_pct - soc_pct) <= kSocTolerance_pct;
  start_set();
  co_return done;
}

}  // namespace bms::ve_direct
