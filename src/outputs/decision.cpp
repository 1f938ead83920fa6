#include "outputs/decision.hpp"

#include <algorithm>

namespace bms::outputs {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// An intermittent signal is one as long as the pre-alarm lasts (Smart BMS 12-200, 3.5.1 c). But each change of a relay
/// of a GX is a write to its flash: it blinks slowly, and slower still when nobody came within ten minutes.
constexpr auto kRelayPeriod = 10s;
constexpr auto kRelayLit = 2s;
constexpr auto kRelayBlinks = 10min;
constexpr auto kLatePeriod = 60s;
constexpr auto kLateLit = 30s;
constexpr auto kPeriod = 2s;
constexpr auto kLit = 1s;

bool remote_cause(const limits::Cause& cause) { return cause.sentence == limits::Sentence::remote_off; }

/// Allowed, apart from the remote switch: nothing else forbids. Nor does the way back from it (hold and ramp).
bool allowed_beside_remote(bool allowed, const limits::CurrentLimit& limit) {
  if (allowed) return true;
  const bool by_remote = std::any_of(limit.why.begin(), limit.why.end(), remote_cause);
  const bool by_other = std::any_of(limit.why.begin(), limit.why.end(), [](const limits::Cause& cause) {
    return !remote_cause(cause) && cause.value && *cause.value <= 0;
  });
  return by_remote && !by_other;
}

}  // namespace

Verdict verdict(const limits::Limits* limits, const RemoteState& remote) {
  if (limits == nullptr || !limits->started) return {};
  Verdict result{limits->allow_discharge, limits->allow_charge, limits->pre_alarm};
  // The loads of a lost battery go off when the time of its loss policy is over: that is a stop that is near.
  if (limits->freshness == limits::Freshness::lost) result.pre_alarm = true;
  if (remote.mode == config::RemoteMode::limits) {
    result.load = allowed_beside_remote(limits->allow_discharge, limits->dcl);
    result.charge = allowed_beside_remote(limits->allow_charge, limits->ccl);
  } else if (remote.off) {
    result.load = result.charge = false;
  }
  return result;
}

Decision::Decision(const config::Output& output)
    : function_(output.function),
      invert_(output.invert),
      blinks_(output.form == config::PreAlarmForm::intermittent),
      wear_(output.target.kind == config::Line::Kind::relay ? Wear::flash : Wear::none) {}

bool Decision::level(const Verdict& verdict, TimePoint now) {
  bool active = false;
  switch (function_) {
    case config::OutputFunction::load_disconnect:
      active = verdict.load;
      break;
    case config::OutputFunction::charge_disconnect:
      active = verdict.charge;
      break;
    case config::OutputFunction::pre_alarm:
      if (!verdict.pre_alarm) alarm_since_.reset();
      if (verdict.pre_alarm && !alarm_since_) alarm_since_ = now;
      active = verdict.pre_alarm && lit(now);
      break;
  }
  return active != invert_;
}

bool Decision::lit(TimePoint now) const {
  if (!blinks_) return true;
  // Half a second more: a caller that comes every second, now and then a little early, must not skip a change.
  const auto elapsed = duration_cast<milliseconds>(now - *alarm_since_) + 500ms;
  if (wear_ == Wear::none) return elapsed % milliseconds(kPeriod) < kLit;
  if (elapsed >= kRelayBlinks) return elapsed % milliseconds(kLatePeriod) < kLateLit;
  return elapsed % milliseconds(kRelayPeriod) < kRelayLit;
}

}  // namespace bms::outputs
