// Items a user writes, and estimates beside the measurements.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limits/parameters.hpp"
#include "support/battery_samples.hpp"
#include "victron/battery_paths.hpp"
#include "victron/refusals.hpp"
#include "victron/setting_paths.hpp"

namespace bms::victron {
namespace {

using namespace std::chrono_literals;

TEST(WritablePaths, RangesAreThoseOfTheSchema) {
  for (const bool bank : {false, true}) {
    ItemTree tree;
    BatteryPaths paths(tree, sample_identity(), {.bank = bank, .user_settings = true});
    for (const auto& setting : setting_paths()) {
      const Item* item = tree.find(setting.path);
      ASSERT_NE(item, nullptr) << setting.path;
      EXPECT_EQ(item->format.access, Access::writable);
      const auto key = key_of(setting, bank);
      const auto* parameter = limits::find_parameter(key);
      const auto* of_bank = limits::find_bank_parameter(key);
      ASSERT_TRUE(parameter != nullptr || of_bank != nullptr) << key;
      EXPECT_EQ(item->format.min, parameter != nullptr ? parameter->min : of_bank->min) << key;
      EXPECT_EQ(item->format.max, parameter != nullptr ? parameter->max : of_bank->max) << key;
    }
  }
}

TEST(WritablePaths, AreThereWhereTheyDoSomething) {
  ItemTree member;
  BatteryPaths of_member(member, sample_identity(), {.limits = false, .cell_page = false, .user_settings = true});
  EXPECT_NE(member.find("/Settings/MaxChargeCurrent"), nullptr);
  EXPECT_EQ(member.find("/Settings/AbsorptionCellVoltage"), nullptr) << "the bank decides";
  EXPECT_EQ(member.find("/Settings/Rebulk"), nullptr);
  EXPECT_EQ(member.find("/Mode"), nullptr) << "a selector appears on the GX as soon as it is valid";
  EXPECT_EQ(member.find("/History/CanBeCleared"), nullptr);
  ItemTree shunt;
  BatteryPaths of_shunt(shunt, sample_identity(), {.limits = false, .cell_page = false, .set_soc = true});
  EXPECT_NE(shunt.find("/Settings/ResetSocTo"), nullptr);
  EXPECT_EQ(shunt.find("/Settings/MaxChargeCurrent"), nullptr);
}

class Estimates : public testing::Test {
 protected:
  void update() { paths.update({.now = now, .reading = &reading, .limits = &limits, .time_to_soc = ways}); }
  std::string text(const char* path) const { return tree.find(path) == nullptr ? "absent" : tree.find(path)->text(); }

  TimePoint now{};
  ItemTree tree;
  BatteryPaths paths{tree, sample_identity(), {}};
  Reading reading = sample_reading();
  limits::Limits limits = sample_limits();
  std::vector<TimeToSoc> ways;
};

TEST_F(Estimates, TheMidPointLiesBetweenTheTwoMiddleCells) {
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltage"), "26.64V");
  EXPECT_EQ(text("/Dc/0/MidVoltageDeviation"), "0.0%");
  EXPECT_EQ(tree.value("/Settings/HasMidVoltage"), Value(1));
  reading.cells_V[15] = 3.230;
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltageDeviation"), "-0.2%") << "the upper half is low";
  reading.cells_V[3].reset();
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltage"), "---") << "half a sum would be a lie";
  reading.mid_voltage_V = 26.0;
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltage"), "26.00V") << "measured";
}

TEST_F(Estimates, TheMidPointDeviationOfAShuntIsItsOwn) {
  reading.mid_voltage_V = 26.0;
  reading.extra["mid_deviation_pct"] = -1.5;
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltageDeviation"), "-1.5%");
}

TEST_F(Estimates, AShuntThatSaysNothingHasNoValues) {
  const auto show = [this](limits::Freshness freshness) {
    paths.update({.now = now, .reading = &reading, .freshness = freshness});
  };
  show(limits::Freshness::fresh);
  EXPECT_EQ(text("/Dc/0/Voltage"), "53.28V");
  EXPECT_EQ(text("/Link/Freshness"), "fresh");
  show(limits::Freshness::stale);
  EXPECT_EQ(text("/Dc/0/Voltage"), "---");
  EXPECT_EQ(text("/Soc"), "---");
  EXPECT_EQ(text("/Link/Freshness"), "stale");
  EXPECT_EQ(text("/Serial"), "4100") << "it is still the same device";
}

TEST_F(Estimates, AnOddNumberOfCellsHasNoMidPoint) {
  reading.cells_V.pop_back();
  update();
  EXPECT_EQ(text("/Dc/0/MidVoltage"), "absent");
}

TEST_F(Estimates, TimesToASocAreToTheMinuteAndOnlyOnTheWay) {
  ways = {{20, 7229.0}, {90, std::nullopt}};
  update();
  EXPECT_EQ(text("/TimeToSoC/20"), "7200s");
  EXPECT_EQ(text("/TimeToSoC/90"), "absent");
  ways = {{20, std::nullopt}, {90, 100.0}};
  update();
  EXPECT_EQ(text("/TimeToSoC/20"), "---");
  EXPECT_EQ(text("/TimeToSoC/90"), "120s");
}

TEST_F(Estimates, ChargeIsRequestedOnlyWhenLowCellsHaveStoppedDischarging) {
  update();
  EXPECT_EQ(tree.value("/Info/ChargeRequest"), Value(0));
  limits.alarms.low_cell_voltage = 1;
  update();
  EXPECT_EQ(tree.value("/Info/ChargeRequest"), Value(0));
  limits.alarms.low_cell_voltage = 2;
  update();
  EXPECT_EQ(tree.value("/Info/ChargeRequest"), Value(1));
  limits.allow_charge = false;
  update();
  EXPECT_EQ(tree.value("/Info/ChargeRequest"), Value(0)) << "it could not take it";
}

TEST_F(Estimates, NotesOfOthersAreShownWithAndWithoutLimits) {
  const std::vector<std::string> notes = {"shunt lost"};
  paths.update({.now = now, .reading = &reading, .limits = &limits, .notes = notes});
  EXPECT_EQ(text("/Info/Notes"), "shunt lost");
  ItemTree member;
  BatteryPaths of_member(member, sample_identity(), {.limits = false});
  of_member.update({.now = now, .reading = &reading, .limits = &limits, .notes = notes});
  EXPECT_EQ(member.value("/Notes"), Value(std::string("shunt lost")));
  EXPECT_FALSE(member.is_branch("/Info"));
  of_member.update({.now = now, .reading = &reading, .limits = &limits});
  EXPECT_EQ(member.value("/Notes"), Value(std::string()));
}

TEST(Refusals, ARepeatedOneIsToldOnceAndAFloodIsNotALog) {
  Refusals refusals;
  TimePoint now{};
  now += 1h;
  EXPECT_TRUE(refusals.worth_telling("/Soc", "cannot be written", now));
  EXPECT_FALSE(refusals.worth_telling("/Soc", "cannot be written", now + 10min));
  EXPECT_TRUE(refusals.worth_telling("/Soc", "cannot be written", now + 61min));
  now += 2h;
  int told = 0;
  for (int i = 0; i < 10000; ++i) {
    told += refusals.worth_telling("/Path" + std::to_string(i % 250), std::to_string(i), now + i * 1ms) ? 1 : 0;
  }
  EXPECT_LE(told, 11);
}

}  // namespace
}  // namespace bms::victron
