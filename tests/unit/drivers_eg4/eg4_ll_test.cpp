#include "../../../drivers/eg4/eg4_ll.hpp"

#include <gtest/gtest.h>

#include "../../../drivers/eg4/eg4_sim.hpp"
#include "eg4_fixture.hpp"

namespace bms::eg4 {
namespace {

Reading ll_truth(std::mt19937& random, test::TruthShape shape = {}) {
  Reading truth = test::random_truth(random, shape);
  truth.model = "LFP-51.2V100Ah-V1.0";
  truth.sw = "Z02T04";
  truth.serial = "2022-10-26";
  truth.extra["design_capacity_Ah"] = 280.0;
  truth.extra["cell_ovp_V"] = 3.65;
  truth.extra["charge_utp_C"] = -5.0;
  truth.extra["temp_max_C"] = 26.0;
  truth.extra["cell_max_number"] = 7.0;
  truth.max_voltage_V = 56.0;
  return truth;
}

class Eg4LlVariants : public testing::TestWithParam<Variant> {};

TEST_P(Eg4LlVariants, APollReadsWhatTheDeviceTells) {
  std::mt19937 random(21);
  for (unsigned round = 0; round < 200; ++round) {
    const unsigned address = 1 + round % 16;
    Reading truth = ll_truth(random, GetParam().shape);
    const auto device = simulate_eg4_ll({address, GetParam().device});
    Eg4LlDriver driver({address, {}, {}, {}});
    bool wrote = false;
    auto dialogue = dialogue_with(driver, [&](ByteView request) {
      auto response = device->respond(request, truth);
      wrote |= response.wrote;
      return response.answer;
    });
    const auto reading = dialogue.run(round % 2 == 0 ? driver.poll(TimePoint{}) : driver.probe());
    ASSERT_TRUE(reading) << to_string(reading.error());
    EXPECT_EQ(*reading, device->quantised(truth));
    EXPECT_FALSE(wrote);
  }
}

INSTANTIATE_TEST_SUITE_P(Maps, Eg4LlVariants,
                         testing::Values(Variant{"pack", {}, {16, 4}}, Variant{"pack_12V", {}, {4, 2}},
                                         Variant{"anonymous", {{"identity", "no"}}, {16, 4}},
                                         Variant{"ends_at_127", {{"firmware", "old"}}, {16, 6}},
                                         Variant{"inverter", {{"map", "inverter"}}, {16, 4}}),
                         [](const auto& variant) { return std::string(variant.param.name); });

TEST(Eg4Ll, RequestsAreThoseOfTheReference) {
  EXPECT_EQ(to_hex(modbus::read_request(1, 3, kStatusBlock.first, kStatusBlock.count)), "01 03 00 00 00 27 05 D0");
  EXPECT_EQ(to_hex(modbus::read_request(2, 3, kIdentityBlock.first, kIdentityBlock.count)), "02 03 00 69 00 17 D5 EB");
  EXPECT_EQ(to_hex(modbus::read_request(1, 3, kConfigBlock.first, kConfigBlock.count)), "01 03 00 2D 00 5B 94 38");
  EXPECT_EQ(to_hex(modbus::read_request(16, 3, kStatusBlock.first, kStatusBlock.count)), "10 03 00 00 00 27 06 91");
  EXPECT_EQ(to_hex(modbus::read_request(64, 3, kStatusBlock.first, kStatusBlock.count)), "40 03 00 00 00 27 0A C1");
  EXPECT_EQ(to_hex(modbus::read_request(16, 3, kIdentityBlock.first, kIdentityBlock.count)), "10 03 00 69 00 17 D6 99");
  EXPECT_EQ(to_hex(modbus::read_request(64, 3, kIdentityBlock.first, kIdentityBlock.count)), "40 03 00 69 00 17 DA C9");
}

TEST(Eg4Ll, AnEmptyBatteryThatMayNotBeChargedIsOne) {
  const Bytes request = modbus::read_request(2, 3, 0, 39);
  const std::map<unsigned, std::uint16_t> empty = {{0, 4480}, {1, 0}, {2, 2800}, {3, 2801}, {23, 100}, {36, 2}};
  Eg4LlDriver driver({2, {}, {}, {}});
  ASSERT_TRUE(driver.accept(request, answer_with(request, empty)));
  const auto reading = driver.take();
  EXPECT_EQ(reading->soc_pct, 0);
  EXPECT_EQ(reading->remaining_Ah, 0);
  EXPECT_EQ(reading->max_charge_current_A, 0);
  // Without SoH and capacity there is nothing of a battery in the rest.
  auto nothing = empty;
  nothing.erase(23);
  EXPECT_EQ(driver.accept(request, answer_with(request, nothing)).error(), Fault::implausible);
  auto dead = empty;
  dead.erase(0);
  EXPECT_EQ(driver.accept(request, answer_with(request, dead)).error(), Fault::implausible);
}

TEST(Eg4Ll, TextEndsWhereTheFillerBegins) {
  const Bytes request = modbus::read_request(2, 3, kIdentityBlock.first, kIdentityBlock.count);
  Bytes answer = answer_with(
      request,
      {{105, 0x4C46}, {106, 0x50FF}, {107, 0xFFFF}, {117, 0x5A30}, {118, 0xFFFF}, {120, 0x41F4}, {121, 0xFFFF}});
  Eg4LlDriver driver({2, {}, {}, {}});
  ASSERT_TRUE(driver.accept(request, answer));
  const auto reading = driver.partial();
  EXPECT_EQ(reading->model, "LFP");
  EXPECT_EQ(reading->sw, "Z0");
  EXPECT_FALSE(reading->serial);
}

TEST(Eg4Ll, IdentityIsAskedAgainWhenItLookedWrong) {
  std::mt19937 random(26);
  Reading truth = ll_truth(random);
  const auto device = simulate_eg4_ll({2, {}});
  Eg4LlDriver driver({2, {}, {}, {}});
  auto dialogue = dialogue_with(driver, test::answer_from(*device, truth));
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  truth.serial = "2023-01-01";
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->serial, "2022-10-26");
  driver.refresh();
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->serial, "2023-01-01");
}

TEST(Eg4Ll, ABlockOfZerosIsAskedForAgainAndNeverPublished) {
  std::mt19937 random(22);
  Reading truth = ll_truth(random);
  const auto device = simulate_eg4_ll({2, {}});
  Eg4LlDriver driver({2, {}, {}, {}});
  int answers = 0;
  auto dialogue = dialogue_with(driver, [&](ByteView request) {
    Bytes answer = device->respond(request, truth).answer;
    if (answers++ % 2 != 0) return answer;
    std::fill(answer.begin() + 3, answer.end(), std::uint8_t{0});
    answer.resize(answer.size() - 2);
    return modbus::with_crc(std::move(answer));
  });
  for (int poll = 0; poll < 3; ++poll) {
    const auto reading = dialogue.run(driver.poll(TimePoint{}));
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->voltage_V, device->quantised(truth).voltage_V);
  }
  auto zeros = dialogue_with(driver, [](ByteView request) {
    Bytes answer{request[0], request[1], static_cast<std::uint8_t>(2 * request[5])};
    answer.resize(answer.size() + answer[2]);
    return modbus::with_crc(std::move(answer));
  });
  for (int poll = 0; poll < 30; ++poll) {
    EXPECT_EQ(zeros.run(driver.poll(TimePoint{})).error(), Fault::implausible);
  }
}

TEST(Eg4Ll, LostFirstRegistersAreNotTakenForTheMapOfInverters) {
  std::mt19937 random(23);
  Reading truth = ll_truth(random);
  truth.soc_pct = 50;
  const auto device = simulate_eg4_ll({2, {}});
  const Bytes request = modbus::read_request(2, 3, 0, 39);
  Bytes answer = device->respond(request, truth).answer;
  std::fill(answer.begin() + 3, answer.begin() + 3 + 38, std::uint8_t{0});
  answer.resize(answer.size() - 2);
  answer = modbus::with_crc(std::move(answer));
  for (const bool known : {false, true}) {
    Eg4LlDriver driver({2, {}, {}, {}});
    if (known) {
      ASSERT_TRUE(driver.accept(request, device->respond(request, truth).answer));
    }
    EXPECT_EQ(driver.accept(request, answer).error(), Fault::implausible);
  }
}

TEST(Eg4Ll, APackThatMovesToTheOtherMapIsFollowed) {
  std::mt19937 random(24);
  Reading truth = ll_truth(random);
  auto device = simulate_eg4_ll({1, {{"map", "inverter"}}});
  Eg4LlDriver driver({1, {}, {}, {}});
  auto dialogue = dialogue_with(driver, [&](ByteView request) { return device->respond(request, truth).answer; });
  ASSERT_TRUE(dialogue.run(driver.poll(TimePoint{})));
  device = simulate_eg4_ll({1, {}});
  bool found = false;
  for (int poll = 0; poll < 15 && !found; ++poll) {
    const auto reading = dialogue.run(driver.poll(TimePoint{}));
    found = reading && reading->max_charge_current_A == device->quantised(truth).max_charge_current_A &&
            !reading->extra.contains("scope");
  }
  EXPECT_TRUE(found);
}

TEST(Eg4Ll, ASensorThatOnceToldSomethingStaysWhenItReadsZero) {
  std::mt19937 random(25);
  Reading truth = ll_truth(random, {16, 3});
  truth.temps_C[2] = 3.0;
  const auto device = simulate_eg4_ll({2, {}});
  Eg4LlDriver driver({2, {}, {}, {}});
  auto dialogue = dialogue_with(driver, test::answer_from(*device, truth));
  EXPECT_EQ(dialogue.run(driver.poll(TimePoint{}))->temps_C[2], 3.0);
  truth.temps_C[2] = 0.0;
  const auto cold = dialogue.run(driver.poll(TimePoint{}));
  EXPECT_EQ(cold->temps_C[2], 0.0);
  EXPECT_EQ(cold->temps_C[3], std::nullopt);
}

TEST(Eg4Ll, BankCapacityIsUnwrapped) {
  // Three packs of 280 Ah (joyfulhouse/eg4_web_monitor#574).
  const auto bank = unwrap_capacity(49800, 18464, 59);
  ASSERT_TRUE(bank);
  EXPECT_DOUBLE_EQ(bank->capacity_Ah, 840);
  EXPECT_DOUBLE_EQ(bank->remaining_Ah, 498);
  const auto single = unwrap_capacity(19000, 20000, 96);
  ASSERT_TRUE(single);
  EXPECT_DOUBLE_EQ(single->capacity_Ah, 200);
  EXPECT_FALSE(unwrap_capacity(19000, 0, 96));
}

}  // namespace
}  // namespace bms::eg4
