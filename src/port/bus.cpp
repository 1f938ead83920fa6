#include "port/bus.hpp"

#include <algorithm>

#include "bank/confirmed_poll.hpp"
#include "port/as_tuple.hpp"
#include "port/port_finder.hpp"

namespace bms::port {
namespace {

namespace asio = boost::asio;

constexpr int kFailuresUntilSilent = 3;
/// A silent battery is asked again after this many times the time that asking it took: its share stays below 1/12.
constexpr int kSilentShare = 12;
constexpr auto kLongestPause = std::chrono::seconds(30);
constexpr std::chrono::seconds kReopenBackOff[] = {std::chrono::seconds(1), std::chrono::seconds(2),
                                                   std::chrono::seconds(5), std::chrono::seconds(10),
                                                   std::chrono::seconds(30)};

}  // namespace

Bus::Bus(asio::io_context& context, std::string port, unsigned baud)
    : spec_(std::move(port)), baud_(baud), line_(context), timer_(context) {}

Station& Bus::add(std::unique_ptr<Station> station) {
  stations_.push_back(std::move(station));
  return *stations_.back();
}

std::string Bus::open() {
  const auto path = resolve_port(spec_);
  if (!path) return path.error();
  return line_.open(*path, baud_);
}

void Bus::stop() {
  stopped_ = true;
  line_.close();
  timer_.cancel();
}

void Bus::command(Station& station, std::function<Conversation<Outcome<bool>>(Driver&)> make,
                  std::function<void(Outcome<bool>)> done) {
  commands_.push_back({&station, std::move(make), std::move(done)});
  timer_.cancel();
}

asio::awaitable<void> Bus::sleep_until(TimePoint when) {
  timer_.expires_at(when);
  co_await timer_.async_wait(kTuple);
}

bool Bus::is_silent() const {
  if (!line_.is_open() || line_.in_vain() < silence_rule.exchanges) return false;
  if (line_.is_pseudo_terminal() && !silence_rule.pseudo_terminals) return false;
  return std::all_of(stations_.begin(), stations_.end(),
                     [this](const auto& station) { return station->unheard_at == line_.answers(); });
}

void Bus::open_anew() {
  const TimePoint now = Clock::now();
  const bool first = silence_ != line_.answers();
  if (!first && now < anew_at_) return;
  if (!line_.drop_output()) return;
  silence_ = line_.answers();
  anew_pause_ = first ? silence_rule.first_pause : std::min(anew_pause_ * 2, silence_rule.longest_pause);
  anew_at_ = now + anew_pause_;
  const unsigned in_vain = line_.in_vain();
  line_.close();
  for (const auto& station : stations_) station->health.add(Fault::io);
  const bool opened = open().empty();  // when it cannot be opened, reopen() says why and tries on
  if (opened && first && on_silence) on_silence(in_vain);
}

asio::awaitable<void> Bus::reopen() {
  for (std::size_t attempt = 0; !stopped_ && !line_.is_open(); ++attempt) {
    const std::string reason = open();
    if (reason.empty()) {
      if (on_port) on_port({});
      break;
    }
    if (attempt == 0 && on_port) on_port(reason);
    const TimePoint again = Clock::now() + kReopenBackOff[std::min(attempt, std::size(kReopenBackOff) - 1)];
    while (!stopped_ && Clock::now() < again) {
      for (; !commands_.empty(); commands_.pop_front()) commands_.front().done(fail(Fault::io));
      co_await sleep_until(again);
    }
  }
}

Station* Bus::next_due() {
  const auto earliest = std::min_element(stations_.begin(), stations_.end(),
                                         [](const auto& a, const auto& b) { return a->due < b->due; });
  return earliest == stations_.end() ? nullptr : earliest->get();
}

asio::awaitable<void> Bus::run() {
  while (!stopped_) {
    if (!line_.is_open()) co_await reopen();
    if (stopped_) break;
    if (!commands_.empty()) {
      Command command = std::move(commands_.front());
      commands_.pop_front();
      co_await run_command(std::move(command));
      continue;
    }
    Station* station = next_due();
    if (station == nullptr) break;
    if (station->due > Clock::now()) {
      co_await sleep_until(station->due);
      continue;
    }
    co_await poll(*station);
    if (!stopped_ && is_silent()) open_anew();
  }
}

asio::awaitable<void> Bus::run_command(Command command) {
  Station& station = *command.station;
  const auto count = [&station](Fault fault) { station.health.add(fault); };
  const auto outcome = co_await line_.run(*station.driver, command.make(*station.driver), 2, count);
  command.done(outcome);
  station.due = Clock::now();  // what was switched is to be seen at once
}

asio::awaitable<void> Bus::poll(Station& station) {
  const TimePoint started = Clock::now();
  const bool silent = station.failures >= kFailuresUntilSilent;
  const auto answers = line_.answers();
  const auto faults = station.health.faults;
  const auto count = [&station](Fault fault) { station.health.add(fault); };
  const PollContext context{*station.driver, station.gate, station.health, Clock::now, station.on_doubt};
  const auto reading = co_await line_.run(*station.driver, confirmed_poll(context), silent ? 1 : 3, count);
  if (stopped_) co_return;
  if (line_.answers() == answers) station.unheard_at = answers;
  if (reading) {
    station.failures = 0;
    ++station.health.good;
    station.health.last_good = reading->time;
    if (station.on_reading) station.on_reading(*reading);
  } else {
    // What the line took for an answer and the driver did not (the device's own error, another device) counts too.
    const auto cause = static_cast<std::size_t>(reading.error());
    if (station.health.faults[cause] == faults[cause]) station.health.add(reading.error());
    // Whoever answers after a silence may be another device with other settings.
    if (++station.failures == kFailuresUntilSilent) station.driver->refresh();
    if (station.on_failure) station.on_failure(reading.error());
    if (reading.error() == Fault::io) {
      line_.close();
      for (const auto& other : stations_) {
        other->due = Clock::now();
        other->driver->refresh();
      }
      co_return;
    }
  }
  schedule(station, started, reading.has_value());
}

void Bus::schedule(Station& station, TimePoint started, bool answered) {
  const TimePoint now = Clock::now();
  if (answered || station.failures < kFailuresUntilSilent) {
    station.due = std::max(station.due + station.interval, now);
    if (station.due > now + station.interval) station.due = now + station.interval;
    return;
  }
  // Alone on its port a silent battery hurts nobody and is asked at its own pace, so that it is back at once.
  const auto silent = std::count_if(stations_.begin(), stations_.end(),
                                    [](const auto& other) { return other->failures >= kFailuresUntilSilent; });
  const bool alone = static_cast<std::size_t>(silent) == stations_.size();
  const auto cost = now - started;
  const auto pause = std::min<Clock::duration>(cost * (kSilentShare * silent), kLongestPause);
  station.due = now + std::max<Clock::duration>(station.interval, alone ? Clock::duration::zero() : pause);
}

}  // namespace bms::port
