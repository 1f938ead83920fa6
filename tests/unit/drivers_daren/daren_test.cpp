#include "../../../drivers/daren/daren.hpp"

#include <gtest/gtest.h>

#include "../../../drivers/daren/daren_sim.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::daren {
namespace {

using test::answer_from;
using test::Dialogue;

struct Variant {
  const char* name;
  std::map<std::string, std::string, std::less<>> device;
  std::map<std::string, std::string, std::less<>> driver;
  test::TruthShape shape;
};

bool is_pair(const Alarm& alarm) {
  // Protections that would decide which MOSFET is the open one.
  return alarm.level == AlarmLevel::alarm;
}

Reading truth_for(std::mt19937& random, test::TruthShape shape = {}) {
  Reading truth = test::random_truth(random, shape);
  truth.model = "STD08";
  truth.hw = "T1_G";
  truth.serial = "JD2M02150860 1";
  truth.extra["design_capacity_Ah"] = 100.0;
  truth.extra["charge_total_Ah"] = 15239.0;
  truth.extra["overcharge_count"] = 3.0;
  truth.extra["charge_current_max_A"] = 120.0;
  if (truth.charge_fet != truth.discharge_fet) std::erase_if(*truth.alarms, is_pair);
  return truth;
}

Dialogue dialogue_with(Driver& driver, test::Answerer answerer) {
  return Dialogue{driver, std::move(answerer), {}, {}, {}, {}};
}

class DarenVariants : public testing::TestWithParam<Variant> {};

TEST_P(DarenVariants, APollReadsWhatTheDeviceTellsAndWritesNothing) {
  std::mt19937 random(31);
  for (unsigned round = 0; round < 200; ++round) {
    const unsigned address = round % 16;
    Reading truth = truth_for(random, GetParam().shape);
    const auto device = simulate_daren({address, GetParam().device});
    DarenDriver driver({address, {}, {}, GetParam().driver});
    bool wrote = false;
    auto dialogue = dialogue_with(driver, [&](ByteView request) {
      auto response = device->respond(request, truth);
      wrote |= response.wrote;
      return response.answer;
    });
    const auto reading = dialogue.run(driver.poll(TimePoint{}));
    ASSERT_TRUE(reading) << to_string(reading.error());
    EXPECT_EQ(*reading, device->quantised(truth));
    EXPECT_FALSE(wrote);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Boards, DarenVariants,
    testing::Values(Variant{"extended", {}, {}, {16, 4}}, Variant{"basen", {{"extension", "no"}}, {}, {16, 4}},
                    Variant{"pack_24V", {}, {}, {8, 2}}, Variant{"fifteen", {}, {}, {15, 4}},
                    Variant{"two_rows", {}, {}, {30, 6}}, Variant{"other_group", {{"group", "address"}}, {}, {16, 4}},
                    Variant{"bus_master", {{"master", "yes"}}, {}, {16, 4}},
                    Variant{"no_modules", {{"modules", "no"}}, {}, {16, 4}},
                    Variant{"fets", {{"fets", "discharge-first"}}, {{"fet_order", "discharge-first"}}, {16, 4}}),
    [](const auto& variant) { return std::string(variant.param.name); });

TEST(Daren, AProbeIdentifiesAndWritesNothing) {
  std::mt19937 random(32);
  Reading truth = truth_for(random);
  const auto device = simulate_daren({3, {}});
  DarenDriver driver({3, {}, {}, {}});
  bool wrote = false;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    auto response = device->respond(request, truth);
    wrote |= response.wrote;
    return response.answer;
  });
  const auto reading = dialogue.run(driver.probe());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->serial, "JD2M02150860 1");
  EXPECT_EQ(reading->sw, "01.05.05");
  EXPECT_FALSE(wrote);
}

TEST(Daren, WhatHardlyChangesIsAskedForRarelyAndNotAllAtOnce) {
  std::mt19937 random(33);
  Reading truth = truth_for(random);
  const auto device = simulate_daren({1, {}});
  DarenDriver driver({1, {}, {}, {}});
  auto dialogue = dialogue_with(driver, answer_from(*device, truth));
  TimePoint now{};
  ASSERT_TRUE(dialogue.run(driver.poll(now)));
  EXPECT_EQ(dialogue.requests.size(), 11U);  // real-time data, and five facts twice
  for (int second = 1; second <= 120; ++second) {
    dialogue.requests.clear();
    now += std::chrono::seconds(1);
    ASSERT_TRUE(dialogue.run(driver.poll(now)));
    EXPECT_LE(dialogue.requests.size(), 2U) << second;
    if (second < 60) {
      EXPECT_EQ(dialogue.requests.size(), 1U) << second;
    }
  }
}

TEST(Daren, AFactThatCameDamagedOnceIsNotBelieved) {
  std::mt19937 random(34);
  Reading truth = truth_for(random);
  const auto device = simulate_daren({1, {}});
  DarenDriver driver({1, {}, {}, {}});
  int modules = 0;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    Bytes answer = device->respond(request, truth).answer;
    const auto frame = ascii::parse(request);
    if (frame->code != 0xB0 || frame->info[2] != kManufacturing || modules++ != 0) return answer;
    std::swap(answer[13 + 2 * 6], answer[13 + 2 * 7]);  // the sum does not see it
    return answer;
  });
  const auto reading = dialogue.run(driver.poll(TimePoint{}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->serial, truth.serial);
}

TEST(Daren, SwappedDigitsOfOneCellAreAskedForAgain) {
  std::mt19937 random(35);
  Reading truth = truth_for(random);
  truth.cells_V[0] = 3.329;  // 0D01
  double sum = 0;
  for (const auto& cell : truth.cells_V) sum += *cell;
  truth.voltage_V = sum;
  const auto device = simulate_daren({1, {}});
  DarenDriver driver({1, {}, {}, {}});
  int polls = 0;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    Bytes answer = device->respond(request, truth).answer;
    const bool realtime = ascii::parse(request)->code == 0x42;
    if (realtime && ++polls == 2) std::swap(answer[13 + 2 * 6 + 2], answer[13 + 2 * 6 + 3]);  // 0D10: 3.344 V
    if (realtime && polls == 3) std::swap(answer[13 + 2 * 6 + 1], answer[13 + 2 * 6 + 2]);    // 00D1: 0.209 V
    return answer;
  });
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  // 15 mV beside the sum is within what cells and pack differ by; 3 V is not.
  EXPECT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  const auto reading = dialogue.run(driver.poll(TimePoint{}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->cells_V[0], 3.329);
  EXPECT_EQ(polls, 4);
}

TEST(Daren, ProtectionsTellWhichMosfetIsOpen) {
  std::mt19937 random(36);
  for (const bool discharge_first : {false, true}) {
    Reading truth = truth_for(random);
    truth.charge_fet = false;
    truth.discharge_fet = true;
    truth.alarms = std::vector<Alarm>{{Condition::cell_overvoltage, AlarmLevel::alarm}};
    const auto device = simulate_daren({1, {{"fets", discharge_first ? "discharge-first" : "charge-first"}}});
    DarenDriver driver({1, {}, {}, {}});
    auto dialogue = dialogue_with(driver, answer_from(*device, truth));
    auto reading = dialogue.run(driver.poll(TimePoint{}));
    EXPECT_EQ(reading->charge_fet, false);
    EXPECT_EQ(reading->discharge_fet, true);
    truth.alarms->clear();
    reading = dialogue.run(driver.poll(TimePoint{}));
    EXPECT_EQ(reading->charge_fet, discharge_first);  // nothing but the configured order to go by
  }
}

TEST(Daren, EnergyHasOneScaleThatFitsTheCharge) {
  EXPECT_EQ(energy_kWh(17633, 15239, 16), 831.69);  // firmware 01.00.02: hundredths, wrapped once
  EXPECT_EQ(energy_kWh(129, 237, 16), 12.9);        // firmware 01.05.05: tenths
  EXPECT_EQ(energy_kWh(129, 0, 16), std::nullopt);
  EXPECT_EQ(energy_kWh(129, 1000, 16), std::nullopt);
}

TEST(Daren, AnAnswerToAnotherQuestionIsForeign) {
  std::mt19937 random(37);
  Reading truth = truth_for(random);
  const auto device = simulate_daren({1, {}});
  const DarenDriver driver({1, {}, {}, {}});
  std::vector<Bytes> requests;
  for (const auto& [code, info] : std::vector<std::pair<std::uint8_t, Bytes>>{{0x42, {1}},
                                                                              {0x47, {1}},
                                                                              {0x4F, {}},
                                                                              {0x51, {}},
                                                                              {0x83, {1, 1}},
                                                                              {0xB0, {1, 1, 3, 0xFF, 0}},
                                                                              {0xB0, {1, 1, 4, 0xFF, 0}}}) {
    requests.push_back(ascii::build({kVersion, 1, kDeviceClass, code, info}));
  }
  for (const Bytes& asked : requests) {
    for (const Bytes& other : requests) {
      const Scan scan = driver.scan(asked, device->respond(other, truth).answer);
      EXPECT_EQ(scan.kind == Scan::Kind::frame, asked == other);
    }
  }
}

}  // namespace
}  // namespace bms::daren
