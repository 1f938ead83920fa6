#include "bank/plausibility.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace bms {
namespace {

using Verdict = JumpGate::Verdict;

Reading healthy(double seconds = 0) {
  Reading reading;
  reading.time = TimePoint(std::chrono::milliseconds(static_cast<long>(seconds * 1000)));
  reading.voltage_V = 52.8;
  reading.current_A = 10;
  reading.soc_pct = 60;
  reading.cells_V.assign(16, 3.3);
  reading.temps_C = {20.0, 21.0};
  reading.alarms.emplace();
  reading.charge_fet = true;
  reading.discharge_fet = true;
  reading.serial = "A1";
  return reading;
}

TEST(Impossible, AcceptsAHealthyBatteryAndAbsentQuantities) {
  EXPECT_EQ(impossible(healthy()), std::nullopt);
  EXPECT_EQ(impossible(Reading{}), std::nullopt);
}

TEST(Impossible, AcceptsDisconnectedCellsThatMatchThePackVoltage) {
  Reading reading = healthy();
  reading.cells_V[0] = 0.0;
  reading.voltage_V = 49.5;
  EXPECT_EQ(impossible(reading), std::nullopt);
}

TEST(Impossible, NamesWhatCannotBeTrue) {
  Reading all_zero = healthy();
  all_zero.cells_V.assign(16, 0.0);
  all_zero.voltage_V.reset();
  EXPECT_EQ(impossible(all_zero), "all cells read 0 V");

  Reading no_pack = healthy();
  no_pack.voltage_V = 0;
  EXPECT_TRUE(impossible(no_pack).has_value());

  Reading high_cell = healthy();
  high_cell.cells_V[3] = 6.5;
  EXPECT_EQ(impossible(high_cell), "cell 4 6.5 is outside 0.5 to 5");

  Reading sum = healthy();
  sum.voltage_V = 57;
  EXPECT_TRUE(impossible(sum).has_value());

  Reading nan = healthy();
  nan.current_A = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(impossible(nan).has_value());

  Reading soc = healthy();
  soc.soc_pct = 101;
  EXPECT_TRUE(impossible(soc).has_value());
}

TEST(JumpGate, ConfirmsTheFirstReading) {
  JumpGate gate;
  EXPECT_EQ(gate.judge(healthy(0)), Verdict::repeat);
  EXPECT_EQ(gate.judge(healthy(0.1)), Verdict::accept);
  EXPECT_EQ(gate.judge(healthy(1)), Verdict::accept);
}

JumpGate settled() {
  JumpGate gate;
  EXPECT_EQ(gate.judge(healthy(0)), Verdict::repeat);
  EXPECT_EQ(gate.judge(healthy(0.1)), Verdict::accept);
  return gate;
}

TEST(JumpGate, PublishesARealJumpAfterOneRepetition) {
  JumpGate gate = settled();
  Reading jumped = healthy(1);
  jumped.current_A = -120;
  EXPECT_EQ(gate.judge(jumped), Verdict::repeat);
  EXPECT_EQ(gate.reason(), "current moved from 10 to -120");
  jumped.time += std::chrono::milliseconds(100);
  EXPECT_EQ(gate.judge(jumped), Verdict::accept);
  EXPECT_EQ(gate.past()->current_A, -120);
}

TEST(JumpGate, DropsACorruptedAnswerWhenTheSecondAgreesWithThePast) {
  JumpGate gate = settled();
  Reading corrupt = healthy(1);
  corrupt.cells_V[7] = 3.812;
  EXPECT_EQ(gate.judge(corrupt), Verdict::repeat);
  EXPECT_EQ(gate.judge(healthy(1.1)), Verdict::accept);
  EXPECT_EQ(gate.past()->cells_V[7], 3.3);
}

TEST(JumpGate, RejectsWhenNoTwoAnswersAgree) {
  JumpGate gate = settled();
  for (int i = 1; i <= 3; ++i) {
    Reading noise = healthy(1);
    noise.current_A = 100.0 * i;
    EXPECT_EQ(gate.judge(noise), Verdict::repeat) << i;
  }
  Reading noise = healthy(1);
  noise.current_A = 400;
  EXPECT_EQ(gate.judge(noise), Verdict::reject);
  EXPECT_EQ(gate.judge(healthy(2)), Verdict::accept);
}

TEST(JumpGate, ConfirmsEveryChangeOfAlarmsFetsAndIdentity) {
  JumpGate gate = settled();
  Reading alarm = healthy(1);
  alarm.alarms->push_back({Condition::cell_overvoltage, AlarmLevel::alarm});
  EXPECT_EQ(gate.judge(alarm), Verdict::repeat);
  EXPECT_FALSE(gate.slow_facts());
  EXPECT_EQ(gate.judge(alarm), Verdict::accept);

  Reading renamed = alarm;
  renamed.serial = "B2";
  EXPECT_EQ(gate.judge(renamed), Verdict::repeat);
  EXPECT_TRUE(gate.slow_facts());
}

TEST(JumpGate, LetsSlowDriftPassWithoutAsking) {
  JumpGate gate = settled();
  for (int second = 1; second < 100; ++second) {
    Reading drifting = healthy(second);
    for (auto& cell : drifting.cells_V) *cell += 0.002 * second;
    *drifting.voltage_V += 0.032 * second;
    drifting.current_A = 10 + 0.5 * second;
    EXPECT_EQ(gate.judge(drifting), Verdict::accept) << second << gate.reason();
  }
}

TEST(JumpGate, AnAbandonedRoundDoesNotConfirmALaterOne) {
  JumpGate gate = settled();
  Reading corrupt = healthy(1);
  corrupt.soc_pct = 3;
  EXPECT_EQ(gate.judge(corrupt), Verdict::repeat);
  gate.abandon();
  corrupt.time += std::chrono::seconds(1);
  EXPECT_EQ(gate.judge(corrupt), Verdict::repeat);
}

}  // namespace
}  // namespace bms
