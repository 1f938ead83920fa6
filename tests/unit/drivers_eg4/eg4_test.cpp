#include "../../../drivers/eg4/eg4.hpp"

#include <gtest/gtest.h>

#include "../../../drivers/eg4/eg4_sim.hpp"
#include "eg4_fixture.hpp"

namespace bms::eg4 {
namespace {

using test::answer_from;
using test::Dialogue;
using test::random_truth;

Reading truth_for(std::mt19937& random, test::TruthShape shape = {}) {
  Reading truth = random_truth(random, shape);
  truth.model = "TP-BD16S48V150";
  truth.sw = "3.1.29";
  truth.serial = "TP2210150042";
  truth.extra["charge_total_Ah"] = 753.0;
  truth.extra["discharge_total_Ah"] = 590.0;
  truth.extra["charge_time_s"] = 266700.0;
  truth.extra["charge_total_Wh"] = 39100.0;
  truth.extra["discharge_total_kWh"] = 30.4;
  truth.extra["charge_count"] = 17.0;
  return truth;
}

class Eg4Variants : public testing::TestWithParam<Variant> {};

TEST_P(Eg4Variants, APollReadsWhatTheDeviceTells) {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 200; ++round) {
    const unsigned address = round % 16;
    Reading truth = truth_for(random, GetParam().shape);
    const auto device = simulate_eg4({address, GetParam().device});
    Eg4Driver driver({address, {}, {}, {}});
    auto dialogue = dialogue_with(driver, answer_from(*device, truth));
    const auto reading = dialogue.run(driver.poll(TimePoint{}));
    ASSERT_TRUE(reading) << to_string(reading.error());
    EXPECT_EQ(*reading, device->quantised(truth));
  }
}

TEST_P(Eg4Variants, AProbeWritesNothingAndFindsTheDevice) {
  std::mt19937 random(8);
  Reading truth = truth_for(random, GetParam().shape);
  const auto device = simulate_eg4({3, GetParam().device});
  Eg4Driver driver({3, {}, {}, {}});
  bool wrote = false;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    auto response = device->respond(request, truth);
    wrote |= response.wrote;
    return response.answer;
  });
  EXPECT_TRUE(dialogue.run(driver.probe()));
  EXPECT_FALSE(wrote);
}

INSTANTIATE_TEST_SUITE_P(Dialects, Eg4Variants,
                         testing::Values(Variant{"eg4", {}, {16, 4}}, Variant{"revov", {{"protocol", "7c"}}, {16, 1}},
                                         Variant{"extended", {{"extended", "yes"}}, {16, 4}},
                                         Variant{"silent_identity", {{"identity", "no"}}, {15, 4}},
                                         Variant{"pack_24V", {}, {8, 4}},
                                         Variant{"ascii", {{"protocol", "ascii"}}, {16, 4}},
                                         Variant{"ascii_24V", {{"protocol", "ascii"}}, {8, 2}}),
                         [](const auto& variant) { return std::string(variant.param.name); });

TEST(TianPowerFrame, CheckBytesOfTheReference) {
  struct Row {
    std::uint8_t address, status_7e, version_7e, serial_7e, status_7c, version_7c, serial_7c;
  };
  constexpr Row kRows[] = {
      {0, 0x00, 0xFC, 0xFC, 0x00, 0xE0, 0x80}, {1, 0xFE, 0xFE, 0xFC, 0x02, 0xFE, 0x80},
      {3, 0xFE, 0xFA, 0xFC, 0xFE, 0xFE, 0xFC}, {4, 0xF8, 0xFC, 0xFC, 0xF8, 0xF8, 0xF8},
      {6, 0xFC, 0xFC, 0xFC, 0xF8, 0xFC, 0xFC}, {7, 0xFE, 0xF2, 0xFC, 0xFE, 0xFE, 0xFC},
      {8, 0xF0, 0xFC, 0xFC, 0xF0, 0xF0, 0xF0}, {15, 0xFE, 0x82, 0xFC, 0xFE, 0xFE, 0xFC},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(build(kStart7E, row.address, Command::status)[4], row.status_7e) << int{row.address};
    EXPECT_EQ(build(kStart7E, row.address, Command::version)[4], row.version_7e) << int{row.address};
    EXPECT_EQ(build(kStart7E, row.address, Command::serial)[4], row.serial_7e) << int{row.address};
    EXPECT_EQ(build(kStart7C, row.address, Command::status)[4], row.status_7c) << int{row.address};
    EXPECT_EQ(build(kStart7C, row.address, Command::version)[4], row.version_7c) << int{row.address};
    EXPECT_EQ(build(kStart7C, row.address, Command::serial)[4], row.serial_7c) << int{row.address};
  }
}

TEST(Eg4, TheFirstAnswerDecidesTheDialectAndTheOthersAreNotAskedAgain) {
  std::mt19937 random(9);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({2, {{"protocol", "ascii"}}});
  Eg4Driver driver({2, {}, {}, {}});
  auto dialogue = dialogue_with(driver, answer_from(*device, truth));
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  EXPECT_EQ(dialogue.requests.size(), 4U);  // 7E, 7C, analog, alarm
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  EXPECT_EQ(dialogue.requests.size(), 6U);
}

TEST(Eg4, AConfiguredDialectIsTheOnlyOneAsked) {
  Eg4Driver driver({2, {}, {}, {{"protocol", "7c"}}});
  auto dialogue = dialogue_with(driver, [](ByteView) { return Bytes{}; });
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{})).error(), Fault::timeout);
  for (const Bytes& request : dialogue.requests) EXPECT_EQ(request[0], kStart7C);
}

TEST(Eg4, AnotherPackOnTheLineIsFoundAfterALongSilence) {
  std::mt19937 random(10);
  Reading truth = truth_for(random);
  auto device = simulate_eg4({2, {}});
  Eg4Driver driver({2, {}, {}, {}});
  auto dialogue = dialogue_with(driver, [&](ByteView request) { return device->respond(request, truth).answer; });
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  device = simulate_eg4({2, {{"protocol", "ascii"}}});
  bool found = false;
  for (int poll = 0; poll < 40 && !found; ++poll) found = dialogue.run(driver.poll(TimePoint{})).has_value();
  EXPECT_TRUE(found);
}

TEST(Eg4, EchoStrayBytesAndOtherPacksDoNotHideTheAnswer) {
  std::mt19937 random(11);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({1, {}});
  const auto neighbour = simulate_eg4({2, {}});
  Eg4Driver driver({1, {}, {}, {}});
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    Bytes wire{0xFF, 0x00, 0x7E, 0x7E};
    append(wire, request);
    append(wire, neighbour->respond(build(kStart7E, 2, Command::status), truth).answer);
    append(wire, device->respond(request, truth).answer);
    return wire;
  });
  const auto reading = dialogue.run(driver.poll(TimePoint{}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(*reading, device->quantised(truth));
}

TEST(Eg4, OvercurrentTakesItsDirectionFromTheLastCurrent) {
  std::mt19937 random(12);
  Reading truth = truth_for(random);
  truth.alarms = std::vector<Alarm>{{Condition::discharge_overcurrent, AlarmLevel::alarm}};
  truth.current_A = -160;
  const auto device = simulate_eg4({1, {}});
  Bytes answer = device->respond(build(kStart7E, 1, Command::status), truth).answer;
  TianPower pack;
  ASSERT_TRUE(pack.accept(answer));
  EXPECT_EQ(pack.take()->alarms, truth.alarms);
  // The MOSFETs opened: no current and no state any more, the protection stays.
  truth.current_A = 0.0;
  answer = device->respond(build(kStart7E, 1, Command::status), truth).answer;
  constexpr std::uint8_t kWords[] = {kStatusGroup, 5};
  const auto words = std::search(answer.begin(), answer.end(), std::begin(kWords), std::end(kWords));
  ASSERT_NE(words, answer.end());
  words[5] = static_cast<std::uint8_t>(kOvercurrent);
  ASSERT_TRUE(pack.accept(answer));
  EXPECT_EQ(pack.take()->alarms, truth.alarms);
}

TEST(TianPower, WhatHardlyChangesMustComeTwiceBeforeItIsBelieved) {
  std::mt19937 random(15);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({1, {{"extended", "yes"}}});
  const Bytes request = build(kStart7E, 1, Command::status);
  const auto answer = [&] { return device->respond(request, truth).answer; };
  TianPower pack;
  ASSERT_TRUE(pack.accept(answer()));
  *truth.cells_V[3] += 0.128;  // one cell alone, the pack voltage as before: a flipped bit
  EXPECT_EQ(pack.accept(answer()).error(), Fault::implausible);
  EXPECT_TRUE(pack.accept(answer()));
  truth.extra["charge_total_Ah"] = 753.0 + 65536;
  EXPECT_EQ(pack.accept(answer()).error(), Fault::implausible);
  truth.extra["charge_total_Ah"] = 753.0;
  EXPECT_TRUE(pack.accept(answer()));
}

TEST(LifePower4, RequestsAreThoseOfTheReference) {
  const auto text = [](std::uint8_t address, AsciiCommand command) {
    const Bytes request = ascii_request(address, command);
    return std::string(request.begin(), request.end());
  };
  EXPECT_EQ(text(0, AsciiCommand::analog), "~20004A420000FDA3\r");
  EXPECT_EQ(text(0, AsciiCommand::alarm), "~20004A440000FDA1\r");
  EXPECT_EQ(text(1, AsciiCommand::analog), "~20014A420000FDA2\r");
  EXPECT_EQ(text(1, AsciiCommand::alarm), "~20014A440000FDA0\r");
  EXPECT_EQ(text(2, AsciiCommand::analog), "~20024A420000FDA1\r");
  EXPECT_EQ(text(2, AsciiCommand::alarm), "~20024A440000FD9F\r");
}

TEST(LifePower4, AQuestionThatCameDamagedIsAskedAgain) {
  std::mt19937 random(16);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({2, {{"protocol", "ascii"}}});
  Eg4Driver driver({2, {}, {}, {{"protocol", "ascii"}}});
  int questions = 0;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    const auto code = static_cast<std::uint8_t>(questions % 4 == 0 ? 2 : 3);
    return ++questions % 2 != 0 ? ascii::build({kVersion, 2, kDeviceClass, code, {}})
                                : device->respond(request, truth).answer;
  });
  EXPECT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  EXPECT_EQ(questions, 4);
}

TEST(LifePower4, AnotherVersionOrDeviceClassIsNoAnswer) {
  std::mt19937 random(17);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({1, {{"protocol", "ascii"}}});
  const Bytes request = ascii_request(1, AsciiCommand::analog);
  const auto answer = *ascii::parse(device->respond(request, truth).answer);
  auto daren = answer;
  daren.version = 0x22;
  EXPECT_EQ(LifePower4::scan(request, ascii::build(daren)).fault, Fault::foreign);
  auto pace = answer;
  pace.cid1 = 0x46;
  EXPECT_EQ(LifePower4::scan(request, ascii::build(pace)).fault, Fault::foreign);
  auto neighbour = answer;
  neighbour.address = 2;
  EXPECT_EQ(LifePower4::scan(request, ascii::build(neighbour)).fault, Fault::foreign);
}

TEST(Eg4, IdentityIsAskedAgainWhenItLookedWrong) {
  std::mt19937 random(18);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({1, {}});
  Eg4Driver driver({1, {}, {}, {}});
  auto dialogue = dialogue_with(driver, answer_from(*device, truth));
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->serial, "TP2210150042");
  truth.serial = "TP2301010001";
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->serial, "TP2210150042");
  driver.refresh();
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->serial, "TP2301010001");
}

TEST(LifePower4, FramesThatContradictThemselvesAreRefused) {
  std::mt19937 random(13);
  Reading truth = truth_for(random);
  truth.soc_pct = 50;
  const auto device = simulate_eg4({1, {{"protocol", "ascii"}}});
  const Bytes request = ascii_request(1, AsciiCommand::analog);
  auto frame = *ascii::parse(device->respond(request, truth).answer);
  LifePower4 pack;
  ASSERT_TRUE(pack.accept(request, ascii::build(frame)));
  const std::size_t tail = Shape{16, 4}.analog_tail();
  frame.info[tail + kExtremesAt] ^= 1U;  // the highest cell is 256 mV off
  EXPECT_EQ(pack.accept(request, ascii::build(frame)).error(), Fault::implausible);
  frame.info[tail + kExtremesAt] ^= 1U;
  frame.info[tail + 16] = 101;  // SoC
  EXPECT_EQ(pack.accept(request, ascii::build(frame)).error(), Fault::implausible);
}

TEST(LifePower4, TheLateAnswerToTheOtherQuestionIsForeign) {
  std::mt19937 random(14);
  Reading truth = truth_for(random);
  const auto device = simulate_eg4({1, {{"protocol", "ascii"}}});
  const Bytes analog = ascii_request(1, AsciiCommand::analog);
  const Bytes alarm = ascii_request(1, AsciiCommand::alarm);
  EXPECT_EQ(LifePower4::scan(analog, device->respond(alarm, truth).answer).fault, Fault::foreign);
  EXPECT_EQ(LifePower4::scan(alarm, device->respond(analog, truth).answer).fault, Fault::foreign);
}

}  // namespace
}  // namespace bms::eg4
