// What the outputs say: load and charge disconnect, pre-alarm, remote switch. No line, no bus.
#include "outputs/decision.hpp"

#include <gtest/gtest.h>

#include "running.hpp"

namespace bms::outputs {
namespace {

using namespace std::chrono_literals;
using config::OutputFunction;
using config::PreAlarmForm;
using config::RemoteMode;
using limits::Cause;
using limits::Sentence;

config::Output output(OutputFunction function, bool invert = false) {
  config::Output output;
  output.function = function;
  output.target.kind = config::Line::Kind::gpio;
  output.invert = invert;
  return output;
}

Cause cause(Sentence sentence, double value, bool recovering = false) {
  Cause cause;
  cause.sentence = sentence;
  if (!recovering) cause.value = value;
  cause.recovering = recovering;
  return cause;
}

TEST(Decision, BeforeTheFirstValuesNothingIsAllowed) {
  EXPECT_EQ(verdict(nullptr, {}), Verdict{});
  limits::Limits limits = running();
  limits.started = false;
  EXPECT_EQ(verdict(&limits, {}), Verdict{});
}

TEST(Decision, DisconnectOutputsAreActiveWhileAllowed) {
  Decision load(output(OutputFunction::load_disconnect));
  Decision charge(output(OutputFunction::charge_disconnect));
  limits::Limits limits = running();
  EXPECT_TRUE(load.level(verdict(&limits, {}), kStart));
  EXPECT_TRUE(charge.level(verdict(&limits, {}), kStart));
  limits.allow_discharge = false;
  EXPECT_FALSE(load.level(verdict(&limits, {}), kStart));
  EXPECT_TRUE(charge.level(verdict(&limits, {}), kStart)) << "a low cell must not stop charging";
}

TEST(Decision, InvertTurnsTheLevelAndTheSafeLevel) {
  Decision load(output(OutputFunction::load_disconnect, true));
  const limits::Limits limits = running();
  EXPECT_FALSE(load.level(verdict(&limits, {}), kStart));
  EXPECT_TRUE(load.level(verdict(nullptr, {}), kStart));
  EXPECT_TRUE(load.safe_level());
  EXPECT_FALSE(Decision(output(OutputFunction::load_disconnect)).safe_level());
  EXPECT_FALSE(Decision(output(OutputFunction::pre_alarm)).safe_level());
}

TEST(Decision, ALostBatteryKeepsItsLoadsAsLongAsItsPolicyHoldsAndWarns) {
  limits::Limits limits = running();
  limits.freshness = limits::Freshness::lost;
  EXPECT_EQ(verdict(&limits, {}), (Verdict{true, true, true}));
  limits.allow_charge = limits.allow_discharge = false;
  limits.blocked_by_loss = true;
  EXPECT_EQ(verdict(&limits, {}), (Verdict{false, false, true}));
}

TEST(Decision, ASteadyPreAlarmIsOnFromItsFirstMoment) {
  Decision alarm(output(OutputFunction::pre_alarm));
  limits::Limits limits = running();
  EXPECT_FALSE(alarm.level(verdict(&limits, {}), kStart));
  limits.pre_alarm = true;
  for (const auto at : {0s, 1s, 700s}) EXPECT_TRUE(alarm.level(verdict(&limits, {}), kStart + at));
}

TEST(Decision, AnIntermittentPreAlarmChangesEverySecondEvenWhenAskedALittleEarly) {
  config::Output blinking = output(OutputFunction::pre_alarm);
  blinking.form = PreAlarmForm::intermittent;
  Decision alarm(blinking);
  const Verdict warned{true, true, true};
  EXPECT_TRUE(alarm.level(warned, kStart));
  for (int second = 1; second <= 20; ++second) {
    EXPECT_EQ(alarm.level(warned, kStart + second * 1000ms + (second % 2 == 0 ? -30ms : 30ms)), second % 2 == 0);
  }
  EXPECT_FALSE(alarm.level({true, true, false}, kStart + 30s));
  EXPECT_TRUE(alarm.level(warned, kStart + 31s)) << "the next pre-alarm begins with the signal on";
}

TEST(Decision, ARelayBlinksSlowlyAndAsLongAsThePreAlarmLasts) {
  config::Output blinking = output(OutputFunction::pre_alarm);
  blinking.form = PreAlarmForm::intermittent;
  blinking.target.kind = config::Line::Kind::relay;
  Decision alarm(blinking);
  int changes = 0;
  int in_the_last_hour = 0;
  bool before = false;
  for (int second = 0; second < 24 * 3600; ++second) {
    const bool level = alarm.level({true, true, true}, kStart + std::chrono::seconds(second));
    if (second < 600) {
      EXPECT_EQ(level, second % 10 < 2) << second;
    }
    const bool changed = level != before;
    changes += changed ? 1 : 0;
    in_the_last_hour += changed && second >= 23 * 3600 ? 1 : 0;
    before = level;
  }
  EXPECT_GE(in_the_last_hour, 119) << "intermittent, not on for good";
  EXPECT_LE(changes, 3000) << "each is a write to the flash of the GX";
  EXPECT_FALSE(alarm.level({true, true, false}, kStart + 25h));
}

TEST(Remote, InModeLimitsTheOutputsStay) {
  limits::Limits limits = running();
  limits.allow_charge = limits.allow_discharge = false;
  limits.dcl.why = {cause(Sentence::remote_off, 0), cause(Sentence::cell_low, 60)};
  limits.ccl.why = {cause(Sentence::remote_off, 0), cause(Sentence::cell_hard, 0)};
  const RemoteState off{true, RemoteMode::limits};
  EXPECT_EQ(verdict(&limits, off), (Verdict{true, false, false}))
      << "a full cell forbids charging whatever the switch says";
  limits.dcl.why = {cause(Sentence::remote_off, 0, true), cause(Sentence::cell_low, 60)};
  EXPECT_TRUE(verdict(&limits, {false, RemoteMode::limits}).load) << "nor does the way back from the switch";
}

TEST(Remote, InModeEverythingTheOutputsGoOffToo) {
  limits::Limits limits = running();
  limits.pre_alarm = true;
  EXPECT_EQ(verdict(&limits, {true, RemoteMode::everything}), (Verdict{false, false, true}));
  EXPECT_EQ(verdict(&limits, {false, RemoteMode::everything}), (Verdict{true, true, true}));
}

}  // namespace
}  // namespace bms::outputs
