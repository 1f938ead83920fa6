#include "config/overrides.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "limits/parameters.hpp"

namespace bms::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kKeys[] = {"max_charge_a",    "max_discharge_a",     "cell_v_max",       "cell_v_float",
                                      "soc_low_warning", "discharge_floor_soc", "bank_max_charge_a"};

TEST(Overrides, AChangeIsInForceAndTold) {
  Overrides overrides({}, kKeys, false);
  EXPECT_EQ(overrides.set("max_charge_a", 30), std::nullopt);
  EXPECT_EQ(overrides.set("bank_max_charge_a", 77.5), std::nullopt);
  EXPECT_EQ(overrides.effective().limits.max_charge_a, 30);
  EXPECT_EQ(overrides.effective().bank.bank_max_charge_a, 77.5);
  EXPECT_THAT(overrides.differences(),
              ElementsAre("bank_max_charge_a = 77.5 (file: off)", "max_charge_a = 30 (file: 50)"));
}

TEST(Overrides, TheFilesValueTakesAChangeBackAndClearAllOfThem) {
  Overrides overrides({}, kKeys, false);
  ASSERT_EQ(overrides.set("max_charge_a", 30), std::nullopt);
  ASSERT_EQ(overrides.set("max_charge_a", 50), std::nullopt);
  EXPECT_THAT(overrides.differences(), IsEmpty());
  ASSERT_EQ(overrides.set("max_charge_a", 30), std::nullopt);
  ASSERT_EQ(overrides.set("soc_low_warning", 35), std::nullopt);
  overrides.clear();
  EXPECT_EQ(overrides.effective().limits, limits::Config{});
  EXPECT_THAT(overrides.values(), IsEmpty());
}

TEST(Overrides, WhatTheFileMayNotSayIsRefusedWithTheAllowedRange) {
  Overrides overrides({}, kKeys, false);
  EXPECT_THAT(overrides.set("max_charge_a", 20000).value_or(""), HasSubstr("from 0 to 10000 A"));
  EXPECT_THAT(overrides.set("max_charge_a", -1).value_or(""), HasSubstr("from 0 to 10000 A"));
  EXPECT_THAT(overrides.set("cell_v_max", 3.7).value_or(""), HasSubstr("cell_v_max = 3.7"));
  EXPECT_THAT(overrides.set("cell_v_float", 3.46).value_or(""), HasSubstr("must be at least cell_v_float = 3.46"));
  EXPECT_THAT(overrides.set("soc_low_warning", 5).value_or(""), HasSubstr("must be above discharge_floor_soc"));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_NE(overrides.set("max_charge_a", bad), std::nullopt);
  }
  EXPECT_NE(overrides.set("cell_v_hard", 3.59), std::nullopt) << "not on the list";
  EXPECT_EQ(overrides.effective().limits, limits::Config{});
}

TEST(Overrides, ValuesThatOnlyFitTogetherSurviveARestart) {
  Overrides before({}, kKeys, false);
  ASSERT_EQ(before.set("cell_v_float", 3.32), std::nullopt);
  ASSERT_EQ(before.set("cell_v_max", 3.35), std::nullopt) << "below the file's float voltage";
  Overrides after({}, kKeys, false);
  EXPECT_THAT(after.restore(before.values()), IsEmpty());
  EXPECT_EQ(after.effective().limits, before.effective().limits);
}

TEST(Overrides, WhatIsKeptIsCheckedAgain) {
  Overrides overrides({}, kKeys, false);
  const auto notes = overrides.restore({{"max_charge_a", 1e9},
                                        {"cell_v_hard", 4.4},
                                        {"cell_v_max", std::numeric_limits<double>::quiet_NaN()},
                                        {"soc_low_warning", 30}});
  EXPECT_THAT(notes, SizeIs(3));
  EXPECT_EQ(overrides.effective().limits.max_charge_a, 50);
  EXPECT_EQ(overrides.effective().limits.cell_v_max, 3.45);
  EXPECT_EQ(overrides.effective().limits.soc_low_warning, 30);
}

TEST(Overrides, ANewFileKeepsWhatFits) {
  Overrides overrides({}, kKeys, false);
  ASSERT_EQ(overrides.set("max_charge_a", 30), std::nullopt);
  ASSERT_EQ(overrides.set("cell_v_float", 3.44), std::nullopt);
  Tunable file;
  file.limits.cell_v_max = 3.42;
  file.limits.max_charge_a = 80;
  EXPECT_THAT(overrides.set_file(file, false), ElementsAre(HasSubstr("cell_v_float = 3.44")));
  EXPECT_EQ(overrides.effective().limits.max_charge_a, 30);
  EXPECT_EQ(overrides.effective().limits.cell_v_float, file.limits.cell_v_float);
}

TEST(Overrides, BuiltInLimitsOfAWrongFileAreNotChanged) {
  Overrides overrides({limits::fallback(), {}}, kKeys, true);
  overrides.restore({{"max_charge_a", 200}});
  EXPECT_EQ(overrides.effective().limits, limits::fallback());
  EXPECT_THAT(overrides.set("max_charge_a", 200).value_or(""), HasSubstr("the limits of the file are wrong"));
  EXPECT_THAT(overrides.set_file({}, false), IsEmpty()) << "mended: what the user had set is in force again";
  EXPECT_EQ(overrides.effective().limits.max_charge_a, 200);
}

/// Whatever is stored and written, in any order: what is in force is a configuration the file could hold as well.
TEST(Overrides, NothingEverLoosensBeyondTheSchema) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> wild(-1e4, 1e5);
  std::uniform_real_distribution<double> near(-0.2, 0.2);
  std::uniform_int_distribution<std::size_t> any(0, std::size(kKeys) - 1);
  for (int run = 0; run < 300; ++run) {
    Overrides overrides({}, kKeys, false);
    Overrides::Values kept;
    for (int i = 0; i < 4; ++i) kept[std::string(kKeys[any(random)])] = wild(random);
    overrides.restore(kept);
    for (int i = 0; i < 10; ++i) {
      const auto key = kKeys[any(random)];
      const double now = number_of(overrides.effective(), key).value_or(0);
      overrides.set(key, i % 3 == 0 ? wild(random) : now + near(random));
      ASSERT_THAT(limits::validate(overrides.effective().limits), IsEmpty());
      ASSERT_THAT(limits::validate(overrides.effective().bank), IsEmpty());
    }
  }
}

}  // namespace
}  // namespace bms::config
