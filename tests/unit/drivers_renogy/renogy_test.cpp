#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "../../../drivers/renogy/family.hpp"
#include "../../../drivers/renogy/renogy_memory.hpp"
#include "../../../drivers/renogy/scale_check.hpp"
#include "bank/plausibility.hpp"
#include "bms/modbus.hpp"
#include "support/damage.hpp"
#include "support/dialogue.hpp"
#include "support/effort.hpp"
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

TEST(Renogy, RequestsAreThoseOfTheReference) {
  std::mt19937 random(12);
  Pair pair({}, 0x30);
  pair.truth = random_truth(random, {4, 3});
  ASSERT_TRUE(pair.poll());
  ASSERT_TRUE(pair.poll());
  std::vector<std::string> asked;
  for (const Bytes& request : pair.dialogue.requests) asked.push_back(to_hex(request));
  const std::vector<std::string> live = {"30 03 13 88 00 22 45 5C", "30 03 13 AB 00 12 B4 82",
                                         "30 03 13 EC 00 0A 04 9D"};
  std::vector<std::string> expected = {"30 03 13 F6 00 1C A4 94"};
  expected.insert(expected.end(), live.begin(), live.end());
  expected.push_back("30 03 14 50 00 18 44 00");
  expected.insert(expected.end(), live.begin(), live.end());
  EXPECT_EQ(asked, expected);
}

TEST(Renogy, AQuestionThatCameDamagedIsAskedAgainAndNotReadInPieces) {
  std::mt19937 random(13);
  Pair pair;
  pair.truth = random_truth(random, {4, 3});
  auto inner = pair.dialogue.answerer;
  int questions = 0;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    return ++questions % 2 != 0 ? modbus::with_crc({request[0], 0x83, 5}) : inner(request);
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pair.poll());
  for (const Bytes& request : pair.dialogue.requests) EXPECT_GE(read_be<2>(request, 4), 10U);
}

TEST(Renogy, ABatteryWhoseRegistersEndAtTheProtectionsIsRead) {
  std::mt19937 random(14);
  Pair pair(Settings{{"model", "RBT12200LFP-BT"}});
  pair.truth = random_truth(random, {4, 3});
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    const unsigned first = read_be<2>(request, 2);
    const unsigned end = first + read_be<2>(request, 4);
    const bool refused = first < 5110 && end > 5107;
    return refused ? modbus::with_crc({request[0], 0x83, 2}) : inner(request);
  };
  for (int i = 0; i < 4; ++i) {
    const auto reading = pair.poll();
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->charge_fet, pair.truth.charge_fet);
    EXPECT_FALSE(reading->heater_on);
  }
  pair.dialogue.requests.clear();
  ASSERT_TRUE(pair.poll());
  EXPECT_EQ(pair.dialogue.requests.size(), 4U);  // cells, pack, alarms, protections
}

/// What one status register says, the others 0: names and alarms.
std::string said(std::uint16_t reg, std::uint16_t value) {
  Memory memory(kAddress, std::nullopt);
  Bytes words(20);
  write_raw(words, (reg - std::size_t{5100}) * 2, Wire::u16be, value);
  EXPECT_TRUE(memory.put(5100, words));
  const Reading reading = memory.reading();
  const auto flags = reading.extra.find("alarm_flags");
  std::string text = flags == reading.extra.end() ? "" : std::get<std::string>(flags->second);
  for (const Alarm& alarm : *reading.alarms) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", to_string(alarm.level), to_string(alarm.condition));
  }
  return text;
}

TEST(Renogy, EveryBitOfTheStatusRegistersByItself) {
  constexpr std::string_view kStatus1[] = {"short_circuit alarm:short_circuit",
                                           "",
                                           "",
                                           "",
                                           "charge_over_current_2 alarm:charge_overcurrent",
                                           "discharge_over_current_2 alarm:discharge_overcurrent",
                                           "module_over_voltage alarm:pack_overvoltage",
                                           "cell_under_voltage alarm:cell_undervoltage",
                                           "cell_over_voltage alarm:cell_overvoltage",
                                           "charge_over_current_1 alarm:charge_overcurrent",
                                           "discharge_over_current_1 alarm:discharge_overcurrent",
                                           "discharge_under_temp alarm:discharge_undertemperature",
                                           "discharge_over_temp alarm:discharge_overtemperature",
                                           "charge_under_temp alarm:charge_undertemperature",
                                           "charge_over_temp alarm:charge_overtemperature",
                                           "module_under_voltage alarm:pack_undervoltage"};
  constexpr std::string_view kStatus2[] = {"cell_low_voltage_warn warning:cell_undervoltage",
                                           "cell_high_voltage_warn warning:cell_overvoltage",
                                           "module_low_voltage_warn warning:pack_undervoltage",
                                           "module_high_voltage_warn warning:pack_overvoltage",
                                           "charge_low_temp_warn warning:charge_undertemperature",
                                           "charge_high_temp_warn warning:charge_overtemperature",
                                           "discharge_low_temp_warn warning:discharge_undertemperature",
                                           "discharge_high_temp_warn warning:discharge_overtemperature",
                                           "",
                                           "",
                                           "",
                                           "",
                                           "",
                                           "",
                                           "",
                                           ""};
  for (unsigned bit = 0; bit < 16; ++bit) {
    const auto value = static_cast<std::uint16_t>(1U << bit);
    EXPECT_EQ(said(5106, value), kStatus1[bit]);
    EXPECT_EQ(said(5107, value), kStatus2[bit]);
    EXPECT_EQ(said(5108, value), fmt::format("cell_voltage_error_{} alarm:cell_sensor", bit + 1));
    EXPECT_EQ(said(5109, value), "");
  }
}

TEST(Renogy, EveryCellAndOtherAlarmByItself) {
  constexpr std::string_view kOthers[] = {"bms_temp_alarm",         "env_temp_1_alarm",    "env_temp_2_alarm",
                                          "heater_temp_1_alarm",    "heater_temp_2_alarm", "charge_current_alarm",
                                          "discharge_current_alarm"};
  for (unsigned item = 0; item < 16; ++item) {
    // Cell 1 stands in the lowest bits of the second register, of the other alarms the first in the highest of the
    // first.
    const auto cell = static_cast<std::uint16_t>(1U << (item % 8 * 2));
    const auto second = static_cast<std::uint16_t>(item < 8 ? 1 : 0);
    EXPECT_EQ(said(static_cast<std::uint16_t>(5100 + second), cell),
              fmt::format("cell_voltage_{}_below warning:cell_undervoltage", item + 1));
    EXPECT_EQ(said(static_cast<std::uint16_t>(5102 + second), static_cast<std::uint16_t>(cell * 2)),
              fmt::format("cell_temp_{}_above warning:charge_overtemperature", item + 1));
    const auto other = static_cast<std::uint16_t>(item < 8 ? 0xC000U >> (item * 2) : 0);
    EXPECT_EQ(said(5104, other), item < std::size(kOthers) ? fmt::format("{}_other", kOthers[item]) : "");
  }
}

TEST(Renogy, StatesOfAHealthyBattery) {
  Memory memory(kAddress, std::nullopt);
  Bytes words(20);
  const auto put = [&](std::uint16_t reg, unsigned value) {
    write_raw(words, (reg - std::size_t{5100}) * 2, Wire::u16be, value);
    ASSERT_TRUE(memory.put(5100, words));
  };
  const auto state = [&](const char* name) { return std::get<double>(memory.reading().extra.at(name)); };
  put(5106, 0x0002);
  EXPECT_EQ(memory.reading().charge_fet, true);
  EXPECT_EQ(memory.reading().discharge_fet, false);
  put(5106, 0x0004);
  EXPECT_EQ(memory.reading().charge_fet, false);
  EXPECT_EQ(memory.reading().discharge_fet, true);
  EXPECT_EQ(state("module_power"), 0);
  put(5106, 0x0008);
  EXPECT_EQ(state("module_power"), 1);
  const std::pair<unsigned, const char*> kStates2[] = {
      {8, "buzzer_on"}, {11, "fully_charged"}, {14, "discharge_current_effective"}, {15, "charge_current_effective"}};
  for (const auto& [set, unused] : kStates2) {
    put(5107, 1U << set);
    EXPECT_EQ(memory.reading().heater_on, false);
    for (const auto& [bit, name] : kStates2) EXPECT_EQ(state(name), bit == set ? 1 : 0) << name;
  }
  put(5107, 1U << 13U);
  EXPECT_EQ(memory.reading().heater_on, true);
  const std::pair<unsigned, const char*> kStates4[] = {{3, "full_charge_requested"},
                                                       {4, "charge_immediately_1"},
                                                       {5, "charge_immediately_2"},
                                                       {6, "discharge_enabled"},
                                                       {7, "charge_enabled"}};
  for (const auto& [set, unused] : kStates4) {
    put(5109, 1U << set);
    for (const auto& [bit, name] : kStates4) EXPECT_EQ(state(name), bit == set ? 1 : 0) << name;
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
  while (damage.harmed() < bms::test::effort<std::size_t>(20'000, 2'000)) {
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
