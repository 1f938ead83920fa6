#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "fixture.hpp"

namespace bms::config {
namespace {

using testing::HasSubstr;

constexpr std::string_view kTwo =
    "[battery:a]\ndriver = pack\nport = /dev/a\n[battery:b]\ndriver = pack\nport = /dev/b\n";  // six lines

Loaded with_limits(std::string_view more) { return load(std::string(kTwo) + std::string(more)); }

/// A wrong section of limits lets the daemon start, with a fifth of the built-in currents.
TEST(WrongLimits, StartWithTheBuiltInOnes) {
  const auto loaded = with_limits("[limits]\nmax_charge_a = 200\ncell_v_float = 3.5\n");
  EXPECT_EQ(problems(loaded),
            "c.ini:9: cell_v_float: 3.5: cell_v_max = 3.45 (not set here) must be at least cell_v_float = 3.5 V\n");
  EXPECT_TRUE(loaded.usable());
  EXPECT_FALSE(loaded.ok());
  EXPECT_TRUE(loaded.config.limits_fallback);
  for (const auto& battery : loaded.config.batteries) {
    EXPECT_TRUE(battery.units[0].limits_fallback);
    EXPECT_EQ(battery.units[0].limits, limits::fallback());
    EXPECT_EQ(battery.units[0].limits.max_charge_a, 10);
  }
  EXPECT_EQ(loaded.config.bank.limits, limits::fallback());
  EXPECT_TRUE(loaded.config.bank.limits_fallback);
  EXPECT_EQ(loaded.config.limits_for("anything"), limits::fallback());
}

TEST(WrongLimits, OfOneBatteryAreOnlyItsOwn) {
  const auto loaded = with_limits("[limits]\nmax_charge_a = 200\n[limits:a]\nmax_charge_a = -1\n");
  EXPECT_EQ(problems(loaded), "c.ini:10: max_charge_a: -1: a number from 0 to 10000 A\n");
  EXPECT_TRUE(loaded.usable());
  EXPECT_TRUE(loaded.config.limits_fallback);
  EXPECT_EQ(loaded.config.batteries[0].units[0].limits, limits::fallback());
  EXPECT_EQ(loaded.config.batteries[1].units[0].limits.max_charge_a, 200);
  EXPECT_FALSE(loaded.config.batteries[1].units[0].limits_fallback);
  EXPECT_EQ(loaded.config.bank.limits.max_charge_a, 200);
}

TEST(WrongLimits, EveryKindOfMistake) {
  const auto check = [](std::string_view lines) { return problems(with_limits("[limits]\n" + std::string(lines))); };
  EXPECT_EQ(check("max_chrage_a = 5\n"),
            "c.ini:8: max_chrage_a: 5: unknown key in [limits]; did you mean max_charge_a?\n");
  EXPECT_EQ(check("loss_policy = hold_than_block\n"),
            "c.ini:8: loss_policy: hold_than_block: block | hold | hold_then_block; did you mean hold_then_block?\n");
  EXPECT_THAT(check("charge_temp = 0:0, 10:1, 5:0.5\n"), HasSubstr("c.ini:8: charge_temp: 0:0, 10:1, 5:0.5: "));
  EXPECT_THAT(check("charge_cell_v = 3.4:0.2, 3.5:1\n"), HasSubstr("must not rise from left to right"));
  EXPECT_THAT(check("soc_low_warning = 3\n"),
              HasSubstr("c.ini:8: soc_low_warning: 3: must be above discharge_floor_soc"));
  EXPECT_THAT(check("discharge_floor_soc = 30\n"),
              HasSubstr("c.ini:8: discharge_floor_soc: 30: soc_low_warning = 20 (not set here) must be above"));
  EXPECT_THAT(check("max_charge_a =\n"), HasSubstr("c.ini:8: max_charge_a: (empty): a number from 0 to 10000 A"));
  EXPECT_EQ(check("nonsense\n"), "c.ini:8: nonsense: [section], key = value, or a comment that begins with ; or #\n");
  for (const auto* lines :
       {"max_chrage_a = 5\n", "charge_temp = 0:0, 10:1, 5:0.5\n", "nonsense\n", "soc_low_warning = 3\n"}) {
    const auto loaded = with_limits("[limits]\n" + std::string(lines));
    EXPECT_TRUE(loaded.usable()) << lines;
    EXPECT_TRUE(loaded.config.limits_fallback) << lines;
  }
}

/// Nothing would break with them, but nobody can mean them: as wrong as the rest for whoever wrote the file.
TEST(WrongLimits, ContradictionsAreErrorsForEveryReader) {
  for (const std::string lines : {"soc_low_warning = 5\n", "soc_low_warning = 9\nsoc_low_alarm = 10\n",
                                  "prealarm_cell_v = 2.6\n", "charge_cell_v = off\n"}) {
    const std::string text = "[limits]\n" + lines;
    EXPECT_FALSE(load_text(text, "c.ini", test_drivers(), Scope::limits_only).ok())
        << "dbus-bms limits stops: " << lines;
    const auto daemon = with_limits(text);
    EXPECT_TRUE(daemon.usable() && daemon.config.limits_fallback) << "the daemon runs on built-in limits: " << lines;
    const std::string path = testing::TempDir() + "contradiction.ini";
    std::ofstream(path) << "[battery:a]\ndriver = pack\nport = /dev/a\n" << text;
    std::ostringstream said;
    EXPECT_EQ(check(path, test_drivers(), said), 1) << lines;
    EXPECT_THAT(said.str(), HasSubstr(path + ":5: ")) << "with its line, as any error";
  }
}

/// Somewhere a battery misses its limits: none may run without.
TEST(WrongLimits, SectionsThatNobodyReads) {
  const auto misspelt = with_limits("[limts]\nmax_charge_a = 5\n");
  EXPECT_TRUE(misspelt.usable());
  EXPECT_TRUE(misspelt.config.batteries[0].units[0].limits_fallback);
  const auto unknown = with_limits("[limits:aa]\nmax_charge_a = 5\n");
  EXPECT_EQ(problems(unknown), "c.ini:7: [limits:aa]: there is no [battery:aa]; did you mean [limits:a]?\n");
  EXPECT_TRUE(unknown.usable());
  EXPECT_TRUE(unknown.config.batteries[0].units[0].limits_fallback);
  EXPECT_TRUE(unknown.config.batteries[1].units[0].limits_fallback);
}

TEST(WrongLimits, InheritedMistakesAreToldOnce) {
  const auto loaded = with_limits("[limits]\ncell_v_float = 3.5\n[limits:a]\nmax_charge_a = 5\n");
  EXPECT_EQ(loaded.problems.size(), 1U) << problems(loaded);
}

TEST(WrongLimits, AWrongBatteryStopsTheStart) {
  const auto loaded = with_limits("[limits]\nmax_charge_a = -1\n[battery:c]\n");
  EXPECT_FALSE(loaded.usable());
}

}  // namespace
}  // namespace bms::config
