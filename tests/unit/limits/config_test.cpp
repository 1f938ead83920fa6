#include "limits/config.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <set>

#include "limits/parameters.hpp"

namespace bms::limits {
namespace {

using testing::HasSubstr;

std::optional<std::string> set(Config& config, std::string_view key, std::string_view value) {
  return find_parameter(key)->set(config, value);
}

std::string problem_keys(const Config& config) {
  std::string keys;
  for (const auto& problem : validate(config)) keys += problem.key + " ";
  return keys;
}

TEST(LimitsConfig, DefaultsAreValid) {
  EXPECT_EQ(problem_keys(Config{}), "");
  EXPECT_TRUE(validate(BankConfig{}).empty());
}

TEST(LimitsConfig, EveryKeyIsThereOnceAndTakesItsOwnText) {
  std::set<std::string_view> keys;
  for (const auto& parameter : parameters()) {
    EXPECT_TRUE(keys.insert(parameter.key).second) << parameter.key;
    EXPECT_FALSE(parameter.meaning.empty()) << parameter.key;
    Config config;
    EXPECT_EQ(parameter.set(config, parameter.default_text()), std::nullopt) << parameter.key;
    EXPECT_EQ(config, Config{}) << parameter.key;
  }
  for (const auto& parameter : bank_parameters()) {
    BankConfig config;
    EXPECT_EQ(parameter.set(config, parameter.default_text()), std::nullopt) << parameter.key;
    EXPECT_EQ(config, BankConfig{}) << parameter.key;
  }
}

TEST(LimitsConfig, ReadsEveryKindOfValue) {
  Config config;
  EXPECT_EQ(set(config, "max_charge_a", " 120.5 "), std::nullopt);
  EXPECT_EQ(config.max_charge_a, 120.5);
  EXPECT_EQ(set(config, "charge_cell_v", "3.4:1,3.5 : 0.5, 3.6:0"), std::nullopt);
  EXPECT_EQ(config.charge_cell_v, (Curve{{{3.4, 1}, {3.5, 0.5}, {3.6, 0}}}));
  EXPECT_EQ(set(config, "charge_soc", "on"), std::nullopt);
  EXPECT_EQ(config.charge_soc.points.size(), 4U);
  EXPECT_EQ(set(config, "charge_soc", "off"), std::nullopt);
  EXPECT_TRUE(config.charge_soc.off());
  EXPECT_EQ(set(config, "curve_mode", "step"), std::nullopt);
  EXPECT_EQ(config.curve_mode, CurveMode::step);
  EXPECT_EQ(set(config, "pack_stop_v", "14.2"), std::nullopt);
  EXPECT_EQ(config.pack_stop_v, 14.2);
  EXPECT_EQ(set(config, "pack_stop_v", "off"), std::nullopt);
  EXPECT_EQ(config.pack_stop_v, std::nullopt);
  EXPECT_EQ(set(config, "enforce_enable", "no"), std::nullopt);
  EXPECT_FALSE(config.enforce_enable);
  EXPECT_EQ(set(config, "temp_exclude", "2, 3"), std::nullopt);
  EXPECT_EQ(config.temp_exclude, (std::vector<int>{2, 3}));
  EXPECT_EQ(set(config, "jump_samples", "5"), std::nullopt);
  EXPECT_EQ(config.jump_samples, 5);
}

TEST(LimitsConfig, SaysWhatIsAllowedAndKeepsTheOldValue) {
  Config config;
  EXPECT_THAT(*set(config, "max_charge_a", "-1"), HasSubstr("from 0 to 10000 A"));
  EXPECT_THAT(*set(config, "cell_v_max", "3,45"), HasSubstr("from 1 to 4.5 V"));
  EXPECT_THAT(*set(config, "cell_v_max", "nan"), HasSubstr("a number"));
  EXPECT_THAT(*set(config, "loss_policy", "never"), HasSubstr("block | hold | hold_then_block"));
  EXPECT_THAT(*set(config, "charge_temp", "0:0"), HasSubstr("at least two points"));
  EXPECT_THAT(*set(config, "charge_temp", "10:0, 5:1"), HasSubstr("ascending"));
  EXPECT_THAT(*set(config, "charge_temp", "0:0, 5:1.5"), HasSubstr("fractions 0 to 1"));
  EXPECT_THAT(*set(config, "charge_temp", "0:0, 5"), HasSubstr("at least two points"));
  EXPECT_THAT(*set(config, "jump_samples", "2.5"), HasSubstr("whole number"));
  EXPECT_THAT(*set(config, "enforce_enable", "maybe"), HasSubstr("yes or no"));
  EXPECT_THAT(*set(config, "alternator_fuse", "5"), HasSubstr("2x7.5"));
  EXPECT_EQ(config, Config{});
}

TEST(LimitsConfig, CellVoltagesMustBeInOrder) {
  Config config;
  config.cell_v_float = 3.46;
  EXPECT_EQ(problem_keys(config), "cell_v_max ");
  config = {};
  config.cell_v_top = config.cell_v_max;
  config.cell_v_float = config.cell_v_max;
  EXPECT_EQ(problem_keys(config), "");
  config.cell_v_hard = config.cell_v_top;
  EXPECT_EQ(problem_keys(config), "cell_v_hard ");
}

TEST(LimitsConfig, CurvesMustHaveTheShapeOfTheirKind) {
  Config config;
  config.charge_cell_v = {{{3.4, 0.5}, {3.5, 1}}};
  config.discharge_cell_v = {{{2.8, 0.5}, {3.0, 0}}};
  config.charge_temp = {{{0, 0}, {10, 1}, {20, 0.5}, {30, 1}}};
  config.charge_soc = {{{10, 0}, {50, 1}, {90, 0}}};
  EXPECT_EQ(problem_keys(config), "charge_cell_v discharge_cell_v charge_temp charge_soc ");
}

TEST(LimitsConfig, NumbersOutsideTheirRangeAreFoundWhereverTheyComeFrom) {
  Config config;
  config.recovery_rate_a_s = std::numeric_limits<double>::quiet_NaN();
  config.stale_s = std::numeric_limits<double>::infinity();
  EXPECT_THAT(problem_keys(config), HasSubstr("recovery_rate_a_s stale_s"));
}

TEST(LimitsConfig, AWarningBelowTheFloorIsAContradictionButRuns) {
  Config config;
  config.soc_low_warning = 4;
  const auto problems = validate(config);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].key, "soc_low_warning");
  EXPECT_EQ(problems[0].severity, Problem::Severity::contradiction);
}

TEST(LimitsConfig, ABatteryThatIsAskedRarelyIsNotSilentInBetween) {
  EXPECT_EQ(for_interval({}, 1), Config{});
  const Config slow = for_interval({}, 30);
  EXPECT_EQ(slow.stale_s, 90);
  EXPECT_EQ(slow.lost_s, 180);
  Config patient;
  patient.lost_s = 3600;
  EXPECT_EQ(for_interval(patient, 30).lost_s, 3600) << "what the user wants to wait is waited";
}

TEST(LimitsConfig, FallbackHasAFifthOfTheCurrents) {
  EXPECT_EQ(fallback().max_charge_a, 10);
  EXPECT_EQ(fallback().max_discharge_a, 12);
  EXPECT_TRUE(validate(fallback()).empty());
}

TEST(Curve, EndValuesPointsAndBothModes) {
  const Curve curve{{{0, 0}, {10, 1}, {20, 0.5}}};
  EXPECT_EQ(curve.at(-5, CurveMode::linear), 0);
  EXPECT_EQ(curve.at(25, CurveMode::linear), 0.5);
  EXPECT_EQ(curve.at(10, CurveMode::step), 1);
  EXPECT_DOUBLE_EQ(curve.at(5, CurveMode::linear), 0.5);
  EXPECT_DOUBLE_EQ(curve.at(15, CurveMode::linear), 0.75);
  EXPECT_EQ(curve.at(5, CurveMode::step), 0) << "the smaller neighbour, also where the curve rises";
  EXPECT_EQ(curve.at(15, CurveMode::step), 0.5);
}

TEST(Fuse, A33AlternatorLimitByFuse) {
  EXPECT_EQ(alternator_limit_A({1, 80}), 60);
  EXPECT_EQ(alternator_limit_A({2, 20}), 25);
  EXPECT_EQ(alternator_limit_A({1, 70}), 50);
  EXPECT_EQ(alternator_limit_A({1, 5}), std::nullopt);
}

TEST(Fuse, WholeTableAndWhatIsBetween) {
  EXPECT_EQ(alternator_limit_A({1, 125}), 100);
  EXPECT_EQ(alternator_limit_A({1, 200}), 100);
  EXPECT_EQ(alternator_limit_A({1, 100}), 90);
  EXPECT_EQ(alternator_limit_A({1, 60}), 50);
  EXPECT_EQ(alternator_limit_A({2, 30}), 40);
  EXPECT_EQ(alternator_limit_A({2, 15}), 20);
  EXPECT_EQ(alternator_limit_A({2, 10}), 12);
  EXPECT_EQ(alternator_limit_A({2, 7.5}), 9);
  EXPECT_EQ(alternator_limit_A({1, 50}), 25);
  EXPECT_EQ(alternator_limit_A({2, 50}), 40);
  EXPECT_EQ(fuse_from_text("2x7.5"), (Fuse{2, 7.5}));
  EXPECT_EQ(fuse_from_text("80 A"), (Fuse{1, 80}));
  EXPECT_EQ(fuse_from_text("3x10"), std::nullopt);
  EXPECT_EQ(fuse_from_text(""), std::nullopt);
}

}  // namespace
}  // namespace bms::limits
