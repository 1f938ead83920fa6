#include "victron/battery_paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "support/battery_samples.hpp"
#include "victron/path_table.hpp"

namespace bms::victron {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class Paths : public testing::Test {
 protected:
  void update() {
    now += 1s;
    reading.time = now;
    link.last_good = now;
    ++link.good;
    paths.update({.now = now, .reading = &reading, .limits = &limits, .link = &link, .low_voltage_V = 44.8});
  }
  const Value& value(const char* path) const { return tree.value(path); }
  std::string text(const char* path) const { return tree.find(path) == nullptr ? "absent" : tree.find(path)->text(); }

  TimePoint now{};
  ItemTree tree;
  BatteryPaths paths{tree, sample_identity(), {}};
  Reading reading = sample_reading();
  limits::Limits limits = sample_limits();
  port::LinkHealth link;
};

TEST_F(Paths, MeasurementsWithTypesAndTexts) {
  update();
  EXPECT_EQ(text("/Dc/0/Voltage"), "53.28V");
  EXPECT_EQ(text("/Dc/0/Current"), "-12.50A");
  EXPECT_EQ(text("/Dc/0/Power"), "-666W");
  EXPECT_EQ(value("/Dc/0/Power"), Value(-666.0));
  EXPECT_EQ(text("/Dc/0/Temperature"), "21.0\u00b0C");
  EXPECT_EQ(text("/Soc"), "76.4%") << "of the active source, not the BMS's own";
  EXPECT_EQ(text("/Capacity"), "210.0Ah");
  EXPECT_EQ(text("/InstalledCapacity"), "280.0Ah");
  EXPECT_EQ(text("/ConsumedAmphours"), "-70.0Ah") << "zero or negative";
  EXPECT_EQ(value("/TimeToGo"), Value(36000));
  EXPECT_EQ(value("/History/ChargeCycles"), Value(42));
  EXPECT_EQ(text("/System/Temperature2Name"), "T2");
  EXPECT_EQ(text("/System/MOSTemperature"), "30.5\u00b0C");
}

TEST_F(Paths, IdentityComesFromTheBatteryAndTheUser) {
  update();
  EXPECT_EQ(text("/ProductName"), "JK-PB2A16S20P");
  EXPECT_EQ(text("/Serial"), "4100");
  EXPECT_EQ(text("/FirmwareVersion"), "15.38");
  EXPECT_EQ(value("/ProductId"), Value(kProductId));
  EXPECT_EQ(value("/DeviceInstance"), Value(7));
  EXPECT_EQ(value("/Connected"), Value(1));
  EXPECT_EQ(text("/CustomName"), "House");
  EXPECT_EQ(tree.find("/CustomName")->format.access, Access::writable);
}

TEST_F(Paths, CellsBalancersAndExtremes) {
  update();
  EXPECT_EQ(text("/Voltages/Cell1"), "3.330V");
  EXPECT_EQ(text("/Voltages/Cell16"), "3.330V");
  EXPECT_EQ(tree.find("/Voltages/Cell17"), nullptr);
  EXPECT_EQ(text("/System/MinVoltageCellId"), "C03");
  EXPECT_EQ(text("/System/MinCellVoltage"), "3.311V");
  EXPECT_EQ(text("/System/MaxVoltageCellId"), "C07");
  EXPECT_EQ(text("/Voltages/Diff"), "0.038V");
  EXPECT_EQ(value("/Balances/Cell7"), Value(1));
  EXPECT_EQ(value("/Balances/Cell8"), Value(0));
  EXPECT_EQ(value("/Balancing"), Value(1));
  EXPECT_EQ(text("/System/MinTemperatureCellId"), "T1");
}

TEST_F(Paths, UnknownIsInvalidAndNeverZero) {
  reading.soc_pct.reset();
  limits.soc_pct.reset();
  reading.remaining_Ah.reset();
  reading.temps_C = {std::nullopt, 22.0};
  reading.cells_V[4].reset();
  update();
  EXPECT_EQ(text("/Soc"), "---");
  EXPECT_EQ(text("/Capacity"), "---");
  EXPECT_EQ(text("/ConsumedAmphours"), "---");
  EXPECT_EQ(text("/Voltages/Cell5"), "---");
  EXPECT_EQ(text("/Voltages/Sum"), "absent");
  EXPECT_EQ(text("/Dc/0/Temperature"), "22.0\u00b0C");
  EXPECT_EQ(text("/System/Temperature1"), "absent") << "a sensor that never said anything";
}

TEST_F(Paths, LimitsAndWhy) {
  update();
  EXPECT_EQ(text("/Info/MaxChargeVoltage"), "55.20V");
  EXPECT_EQ(text("/Info/MaxChargeCurrent"), "70.0A");
  EXPECT_EQ(text("/Info/MaxDischargeCurrent"), "120.0A");
  EXPECT_EQ(text("/Info/BatteryLowVoltage"), "44.80V");
  EXPECT_EQ(text("/Info/ChargeMode"), "Absorption");
  EXPECT_FALSE(text("/Info/ChargeLimitation").empty());
  const auto why = nlohmann::json::parse(text("/Info/Explanation"));
  EXPECT_EQ(why["phase"], "absorption");
  EXPECT_EQ(why["why"]["ccl"][0]["id"], "cell_v");
  EXPECT_EQ(why["why"]["ccl"][0]["text"], text("/Info/ChargeLimitation"));
  EXPECT_EQ(why["ccl_A"], 70.0);
  EXPECT_EQ(why["cvl_V"], 55.2);
}

TEST_F(Paths, TheExplanationIsNotASignalPerPoll) {
  update();
  tree.take_changes();
  int renewed = 0;
  for (int i = 0; i < 30; ++i) {
    limits.ccl.why.front().value = 70.0 - i;
    limits.ccl.value_A = 70.0 - i;
    update();
    for (const Item* item : tree.take_changes()) renewed += item->path == "/Info/Explanation" ? 1 : 0;
  }
  EXPECT_EQ(renewed, 3);
  limits.ccl.why.front().id = "temp";
  update();
  EXPECT_THAT(text("/Info/Explanation"), HasSubstr("temp")) << "another constraint binds: at once";
}

TEST_F(Paths, AnExplanationOfAnySizeIsWholeJson) {
  for (int i = 0; i < 300; ++i) {
    limits.ccl.why.push_back(sample_cause("share", i));
    limits.ccl.why.back().status = i % 2 == 0 ? limits::Cause::Status::inactive : limits::Cause::Status::active;
  }
  update();
  const auto why = nlohmann::json::parse(text("/Info/Explanation"));
  EXPECT_EQ(why["why"]["ccl"][0]["id"], "cell_v");
  EXPECT_LE(why["why"]["ccl"].size(), 20U);
}

TEST_F(Paths, ABatteryAtRestHasNothingToAnnounce) {
  update();
  tree.take_changes();
  for (int i = 0; i < 5; ++i) update();
  EXPECT_THAT(tree.take_changes(), IsEmpty());
}

TEST_F(Paths, AnInvalidLimitBesideAValidChargeVoltageIsImpossible) {
  update();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double bad : {kNan, kInfinity, -kInfinity, -5.0, 1e12}) {
    limits = sample_limits();
    limits.ccl.value_A = limits.dcl.value_A = bad;
    update();
    for (const char* path : {"/Info/MaxChargeCurrent", "/Info/MaxDischargeCurrent"}) {
      ASSERT_TRUE(std::holds_alternative<double>(value(path)));
      EXPECT_GE(std::get<double>(value(path)), 0);
      EXPECT_LE(std::get<double>(value(path)), 10000);
    }
  }
  for (const double bad : {kNan, kInfinity, 0.0, -1.0, 1e6}) {
    limits = sample_limits();
    limits.cvl.value_V = bad;
    update();
    EXPECT_EQ(value("/Info/MaxChargeVoltage"), Value(55.2)) << "keeps the last valid one";
    EXPECT_EQ(value("/Info/MaxChargeCurrent"), Value(0.0)) << "and stops";
    EXPECT_EQ(value("/Info/MaxDischargeCurrent"), Value(0.0));
  }
}

TEST_F(Paths, WhateverADriverSuppliesNothingHarmfulIsPublished) {
  update();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  reading.voltage_V = kNan;
  reading.current_A = std::numeric_limits<double>::infinity();
  reading.soc_pct = kNan;
  limits.soc_pct = 1e9;
  limits.ttg_s = kNan;
  reading.capacity_Ah = -kNan;
  reading.cells_V[0] = -1e300;
  reading.temps_C[0] = 5000;
  reading.cycles = std::numeric_limits<std::int64_t>::max();
  reading.serial = std::string("\xff\xfe\0x", 4);
  reading.model = std::string("\x01");
  update();
  for (const auto& [path, item] : tree.items()) {
    if (const auto* number = std::get_if<double>(&item.value)) {
      EXPECT_TRUE(std::isfinite(*number)) << path;
    }
    EXPECT_EQ(normalised(item.format, item.value), item.value) << path;
  }
  EXPECT_EQ(text("/Soc"), "---");
  EXPECT_EQ(text("/Dc/0/Voltage"), "---");
  EXPECT_EQ(text("/ProductName"), "JK-PB2A16S20P") << "never empty";
}

TEST_F(Paths, AlarmsOfTheBmsAndOfTheEngine) {
  reading.alarms = std::vector<Alarm>{{Condition::mos_overtemperature, AlarmLevel::warning},
                                      {Condition::short_circuit, AlarmLevel::alarm}};
  limits.alarms.low_soc = 1;
  update();
  EXPECT_EQ(value("/Alarms/HighInternalTemperature"), Value(1));
  EXPECT_EQ(value("/Alarms/HighCurrent"), Value(2));
  EXPECT_EQ(value("/Alarms/LowSoc"), Value(1));
  EXPECT_EQ(value("/Alarms/CellImbalance"), Value(0));
  EXPECT_EQ(tree.find("/Alarms/FuseBlown"), nullptr);
  reading.alarms->clear();
  limits.alarms.low_soc = 0;
  update();
  EXPECT_EQ(value("/Alarms/HighInternalTemperature"), Value(0));
  EXPECT_EQ(value("/Alarms/HighCurrent"), Value(0));
  EXPECT_EQ(value("/Alarms/LowSoc"), Value(0));
  limits.alarms.configuration = 1;
  update();
  EXPECT_EQ(value("/ErrorCode"), Value(119));
}

TEST_F(Paths, ABmsThatTellsNoAlarmsHasNoneThatAreFine) {
  reading.alarms.reset();
  update();
  EXPECT_EQ(tree.find("/Alarms/HighVoltage"), nullptr);
  EXPECT_EQ(value("/Alarms/BmsCable"), Value(0));
}

TEST_F(Paths, EveryConditionHasAStockAlarm) {
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    reading.alarms = std::vector<Alarm>{{static_cast<Condition>(i), AlarmLevel::alarm}};
    update();
    int raised = 0;
    for (const auto& [key, item] : tree.below("/Alarms")) raised += item->value == Value(2) ? 1 : 0;
    EXPECT_EQ(raised, 1) << to_string(static_cast<Condition>(i));
  }
}

TEST_F(Paths, ALostBatteryStopsAndKeepsItsChargeVoltage) {
  reading.heater_on = true;
  reading.heater_current_A = 2.5;
  update();
  EXPECT_EQ(value("/Info/HeatingCurrent"), Value(2.5));
  EXPECT_EQ(value("/Info/HeatingPower"), Value(std::round(2.5 * *reading.voltage_V)));
  limits.blocked_by_loss = true;
  limits.freshness = limits::Freshness::lost;
  limits.alarms.bms_cable = 2;
  limits.ccl.value_A = limits.dcl.value_A = 0;
  limits.allow_charge = limits.allow_discharge = false;
  update();
  EXPECT_EQ(value("/Info/MaxChargeVoltage"), Value(55.2));
  EXPECT_EQ(value("/Info/MaxChargeCurrent"), Value(0.0));
  EXPECT_EQ(value("/Info/MaxDischargeCurrent"), Value(0.0));
  EXPECT_EQ(value("/Alarms/BmsCable"), Value(2));
  EXPECT_EQ(value("/Connected"), Value(1));
  EXPECT_EQ(value("/State"), Value(10));
  EXPECT_EQ(value("/System/NrOfModulesOffline"), Value(1));
  for (const char* path :
       {"/Dc/0/Voltage", "/Dc/0/Current", "/Dc/0/Power", "/Dc/0/Temperature", "/Soc", "/TimeToGo", "/Voltages/Cell1",
        "/Voltages/Sum", "/Voltages/Diff", "/Balances/Cell7", "/System/MinCellVoltage", "/System/MaxVoltageCellId",
        "/Battery/1/Cell/1/Voltage", "/Heating", "/Info/HeatingCurrent", "/Info/HeatingPower"}) {
    EXPECT_EQ(text(path), "---") << path;
  }
  limits = sample_limits();
  update();
  EXPECT_EQ(text("/Voltages/Cell1"), "3.330V");
  EXPECT_EQ(value("/Alarms/BmsCable"), Value(0));
}

TEST_F(Paths, LinkHealthIsRenewedEveryTenSeconds) {
  link.add(Fault::crc);
  update();
  EXPECT_EQ(value("/Link/Crc"), Value(1));
  EXPECT_EQ(value("/Link/Age"), Value(0));
  link.add(Fault::crc);
  update();
  EXPECT_EQ(value("/Link/Crc"), Value(1));
  now += 10s;
  update();
  EXPECT_EQ(value("/Link/Crc"), Value(2));
  EXPECT_EQ(value("/Link/Good"), Value(3));
  now += 17500ms;
  paths.update({.now = now, .reading = &reading, .limits = &limits, .link = &link});
  EXPECT_EQ(value("/Link/Age"), Value(17));
}

TEST_F(Paths, HistoryIsNegativeWhereConsumersExpectIt) {
  reading.history = {{"deepest_discharge_Ah", 120.0}, {"min_voltage_V", 44.2}, {"unheard_of", 3}};
  update();
  EXPECT_EQ(text("/History/DeepestDischarge"), "-120.0Ah");
  EXPECT_EQ(text("/History/MinimumVoltage"), "44.20V");
}

TEST_F(Paths, OurHistoryIsShownWhereTheDeviceHasNone) {
  history::State past;
  past.deepest_Ah = 90;
  past.drawn_Ah = 1234.56;
  past.cycles = 12.9;
  past.charged_kWh = 3.456;
  past.since_full_s = 3659;
  past.min_cell = history::Mark{2.911, 1800000000};
  past.min_voltage = history::Mark{44, 1800000000};
  past.errors = {{Condition::short_circuit, 1800000000}, {Condition::internal, {}}};
  reading.history = {{"min_voltage_V", 43.5}};
  reading.cycles.reset();
  paths.update({.now = now, .reading = &reading, .limits = &limits, .history = &past});
  EXPECT_EQ(text("/History/DeepestDischarge"), "-90.0Ah");
  EXPECT_EQ(text("/History/TotalAhDrawn"), "-1234.6Ah");
  EXPECT_EQ(value("/History/ChargeCycles"), Value(12));
  EXPECT_EQ(text("/History/ChargedEnergy"), "3.46kWh");
  EXPECT_EQ(value("/History/TimeSinceLastFullCharge"), Value(3600));
  EXPECT_EQ(text("/History/MinimumCellVoltage"), "2.911V");
  EXPECT_EQ(value("/History/MinimumCellVoltageTime"), Value(1800000000));
  EXPECT_EQ(text("/History/MinimumVoltage"), "43.50V");
  EXPECT_FALSE(is_valid(value("/History/MinimumVoltageTime")));
  EXPECT_EQ(text("/History/LastErrors"), "short_circuit 2027-01-15 08:00Z; internal");
  EXPECT_EQ(value("/Diagnostics/LastErrors/1/Error"), Value(11)) << "a short circuit has no number of Victron's";
  EXPECT_FALSE(is_valid(value("/Diagnostics/LastErrors/1/Time")));
  EXPECT_EQ(tree.find("/Diagnostics/LastErrors/2/Error"), nullptr);
  EXPECT_EQ(tree.find("/History/LowStarterVoltageAlarms"), nullptr);

  past.drawn_Ah = 1300;
  paths.update({.now = now, .reading = &reading, .limits = &limits, .history = &past});
  EXPECT_EQ(text("/History/TotalAhDrawn"), "-1234.6Ah") << "renewed every 10 s";
  history::reset(past, history::Field::deepest_discharge_Ah);
  past.errors = {{Condition::mos_overtemperature, 1800000001},
                 {Condition::cell_overvoltage, 1800000000},
                 {Condition::communication, {}},
                 {Condition::cell_undervoltage, {}},
                 {Condition::calibration, {}}};
  paths.show_history_now();
  paths.update({.now = now, .reading = &reading, .limits = &limits, .history = &past});
  EXPECT_EQ(text("/History/TotalAhDrawn"), "-1300.0Ah");
  EXPECT_FALSE(is_valid(value("/History/DeepestDischarge")));
  EXPECT_EQ(value("/Diagnostics/LastErrors/1/Error"), Value(15));
  EXPECT_EQ(value("/Diagnostics/LastErrors/1/Time"), Value(1800000001));
  EXPECT_EQ(value("/Diagnostics/LastErrors/4/Error"), Value(14));
  EXPECT_EQ(tree.find("/Diagnostics/LastErrors/5/Error"), nullptr) << "the page has four rows";
  history::reset(past, history::Field::last_errors);
  paths.show_history_now();
  paths.update({.now = now, .reading = &reading, .limits = &limits, .history = &past});
  EXPECT_FALSE(is_valid(value("/Diagnostics/LastErrors/1/Error"))) << "the page is gone with them";
}

TEST_F(Paths, EveryPathIsListedWithItsFormat) {
  reading.alarms = std::vector<Alarm>{};
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    reading.alarms->push_back({static_cast<Condition>(i), AlarmLevel::warning});
  }
  update();
  for (const auto& [path, item] : tree.items()) {
    const PathInfo* info = path_info(path);
    ASSERT_NE(info, nullptr) << path;
    EXPECT_EQ(info->format.kind, item.format.kind) << path;
    EXPECT_STREQ(info->format.unit, item.format.unit) << path;
  }
}

}  // namespace
}  // namespace bms::victron
