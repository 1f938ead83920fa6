#include "daren.hpp"

#include <algorithm>

namespace bms::daren {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The document calls 500 ms without an answer a failure; the longest answer takes another 296 ms at 9600 baud.
constexpr milliseconds kTimeout{1000};
constexpr milliseconds kGap{50};
constexpr std::uint8_t kUsualGroup = 0x01;
constexpr std::uint8_t kAll = 0xFF;
constexpr seconds kMinute{60};
constexpr seconds kTenMinutes{600};
constexpr seconds kRarely{3600};

/// A text setting of the driver.
std::string_view setting(const DriverOptions& options, std::string_view key) {
  const auto found = options.settings.find(key);
  return found == options.settings.end() ? std::string_view() : std::string_view(found->second);
}

/// The same facts: remaining and full capacity of module 4 move all the time and are not taken from there.
bool same_facts(Bytes a, Bytes b) {
  const auto blank = [](Bytes& info) {
    if (info.size() >= kCapacitiesSize && info[0] == static_cast<std::uint8_t>(Command::module) &&
        info[kModuleAt] == kCapacities) {
      std::fill(info.begin() + 6, info.begin() + 10, std::uint8_t{0});
    }
  };
  blank(a);
  blank(b);
  return a == b;
}

}  // namespace

DarenDriver::DarenDriver(const DriverOptions& options)
    : address_(static_cast<std::uint8_t>(options.address)),
      discharge_first_(setting(options, "fet_order") == "discharge-first"),
      slow_{SlowFact{Command::parameters, 0, kMinute, {}, false, {}},
            SlowFact{Command::manufacturer, 0, kRarely, {}, false, {}},
            SlowFact{Command::module, kManufacturing, kRarely, {}, false, {}},
            SlowFact{Command::module, kCapacities, kMinute, {}, false, {}},
            SlowFact{Command::counters, 0, kTenMinutes, {}, false, {}}} {}

Bytes DarenDriver::request(Command command, std::uint8_t module) const {
  ascii::Frame frame{kVersion, address_, kDeviceClass, static_cast<std::uint8_t>(command), {}};
  switch (command) {
    case Command::realtime:
    case Command::parameters:
      frame.info = {group_is_address_ ? address_ : kUsualGroup};
      break;
    case Command::counters:
      frame.info = {address_, kReadOperation};
      break;
    case Command::module:
      frame.info = {address_, kReadOperation, module, kAll, 0x00};
      break;
    default:
      break;
  }
  return ascii::build(frame);
}

Conversation<Outcome<void>> DarenDriver::ask_once(int attempts) {
  const Bytes question = request(Command::realtime, 0);
  Fault last = Fault::implausible;
  // What cannot be true is asked for once more.
  for (int round = 0; round < 2; ++round) {
    const Exchange exchange{question, kTimeout, kGap, attempts};
    const Answer answer = co_await exchange;
    if (!answer) co_return fail(answer.error());
    const auto taken = accept(question, *answer);
    if (taken || taken.error() != Fault::implausible) co_return taken;
    last = taken.error();
  }
  co_return fail(last);
}

Conversation<Outcome<void>> DarenDriver::ask_realtime(int attempts) {
  auto taken = co_await ask_once(attempts);
  const bool wrong_group = !taken && (taken.error() == Fault::refused || taken.error() == Fault::timeout);
  if (!wrong_group || address_ == kUsualGroup || trusted_) co_return taken;
  // Public drivers differ: 01 for all, or the pack's own address.
  group_is_address_ = !group_is_address_;
  const auto other = co_await ask_once(1);
  if (other) co_return other;
  group_is_address_ = !group_is_address_;
  co_return taken;
}

Conversation<bool> DarenDriver::ask_slow(std::size_t index, TimePoint now) {
  SlowFact& fact = slow_[index];
  const Bytes question = request(fact.command, fact.module);
  fact.due = now + kMinute;
  std::optional<Bytes> before = fact.known;
  // The check is a plain sum: two errors that cancel out pass it. What comes twice is believed.
  for (int round = 0; round < 3; ++round) {
    const Exchange exchange{question, kTimeout, kGap, 1};
    const Answer answer = co_await exchange;
    if (!answer) continue;
    const auto info = ascii::answer_info(*answer);
    if (!info) {
      fact.refused = info.error() == Fault::refused && round > 0;
      if (fact.refused) co_return false;
      continue;
    }
    if (before && same_facts(*before, *info)) {
      if (!accept(question, *answer)) co_return false;
      fact.known = *info;
      fact.due = now + fact.period;
      co_return true;
    }
    before = *info;
  }
  co_return false;
}

Conversation<Outcome<Reading>> DarenDriver::read(TimePoint now, int attempts) {
  live_.reset();
  const auto taken = co_await ask_realtime(attempts);
  if (!taken) co_return fail(taken.error());
  bool any_known = false;
  for (const SlowFact& fact : slow_) any_known |= fact.known.has_value();
  for (std::size_t i = 0; i < slow_.size(); ++i) {
    if (slow_[i].refused || now < slow_[i].due) continue;
    co_await ask_slow(i, now);
    // All of them with the first poll, later one with each poll.
    if (any_known) break;
  }
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

Conversation<Outcome<Reading>> DarenDriver::poll(TimePoint now) { return read(now, 2); }

Conversation<Outcome<Reading>> DarenDriver::probe() {
  live_.reset();
  const auto taken = co_await ask_realtime(1);
  if (!taken) co_return fail(taken.error());
  for (std::size_t i = 0; i < slow_.size(); ++i) {
    const bool identity = slow_[i].command == Command::manufacturer || slow_[i].module == kManufacturing;
    if (identity && !slow_[i].known) co_await ask_slow(i, TimePoint{});
  }
  auto reading = take();
  if (!reading) co_return fail(Fault::implausible);
  co_return std::move(*reading);
}

}  // namespace bms::daren
