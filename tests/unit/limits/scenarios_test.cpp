// The scenarios of limit-engine.md chapter 14 for currents, loss and SoC of one battery. Numbers and tolerances are
// those of the table.
#include "scenario.hpp"

namespace bms::limits {
namespace {

TEST(Scenarios, A01OneCellHigh) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.400)).at(5, cells(3.400, 3.475)).run(6);
  s.ccl(4, 100);
  s.cvl2(4, 55.20);
  s.phase(4, Phase::bulk);
  s.ccl(5, 70);
  s.cvl3(5, 54.457);
  s.phase(5, Phase::absorption);
  s.cvl3(6, 54.454);
  EXPECT_EQ(s[5].ccl.why.front().id, "cell_v");
  EXPECT_EQ(s[5].ccl.why.front().text(), "highest cell 3.475 V (cell 16) limits charging to 70 %");
  EXPECT_EQ(s[5].cvl.why.front().id, "cell_reg");
}

TEST(Scenarios, A02SmallReductionInTheSameStep) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.400, 3.440)).at(5, cells(3.400, 3.4525)).run(30);
  s.ccl(4, 100);
  s.ccl(5, 97);
  for (long t = 0; t <= 30; ++t) s.cvl2(t, 55.20);
}

TEST(Scenarios, A03RecoveryAfterOneHighCell) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.330)).at(10, cells(3.330, 3.500)).at(20, cells(3.330, 3.400)).run(400);
  s.ccl(10, 40);
  s.cvl3(10, 53.402);
  s.cvl3(19, 53.330);
  for (long t = 20; t <= 49; ++t) s.ccl(t, 40);
  s.ccl(50, 45, kRampStep);
  s.ccl(55, 70, kRampStep);
  for (long t = 61; t <= 400; ++t) s.ccl(t, 100);
  for (long t = 20; t <= 79; ++t) s.cvl3(t, 53.330);
  s.cvl3(80, 53.340);
  s.cvl3(200, 54.540);
  s.cvl3(300, 55.200);
  EXPECT_TRUE(s[30].ccl.why.front().recovering);
  EXPECT_EQ(s[30].ccl.why.front().id, "cell_v");
}

TEST(Scenarios, A04HoldIsCancelledByANewRestriction) {
  Scenario s;
  s.base(cells(3.330))
      .at(10, cells(3.330, 3.500))
      .at(20, cells(3.330, 3.400))
      .at(40, cells(3.330, 3.510))
      .at(41, cells(3.330, 3.400))
      .run(100);
  s.ccl(39, 40);
  s.ccl(40, 34);
  s.ccl(70, 34);
  s.ccl(71, 39, kRampStep);
  for (long t = 84; t <= 100; ++t) s.ccl(t, 100);
  for (long t = 10; t <= 90; ++t) s.cvl2(t, 53.41);
}

TEST(Scenarios, A05HardLatch) {
  Scenario s;
  s.base(cells(3.330)).at(10, cells(3.330, 3.605)).at(20, cells(3.330, 3.545)).run(70);
  s.ccl(10, 0);
  s.allow(10, false, true);
  s.cvl2(10, 53.41);
  EXPECT_EQ(s[29].ccl.target_A, 0) << "still latched";
  EXPECT_NEAR(s[30].ccl.target_A, 13, 0.2);
  for (long t = 10; t <= 59; ++t) s.ccl(t, 0);
  s.ccl(60, 5, kRampStep);
  s.ccl(61, 10, kRampStep);
  s.ccl(62, 13);
  s.allow(62, true, true);
}

TEST(Scenarios, A06EverySensorCounts) {
  Scenario s;
  s.base(R"("temps_C": [25, 3], )" + cells(3.330)).run(1);
  s.ccl(1, 33.3);
  s.dcl(1, 40);
  EXPECT_EQ(s[1].ccl.why.front().id, "temp");
  EXPECT_EQ(s[1].dcl.why.front().id, "temp");
}

TEST(Scenarios, A07Mosfet) {
  Scenario s;
  s.base(R"("mos_temp_C": 85, )" + cells(3.330)).run(1);
  s.ccl(1, 12.5);
  s.dcl(1, 12.5);
  EXPECT_EQ(s[1].ccl.why.front().id, "mosfet");
}

TEST(Scenarios, A08ChargeFetOpens) {
  Scenario s;
  s.base(cells(3.330)).at(10, R"("charge_fet": false)").at(20, R"("charge_fet": true)").run(80);
  s.ccl(10, 0);
  s.allow(10, false, true);
  s.dcl(10, 100);
  s.ccl(49, 0);
  s.ccl(50, 5, kRampStep);
  s.allow(50, true, true);
  s.ccl(69, 100);
}

TEST(Scenarios, A09BmsLimitIsASettingWithoutAge) {
  Scenario s;
  s.base(R"("max_charge_current_A": 30, )" + cells(3.330))
      .at(10, R"("max_charge_current_A": null)")
      .at(500, R"("max_charge_current_A": 80)")
      .run(600);
  for (long t = 11; t <= 499; ++t) s.ccl(t, 30);
  s.ccl(529, 30);
  s.ccl(530, 35, kRampStep);
  s.ccl(535, 60, kRampStep);
  for (long t = 539; t <= 600; ++t) s.ccl(t, 80);
}

TEST(Scenarios, A10LinkDownHoldsThenBlocks) {
  Scenario s;
  s.base(cells(3.300)).at(100, R"("link": false)").at(2000, R"("link": true)").run(2200);
  s.ccl(159, 100);
  s.dcl(159, 100);
  s.cvl2(159, 55.20);
  for (const long t : {160L, 1899L}) {
    s.ccl(t, 20);
    s.dcl(t, 100);
    s.cvl2(t, 54.00);
  }
  for (const long t : {1900L, 2029L}) {
    s.ccl(t, 0);
    s.dcl(t, 0);
    s.allow(t, false, false);
  }
  s.ccl(2030, 5, kRampStep);
  s.dcl(2030, 5, kRampStep);
  s.allow(2030, true, true);
  s.ccl(2049, 100);
  s.dcl(2049, 100);
  for (long t = 160; t <= 2059; ++t) s.cvl2(t, 54.00);
  s.cvl2(2160, 54.20);
}

TEST(Scenarios, A11NoHoldingWithFullCells) {
  Scenario s;
  s.base(cells(3.400)).at(100, R"("link": false)").run(160);
  s.ccl(159, 100);
  s.dcl(159, 100);
  s.ccl(160, 0);
  s.dcl(160, 0);
  s.cvl2(160, 54.00);
  EXPECT_TRUE(s[160].blocked_by_loss);
}

TEST(Scenarios, A17AnnouncedFloorStopsAtOnce) {
  Scenario s;
  s.base(R"("current_A": -20, "soc_pct": 19, )" + cells(3.200))
      .at(100, R"("soc_pct": 5)")
      .at(160, R"("soc_pct": 7.9)")
      .at(170, R"("soc_pct": 8.0)")
      .run(219);
  EXPECT_TRUE(s[0].pre_alarm);
  s.dcl(99, 100);
  s.dcl(100, 0);
  s.allow(100, true, false);
  s.dcl(160, 0);
  s.dcl(199, 0);
  s.dcl(200, 5, kRampStep);
  s.dcl(204, 25, kRampStep);
  s.dcl(219, 100);
}

TEST(Scenarios, A18UnannouncedFloorWarnsFirst) {
  Scenario s;
  s.config().soc_low_warning = 4;
  s.base(R"("current_A": -20, "soc_pct": 6, )" + cells(3.200))
      .at(10, R"("soc_pct": 5)")
      .at(60, R"("soc_pct": 8)")
      .run(109);
  s.dcl(9, 100);
  EXPECT_FALSE(s[9].pre_alarm);
  for (long t = 10; t <= 39; ++t) {
    s.dcl(t, 5);
    EXPECT_TRUE(s[t].pre_alarm);
    s.allow(t, true, true);
  }
  s.dcl(40, 0);
  s.allow(40, true, false);
  s.dcl(89, 0);
  s.dcl(90, 5, kRampStep);
  s.dcl(109, 100);
}

TEST(Scenarios, A19HardStopDuringTheCountdown) {
  Scenario s;
  s.base(R"("current_A": -20, )" + cells(3.050))
      .at(10, cells(3.100, 2.790))
      .at(20, cells(3.100, 2.700))
      .at(30, cells(3.100, 2.950))
      .run(100);
  s.dcl(9, 70);
  s.dcl(10, 5);
  EXPECT_TRUE(s[10].pre_alarm);
  s.dcl(19, 5);
  s.dcl(20, 0);
  for (long t = 30; t <= 59; ++t) EXPECT_EQ(s[t].dcl.target_A, 0) << "latched at " << t;
  s.dcl(89, 0);
  s.dcl(90, 5, kRampStep);
  for (long t = 94; t <= 100; ++t) s.dcl(t, 25);
  for (long t = 0; t <= 100; ++t) s.ccl(t, 100);
}

TEST(Scenarios, A20PackVoltageStop) {
  Scenario s;
  s.config().pack_stop_v = 56.0;
  s.base(cells(3.490))
      .at(10, cells(3.500))
      .at(20, cells(3.470))
      .at(40, cells(3.460))
      .at(45, cells(3.470))
      .at(46, cells(3.460))
      .run(110);
  for (long t = 0; t <= 110; ++t) s.cvl2(t, 55.20);
  s.ccl(9, 52);
  s.ccl(10, 0);
  EXPECT_EQ(s[10].ccl.why.front().id, "pack_stop");
  EXPECT_EQ(s[55].ccl.target_A, 0);
  EXPECT_GT(s[56].ccl.target_A, 0);
  s.ccl(55, 0);
  s.ccl(85, 0);
  s.ccl(86, 5, kRampStep);
  for (long t = 103; t <= 110; ++t) s.ccl(t, 88);
}

TEST(Scenarios, A22TemperatureGlitch) {
  Scenario s;
  s.base(cells(3.330))
      .at(10, R"("temps_C": [25, -20])")
      .at(12, R"("temps_C": [25, 25])")
      .at(30, R"("temps_C": [25, 47.5])")
      .run(40);
  for (long t = 0; t <= 31; ++t) {
    s.ccl(t, 100);
    s.dcl(t, 100);
  }
  s.ccl(32, 37.5);
  s.dcl(32, 37.5);
}

TEST(Scenarios, A24NoLimitsBeforeTheFirstCells) {
  Scenario s;
  s.base(R"("voltage_V": 53)").at(5, cells(3.330)).run(5);
  for (long t = 0; t <= 4; ++t) {
    s.ccl(t, 0);
    s.dcl(t, 0);
    s.allow(t, false, false);
    EXPECT_FALSE(s[t].started);
    s.phase(t, Phase::start);
  }
  EXPECT_TRUE(s[5].started);
  s.ccl(5, 100);
  s.dcl(5, 100);
  s.cvl2(5, 55.20);
}

TEST(Scenarios, A30CoulombCounter) {
  Scenario s;
  s.config().soc_source = SocSource::counter;
  s.base(R"("soc_pct": 50, )" + cells(3.330)).at(0, R"("current_A": 10)").run(21600);
  EXPECT_NEAR(*s[3600].soc_pct, 59.9, 1e-6);
  EXPECT_NEAR(*s[21600].soc_pct, 99.0, 1e-9) << "counting alone never claims more";
  EXPECT_EQ(s[3600].soc_source, "counter");

  Scenario full;
  full.config().soc_source = SocSource::counter;
  full.base(R"("soc_pct": 95, "current_A": 3, )" + cells(3.435)).run(180);
  EXPECT_LT(*full[179].soc_pct, 100);
  EXPECT_EQ(*full[180].soc_pct, 100);
  EXPECT_TRUE(full[180].events.soc_synchronised);
}

TEST(Scenarios, A31TimeToGo) {
  Scenario s;
  s.config().discharge_floor_soc = 10;
  s.base(R"("capacity_Ah": 200, "current_A": -25, )" + cells(3.300)).run(600);
  EXPECT_NEAR(*s[600].ttg_s, 14400, 0.1);
}

// A-33 (fuses of an alternator) is in config_test.cpp, A-25 to A-29 (several packs) in bank_scenarios_test.cpp.

}  // namespace
}  // namespace bms::limits
