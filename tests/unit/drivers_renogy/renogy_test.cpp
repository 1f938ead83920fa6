#include <gtest/gtest.h>

#include <random>

#include "../../../drivers/renogy/family.hpp"
#include "../../../drivers/renogy/renogy_memory.hpp"
#include "../../../drivers/renogy/scale_check.hpp"
#include "bank/plausibility.hpp"
#include "bms/modbus.hpp"
#include "support/damage.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::renogy::test {
namespace {

using bms::test::Damage;
using bms::test::Dialogue;
using bms::test::drift;
using bms::test::random_truth;
using Settings = std::map<std::string, std::string, std::less<>>;
constexpr unsigned kAddress = 0x31;

/// A driver and the simulated battery it talks to.
struct Pair {
  explicit Pair(const Settings& battery = {}, unsigned address = kAddress)
      : device(renogy_info().simulate({address, battery})), driver(renogy_info().make({address, {}, {}, {}})) {}

  Outcome<Reading> poll() {
    now += std::chrono::seconds(1);
    return dialogue.run(driver->poll(now));
  }

  Reading truth;
  std::unique_ptr<SimulatedDevice> device;
  std::unique_ptr<Driver> driver;
  Dialogue dialogue{*driver, bms::test::answer_from(*device, truth), {}, {}, {}, {}, {}};
  TimePoint now{};
};

class Variants : public testing::TestWithParam<Settings> {};

TEST_P(Variants, PollsEqualTheTruthOfTheBattery) {
  std::mt19937 random(7);
  for (const std::size_t cells : {4U, 8U, 15U, 16U, 20U}) {
    for (const std::size_t sensors : {1U, 4U, 16U}) {
      Pair pair(GetParam());
      pair.truth = random_truth(random, {cells, sensors});
      for (int i = 0; i < 5; ++i) pair.poll();
      for (int i = 0; i < 5; ++i) {
        drift(random, pair.truth);
        const auto reading = pair.poll();
        ASSERT_TRUE(reading) << to_string(reading.error());
        EXPECT_EQ(*reading, pair.device->quantised(pair.truth));
        EXPECT_EQ(reading->cells_V.size(), cells);
        EXPECT_NEAR(*reading->current_A, *pair.truth.current_A, 0.051);
        EXPECT_NEAR(*reading->soc_pct, *pair.truth.soc_pct, 0.011);
        EXPECT_NEAR(*reading->temps_C.back(), *pair.truth.temps_C.back(), 0.051);
        EXPECT_EQ(reading->charge_fet, pair.truth.charge_fet);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Batteries, Variants,
                         testing::Values(Settings{}, Settings{{"model", "RBT12200LFP-BT"}}, Settings{{"holes", "no"}},
                                         Settings{{"largest", "17"}}, Settings{{"identity", "no"}}));

TEST(Renogy, NoRequestCrossesAHole) {
  for (const Settings& battery : {Settings{}, Settings{{"largest", "17"}}}) {
    std::mt19937 random(1);
    Pair pair(battery);
    pair.truth = random_truth(random);
    for (int i = 0; i < 20; ++i) pair.poll();
    pair.dialogue.run(pair.driver->probe());
    for (const Bytes& request : pair.dialogue.requests) {
      const unsigned first = read_be<2>(request, 2);
      const unsigned end = first + read_be<2>(request, 4);
      const bool inside = (first >= 5000 && end <= 5034) || (first >= 5035 && end <= 5053) ||
                          (first >= 5100 && end <= 5142) || (first >= 5200 && end <= 5224);
      EXPECT_TRUE(inside) << first << " to " << end;
      EXPECT_EQ(request[1], modbus::kReadHolding);
    }
  }
}

TEST(Renogy, RefusedBlocksAreReadInPiecesFromThenOn) {
  std::mt19937 random(2);
  Pair pair(Settings{{"largest", "17"}});
  pair.truth = random_truth(random);
  ASSERT_TRUE(pair.poll());
  ASSERT_TRUE(pair.poll());
  pair.dialogue.requests.clear();
  ASSERT_TRUE(pair.poll());
  for (const Bytes& request : pair.dialogue.requests) {
    if (read_be<2>(request, 2) >= 5100) continue;
    EXPECT_LE(read_be<2>(request, 4), 17U);
  }
}

TEST(Renogy, ModelNamesTellTheScaleOfTheCurrent) {
  EXPECT_EQ(scale_of_model("RBT12200LFP-BT"), CurrentScale::tenth);
  EXPECT_EQ(scale_of_model("RBT12100LFP-BT"), CurrentScale::tenth);
  EXPECT_EQ(scale_of_model("RBT100LFP12SH-G1"), CurrentScale::hundredth);
  EXPECT_EQ(scale_of_model("RBT50LFP48S"), CurrentScale::hundredth);
  EXPECT_EQ(scale_of_model("SOMETHING"), std::nullopt);
  EXPECT_EQ(scale_of_model(""), std::nullopt);
}

TEST(Renogy, FirstReadingOfAProHasItsScaleAlready) {
  std::mt19937 random(3);
  Pair pair(Settings{{"model", "RBT12200LFP-BT"}});
  pair.truth = random_truth(random, {4, 3});
  pair.truth.current_A = -1.2;
  EXPECT_EQ(pair.poll()->current_A, -1.2);
}

TEST(Renogy, CurrentThatTheCapacityDeniesIsScaledAnew) {
  std::mt19937 random(4);
  Pair pair(Settings{{"model", "RBT12200LFP-BT"}});
  pair.truth = random_truth(random, {4, 3});
  pair.truth.capacity_Ah = 200;
  pair.truth.remaining_Ah = 150;
  pair.truth.current_A = -20;
  // The name is hidden: the driver must find out by itself that a count is 0.1 A.
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [inner](ByteView request) {
    return read_be<2>(request, 2) >= 5110 ? Bytes{} : inner(request);
  };
  EXPECT_EQ(pair.poll()->current_A, -2.0);
  for (int second = 0; second < 25 * 60; ++second) {
    *pair.truth.remaining_Ah -= 20.0 / 3600;
    ASSERT_TRUE(pair.poll());
  }
  EXPECT_EQ(pair.poll()->current_A, -20.0);
}

TEST(Renogy, ACapacityCorrectedInOneStepChangesNoScale) {
  ScaleCheck check;
  double remaining = 150;
  for (int second = 0; second < 3600; ++second) {
    if (second == 900) remaining -= 30;
    remaining -= 5.0 / 3600;
    EXPECT_EQ(check.add(TimePoint(std::chrono::seconds(second)), -5, remaining), std::nullopt);
  }
}

TEST(Renogy, SilentBatteryIsATimeoutAndItsIdentityIsAskedForAgain) {
  std::mt19937 random(5);
  Pair pair;
  pair.truth = random_truth(random, {4, 3});
  auto inner = std::exchange(pair.dialogue.answerer, [](ByteView) { return Bytes{}; });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pair.poll().error(), Fault::timeout);
  pair.dialogue.answerer = inner;
  EXPECT_TRUE(pair.poll()->model);
}

TEST(Renogy, ProbeFindsABatteryAndNoForeignModbusDevice) {
  std::mt19937 random(6);
  Pair pair({}, 0xF7);
  pair.truth = random_truth(random, {4, 3});
  const auto found = pair.dialogue.run(pair.driver->probe());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "RBT100LFP12SH-G1");
  EXPECT_EQ(found->cells_V.size(), 4U);
  pair.dialogue.answerer = [](ByteView request) {
    Bytes frame{request[0], 3, static_cast<std::uint8_t>(request[5] * 2)};
    frame.resize(3 + std::size_t{request[5]} * 2, 0);
    return modbus::with_crc(frame);
  };
  EXPECT_FALSE(pair.dialogue.run(pair.driver->probe()));
}

TEST(Renogy, BatteryAskedAsAnyAnswersFromItsOwnAddress) {
  std::mt19937 random(8);
  Pair pair({}, 0xFF);
  pair.device = renogy_info().simulate({0x48, {}});
  pair.dialogue.answerer = bms::test::answer_from(*pair.device, pair.truth);
  pair.truth = random_truth(random, {4, 3});
  for (int i = 0; i < 3; ++i) pair.poll();
  EXPECT_EQ(pair.poll()->extra.at("slave_address"), Extra(72.0));
}

TEST(Renogy, HardlyAnythingWrongPassesTheCrcInTwentyThousandDamagedAnswers) {
  std::mt19937 random(11);
  Pair pair;
  pair.truth = random_truth(random);
  for (int i = 0; i < 5; ++i) pair.poll();
  const Reading truth = pair.device->quantised(pair.truth);
  Damage damage(12, 0.3, true);
  std::map<Bytes, Bytes> known;  // the battery rests: every answer stays what it was
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    Bytes& answer = known[Bytes(request.begin(), request.end())];
    if (answer.empty()) answer = inner(request);
    return damage.apply(request, answer);
  };
  std::size_t right = 0;
  std::size_t refused = 0;
  std::size_t wrong = 0;
  while (damage.harmed() < 20'000) {
    const auto reading = pair.poll();
    pair.dialogue.requests.clear();
    pair.dialogue.faults.clear();
    if (reading) {
      ++(*reading == truth ? right : wrong);
    } else {
      ++refused;
    }
  }
  std::cout << "renogy: " << damage.harmed() << " damaged answers, polls right " << right << ", refused " << refused
            << ", wrong " << wrong << '\n';
  EXPECT_GT(right, refused);
  EXPECT_LE(wrong, 1U) << "one damaged answer in 65,536 has the right CRC by chance";
}

}  // namespace
}  // namespace bms::renogy::test
