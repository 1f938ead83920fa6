#include "daemon/bms_commands.hpp"

#include <algorithm>

namespace bms::daemon {
namespace {

/// A battery that does not answer now must not be switched minutes later, when nobody thinks of it any more.
constexpr auto kPatience = std::chrono::seconds(20);

Conversation<Outcome<bool>> conversation(Driver& driver, BmsCommands::Kind kind, double value) {
  switch (kind) {
    case BmsCommands::Kind::charge_fet:
      return driver.switch_charge(value != 0);
    case BmsCommands::Kind::discharge_fet:
      return driver.switch_discharge(value != 0);
    case BmsCommands::Kind::soc:
      break;
  }
  return driver.set_soc(value);
}

}  // namespace

void BmsCommands::ask(Kind kind, double value, TimePoint now, Done done) {
  std::erase_if(waiting_, [&](const Waiting& other) { return other.kind == kind; });
  waiting_.push_back({kind, value, now + kPatience, std::move(done)});
  send(now);
}

void BmsCommands::send(TimePoint now) {
  for (;;) {
    const auto late =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each.until < now; });
    if (late == waiting_.end()) break;
    const Done done = std::move(late->done);
    waiting_.erase(late);
    done(false);
  }
  if (sent_ || waiting_.empty() || bus_ == nullptr || !station_->health.last_good) return;
  // The first command of a pause goes out at once, the next after another complete Reading.
  if (good_ == station_->health.good) return;
  good_ = station_->health.good;
  sent_ = true;
  const Waiting next = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  bus_->command(
      *station_, [kind = next.kind, value = next.value](Driver& driver) { return conversation(driver, kind, value); },
      [this, kind = next.kind, value = next.value, done = next.done](const Outcome<bool>& outcome) {
        sent_ = false;
        // A switch answers with the state that was read back, a set SoC whether it reads back as set.
        const bool wanted = kind == Kind::soc || value != 0;
        done(outcome.has_value() && *outcome == wanted);
      });
}

}  // namespace bms::daemon
