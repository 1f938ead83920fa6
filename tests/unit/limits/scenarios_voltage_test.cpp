// The scenarios of limit-engine.md chapter 14 for the charge voltage of one battery. Numbers and tolerances are those
// of the table.
#include "scenario.hpp"

namespace bms::limits {
namespace {

TEST(VoltageScenarios, A12AbsorptionWithinTolerance) {
  Scenario s;
  s.base(R"("soc_pct": 97, )" + cells(3.400)).at(100, cells(3.447)).run(2200);
  s.phase(99, Phase::bulk);
  s.phase(100, Phase::absorption);
  s.cvl2(999, 55.20);
  s.phase(999, Phase::absorption);
  s.phase(1000, Phase::floating);
  s.cvl3(1000, 55.199);
  s.cvl3(1600, 54.599);
  s.cvl3(2200, 54.000);
}

TEST(VoltageScenarios, A13TimeOutAndLockOut) {
  Scenario s;
  s.base(R"("soc_pct": 97, )" + cells(3.420, 3.450)).at(16000, cells(3.350, 3.450)).run(36000);
  s.phase(0, Phase::absorption);
  s.cvl2(14399, 55.20);
  s.phase(14400, Phase::floating);
  s.cvl3(14400, 55.199);
  EXPECT_TRUE(s.has_note(14400, Note::Kind::absorption_timeout));
  s.cvl3(15000, 54.599);
  s.cvl3(15599, 54.000);
  s.phase(35999, Phase::floating);
  s.phase(36000, Phase::bulk);
  s.cvl3(36000, 54.002);
}

TEST(VoltageScenarios, A14RebulkBySoc) {
  Scenario s;
  s.base(R"("soc_pct": 97, )" + cells(3.447))
      .at(3000, R"("soc_pct": 80.0, )" + cells(3.310))
      .at(3100, R"("soc_pct": 79.9)")
      .run(3700);
  s.phase(900, Phase::floating);
  s.cvl3(2099, 54.000);
  s.cvl3(3099, 54.000);
  s.phase(3100, Phase::bulk);
  s.cvl3(3100, 54.002);
  s.cvl3(3200, 54.202);
  s.cvl3(3400, 54.602);
  s.cvl3(3700, 55.200);
  for (long t = 0; t <= 3700; ++t) {
    s.ccl(t, 100);
    s.dcl(t, 100);
  }
}

TEST(VoltageScenarios, A15RegulationApproachesFromBelow) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.380))
      .at(10, cells(3.380, 3.480))
      .at(40, cells(3.380, 3.455))
      .at(100, cells(3.380, 3.440))
      .run(260);
  s.cvl3(10, 54.156);
  s.cvl3(11, 54.152);
  s.cvl3(39, 54.040);
  for (long t = 40; t <= 159; ++t) s.cvl3(t, 54.040);
  s.cvl3(160, 54.042);
  s.cvl3(260, 54.242);
  for (long t = 10; t < 70; ++t) s.ccl(t, 64);
  s.ccl(70, 69, kRampStep);
  s.ccl(75, 94, kRampStep);
  s.ccl(100, 94);
}

TEST(VoltageScenarios, A16NoWindUpWithoutCurrent) {
  Scenario s;
  s.base(R"("current_A": 0.3, )" + cells(3.380)).at(10, cells(3.380, 3.480)).run(400);
  for (long t = 10; t <= 400; ++t) {
    s.cvl3(t, 54.160);
    s.ccl(t, 64);
  }
}

TEST(VoltageScenarios, A21VoltageEnforcesTheChargeLimit) {
  Scenario s;
  s.base(R"("current_A": 10, )" + cells(3.350))
      .at(10, R"("charge_fet": false, "current_A": 20)")
      .at(60, R"("current_A": 0)")
      .run(220);
  s.cvl2(29, 55.20);
  s.ccl(29, 0);
  s.cvl3(30, 53.590);
  s.cvl3(31, 53.580);
  s.cvl3(59, 53.300);
  s.cvl3(119, 53.300);
  s.cvl3(120, 53.302);
  s.cvl3(220, 53.502);
  EXPECT_EQ(s[40].cvl.why.front().id, "enforce");
}

TEST(VoltageScenarios, A23TopBalance) {
  Scenario s;
  s.base(R"("soc_pct": 97, "request": "top_balance", )" + cells(3.400))
      .at(10, cells(3.447))
      .at(1000, cells(3.547))
      .run(4700);
  s.cvl2(9, 55.20);
  EXPECT_EQ(s[9].top_balance, TopBalance::pending);
  EXPECT_EQ(s[10].top_balance, TopBalance::active);
  s.cvl3(10, 55.202);
  s.cvl3(110, 55.402);
  for (long t = 809; t < 1900; ++t) s.cvl2(t, 56.80);
  s.ccl(1000, 11.8);
  s.phase(1899, Phase::absorption);
  EXPECT_EQ(s[1900].top_balance, TopBalance::done);
  s.phase(1900, Phase::floating);
  s.cvl3(1900, 56.799);
  s.cvl3(3500, 55.199);
  s.cvl3(4700, 54.000);
}

TEST(VoltageScenarios, A32ImplausibleSocDoesNotFlipFlop) {
  Scenario s;
  s.base(R"("soc_pct": 70, )" + cells(3.447)).run(6000);
  s.cvl2(899, 55.20);
  s.phase(900, Phase::floating);
  s.cvl3(900, 55.199);
  s.cvl3(2099, 54.000);
  for (long t = 900; t <= 6000; ++t) s.phase(t, Phase::floating);
  s.cvl3(6000, 54.000);
  EXPECT_TRUE(s.has_note(6000, Note::Kind::soc_implausible));
}

/// V9: the BMS's charge voltage as the only source takes the place of our float, not of our absorption target.
TEST(VoltageScenarios, TheBmsVoltageAloneMayDecide) {
  Scenario s;
  s.config().cvl_from_bms = true;
  s.base(cells(3.447) + R"(, "soc_pct": 97, "max_voltage_V": 57.6)")
      .at(500, R"("max_voltage_V": 54.4)")
      .at(2500, R"("max_voltage_V": 99.9)")
      .at(3000, R"("max_voltage_V": 54.8)")
      .run(4000);
  s.cvl2(0, 55.20);
  s.cvl3(499, 55.20);
  s.cvl3(500, 54.40);
  s.phase(1000, Phase::floating);
  s.cvl3(2499, 54.40);  // our float of 54.0 V does not act
  EXPECT_EQ(s[2499].cvl.why.front().id, id::kBmsCvl);
  s.cvl3(2999, 54.40);  // implausible: the last one stays in force
  s.cvl3(3059, 54.40);
  s.cvl3(3160, 54.60);
  s.cvl3(4000, 54.80);
}

/// JK tells its RCV or its protection, Daren its highest pack voltage: settings that never fall once the battery is
/// full.
TEST(VoltageScenarios, ASettingAboveTheTargetNeverSwitchesFloatOff) {
  for (const char* fixed : {R"(, "soc_pct": 97, "max_voltage_V": 55.2)", R"(, "soc_pct": 97, "max_voltage_V": 56.0)"}) {
    Scenario s;
    s.config().cvl_from_bms = true;
    s.base(cells(3.447) + fixed).run(2300);
    s.cvl3(899, 55.20);
    s.phase(900, Phase::floating);
    s.cvl3(2200, 54.00);
  }
}

TEST(VoltageScenarios, WithoutAVoltageOfTheBmsOursDecides) {
  Scenario s;
  s.config().cvl_from_bms = true;
  s.base(cells(3.447) + R"(, "soc_pct": 97)").run(2300);
  s.cvl3(899, 55.20);
  s.phase(900, Phase::floating);
  s.cvl3(2200, 54.00);
}

TEST(VoltageScenarios, ABankFollowsTheLowestVoltageOfItsBms) {
  Scenario s;
  s.config().cvl_from_bms = true;
  s.options().bank = true;
  s.base(cells(3.447) + R"(, "soc_pct": 97, "max_voltage_V": 55.0)", "a");
  s.base(cells(3.447) + R"(, "soc_pct": 97, "max_voltage_V": 54.8)", "b");
  s.run(3000);
  EXPECT_EQ(s.of("bank", 2900).phase, Phase::floating);
  EXPECT_NEAR(s.of("bank", 2900).cvl.value_V, 54.8, 0.005);
}

}  // namespace
}  // namespace bms::limits
