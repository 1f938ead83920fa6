#include "config/import_dsb.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "fixture.hpp"

namespace bms::config {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Imported {
  int result = 0;
  std::string config;
  std::string report;
};

Imported import(const std::string& text, std::span<const DriverInfo> known = {}) {
  std::istringstream in(text);
  std::ostringstream config;
  std::ostringstream report;
  Imported imported;
  imported.result = import_dsb(in, config, report, known);
  imported.config = config.str();
  imported.report = report.str();
  return imported;
}

/// Drivers by the names that an import writes.
Loaded load_imported(const std::string& text) {
  std::vector<DriverInfo> drivers = {test_drivers()[0], test_drivers()[0], test_drivers()[0]};
  drivers[0].name = "jk-pb";
  drivers[1].name = "daly";
  drivers[2].name = "jk";
  return load_text(text, "c.ini", drivers);
}

/// As a user keeps it: only what differs from the defaults, with the comments of the original.
constexpr const char* kSample = R"([DEFAULT]

; --------- Set logging level ---------
LOGGING = WARNING

; --------- Battery Current limits ---------
MAX_BATTERY_CHARGE_CURRENT    = 100.0
MAX_BATTERY_DISCHARGE_CURRENT = 120.0

MAX_CELL_VOLTAGE   = 3.500
FLOAT_CELL_VOLTAGE = 3.350

SOC_RESET_CELL_VOLTAGE = 3.550
SOC_RESET_AFTER_DAYS = 21

BATTERY_ADDRESSES = 0x01, 0x02, 0x0a
BMS_TYPE = Jkbms_pb

BLOCK_ON_DISCONNECT = False
BLOCK_ON_DISCONNECT_TIMEOUT_MINUTES = 20
BLOCK_ON_DISCONNECT_VOLTAGE_MIN = 3.25
BLOCK_ON_DISCONNECT_VOLTAGE_MAX = 3.35

CHARGE_MODE = 2
SWITCH_TO_FLOAT_WAIT_FOR_SEC = 600
SWITCH_TO_FLOAT_CELL_VOLTAGE_DIFF =
SWITCH_TO_BULK_SOC_THRESHOLD = 85
SWITCH_TO_BULK_CELL_VOLTAGE_DIFF = 10

CVL_CONTROLLER_MODE = 1
CVL_RECALCULATION_EVERY = 30

CELL_VOLTAGES_WHILE_CHARGING   = 3.55, 3.50, 3.45, 3.30
MAX_CHARGE_CURRENT_CV_FRACTION =    0, 0.05,  0.5,    1

TEMPERATURES_WHILE_CHARGING      = 0, 5, 10, 20, 35, 40, 55, 60
DCCM_T_MOSFET_ENABLE = False
CCCM_SOC_ENABLE = True

VOLTAGE_DROP = 0.15
EXTERNAL_SENSOR_DBUS_DEVICE = com.victronenergy.battery.ttyS5
EXTERNAL_SENSOR_DBUS_PATH_SOC = /Soc
POLL_INTERVAL = 1.5
USE_PORT_AS_UNIQUE_ID = True
TELEMETRY = False
MQTT_PASSWORD = secret
)";

TEST(Import, RealisticFile) {
  const auto imported = import(kSample);
  EXPECT_EQ(imported.result, 0) << imported.report;
  EXPECT_EQ(imported.config,
            "# Made from the config.ini of dbus-serialbattery by 'dbus-bms import-config'.\n"
            "# Check the ports: 'dbus-bms ports' lists them, 'dbus-bms probe' finds batteries.\n"
            "\n[daemon]\nlog_level = warn\npoll_interval = 1.5\n"
            "\n[battery:battery]\ndriver = jk-pb\nport = /dev/ttyUSB0\naddress = 1, 2, 10\nidentity = section\n"
            "soc_from = shunt\n"
            "\n[battery:shunt]\ndriver = dbus\nservice = com.victronenergy.battery.ttyS5\n"
            "\n[limits]\nmax_charge_a = 100\nmax_discharge_a = 120\ncell_v_max = 3.5\ncell_v_float = 3.35\n"
            "top_balance_days = 21\nabsorption_s = 600\nabsorption_diff_v = 1\nrebulk_soc = 85\nrebulk_diff_v = 2\n"
            "loss_block_s = 1200\nloss_v_min = 3.25\nloss_v_max = 3.35\nvoltage_drop_v = 0.15\ncell_v_top = 3.55\n"
            "charge_cell_v = 3.3:1, 3.45:0.5, 3.5:0.05, 3.55:0\n"
            "charge_temp = 0:0, 5:0.25, 10:0.5, 20:1, 35:1, 40:0.5, 55:0.25, 60:0\ndischarge_mosfet = off\n"
            "charge_soc = on\ncurve_mode = step\nloss_policy = hold_then_block\n");
  const auto loaded = load_imported(imported.config);
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.config.unit_count(), 4U);
  EXPECT_EQ(loaded.config.batteries[0].units[0].limits.curve_mode, limits::CurveMode::step);
}

/// Chapter 16 of limit-engine.md, row by row: what a key becomes, or what the report says instead.
TEST(Import, EveryRowOfTheTable) {
  struct Row {
    const char* theirs;
    const char* ours;
    const char* told;
  };
  const Row rows[] = {
      {"MAX_BATTERY_CHARGE_CURRENT = 70", "max_charge_a = 70", ""},
      {"MAX_BATTERY_DISCHARGE_CURRENT = 80", "max_discharge_a = 80", ""},
      {"MAX_CELL_VOLTAGE = 3.48", "cell_v_max = 3.48", ""},
      {"FLOAT_CELL_VOLTAGE = 3.36", "cell_v_float = 3.36", ""},
      {"MIN_CELL_VOLTAGE = 3.0", "cell_v_min = 3", ""},
      {"SOC_RESET_CELL_VOLTAGE = 3.56", "cell_v_top = 3.56", ""},
      {"SOC_RESET_AFTER_DAYS = 14", "top_balance_days = 14", ""},
      {"CELL_VOLTAGES_WHILE_CHARGING = 3.5, 3.4\nMAX_CHARGE_CURRENT_CV_FRACTION = 0, 1", "charge_cell_v = 3.4:1, 3.5:0",
       "sorted"},
      {"CELL_VOLTAGES_WHILE_DISCHARGING = 2.8, 3.1\nMAX_DISCHARGE_CURRENT_CV_FRACTION = 0, 1",
       "discharge_cell_v = 2.8:0, 3.1:1", ""},
      {"TEMPERATURES_WHILE_CHARGING = 0, 10, 40, 50\nMAX_CHARGE_CURRENT_T_FRACTION = 0, 1, 1, 0",
       "charge_temp = 0:0, 10:1, 40:1, 50:0", ""},
      {"TEMPERATURES_WHILE_DISCHARGING = -5, 5, 40, 50\nMAX_DISCHARGE_CURRENT_T_FRACTION = 0, 1, 1, 0",
       "discharge_temp = -5:0, 5:1, 40:1, 50:0", ""},
      {"CCCM_SOC_ENABLE = True\nSOC_WHILE_CHARGING = 98, 90\nMAX_CHARGE_CURRENT_SOC_FRACTION = 0.1, 1",
       "charge_soc = 90:1, 98:0.1", ""},
      {"DCCM_SOC_ENABLE = True\nSOC_WHILE_DISCHARGING = 5, 20\nMAX_DISCHARGE_CURRENT_SOC_FRACTION = 0.1, 1",
       "discharge_soc = 5:0.1, 20:1", ""},
      {"CHARGE_MODE = 2", "curve_mode = step", "CHARGE_MODE = 2"},
      {"SWITCH_TO_FLOAT_WAIT_FOR_SEC = 600", "absorption_s = 600", ""},
      {"SWITCH_TO_BULK_SOC_THRESHOLD = 75", "rebulk_soc = 75", ""},
      {"CVL_RECOVERY_HOLD_SEC = 90", "cvl_hold_s = 90", ""},
      {"CVL_RECOVERY_RATE_V_PER_SEC = 0.003", "cvl_ramp_v_s = 0.003", ""},
      {"CVL_CONTROLLER_MODE = 0", "", "ki_per_cell = 0 switches it off"},
      {"CVL_ICONTROLLER_FACTOR = 0.3", "", "CVL_ICONTROLLER_FACTOR = 0.3"},
      {"CVL_RECALCULATION_EVERY = 30", "", "CVL_RECALCULATION_EVERY = 30"},
      {"BLOCK_ON_DISCONNECT = True", "loss_policy = block", ""},
      {"BLOCK_ON_DISCONNECT = False", "loss_policy = hold_then_block", ""},
      {"SOC_LOW_WARNING = 25", "soc_low_warning = 25", ""},
      {"SOC_LOW_ALARM = 12", "soc_low_alarm = 12", ""},
      {"VOLTAGE_DROP = 0.2", "voltage_drop_v = 0.2", ""},
      {"BMS_TYPE = Daly\nBATTERY_CAPACITY = 105", "capacity = 105", ""},
      {"USE_BMS_DVCC_VALUES = True", "", "cvl_from_bms = yes"},
  };
  for (const Row& row : rows) {
    const auto imported = import(std::string("[DEFAULT]\n") + row.theirs + "\n");
    EXPECT_EQ(imported.result, 0) << row.theirs << "\n" << imported.report;
    EXPECT_THAT(imported.config, HasSubstr(row.ours)) << row.theirs;
    EXPECT_THAT(imported.report, HasSubstr(row.told)) << row.theirs;
  }
}

TEST(Import, ReportOfTheRealisticFile) {
  const std::string report = import(kSample).report;
  EXPECT_THAT(report, HasSubstr("MAX_BATTERY_CHARGE_CURRENT = 100.0 -> max_charge_a = 100\n"));
  EXPECT_THAT(report, HasSubstr("(sorted) -> charge_cell_v = 3.3:1"));
  EXPECT_THAT(report, HasSubstr("CHARGE_MODE = 2: between two points the smaller of both fractions counts"));
  EXPECT_THAT(report, HasSubstr("CVL_CONTROLLER_MODE = 1: there is one law"));
  EXPECT_THAT(report, HasSubstr("CVL_RECALCULATION_EVERY = 30: limits are computed at each poll"));
  EXPECT_THAT(report, HasSubstr("[battery:battery] port = /dev/ttyUSB0: set the port"));
  EXPECT_THAT(report, HasSubstr("CELL_VOLTAGES_WHILE_DISCHARGING: 2.8:0, 2.9:0.005"));
  EXPECT_THAT(report, Not(HasSubstr("BLOCK_ON_DISCONNECT_VOLTAGE_MIN: 3.25 there")));
  EXPECT_THAT(report, HasSubstr("TELEMETRY"));
  EXPECT_THAT(report, Not(HasSubstr("secret")));
  EXPECT_THAT(report, Not(HasSubstr("Wrong")));
}

TEST(Import, UnequalTablesAreAnErrorThatNamesBoth) {
  const auto imported = import(
      "[DEFAULT]\nMAX_BATTERY_CHARGE_CURRENT = 70\nCELL_VOLTAGES_WHILE_CHARGING = 3.5, 3.4\n"
      "MAX_CHARGE_CURRENT_CV_FRACTION = 0, 0.5, 1\n");
  EXPECT_EQ(imported.result, 1);
  EXPECT_THAT(imported.report, HasSubstr("CELL_VOLTAGES_WHILE_CHARGING has 2 values and MAX_CHARGE_CURRENT_CV_FRACTION "
                                         "has 3: they must have as many; charge_cell_v has its default"));
  EXPECT_THAT(imported.config, HasSubstr("max_charge_a = 70"));
  EXPECT_THAT(imported.config, Not(HasSubstr("charge_cell_v")));
}

TEST(Import, OneListOfTwoRestsOnTheirDefault) {
  const auto good = import("[DEFAULT]\nMAX_CHARGE_CURRENT_CV_FRACTION = 0, 0.1, 0.2, 0.3, 1\n");
  EXPECT_EQ(good.result, 0);
  EXPECT_THAT(good.config, HasSubstr("charge_cell_v = 3.375:1, 3.4:0.3, 3.425:0.2, 3.45:0.1, 3.5:0\n"));
  EXPECT_EQ(import("[DEFAULT]\nMAX_CHARGE_CURRENT_CV_FRACTION = 0, 1\n").result, 1);
}

TEST(Import, BluetoothCanAndOtherBmsAreNotSupported) {
  const auto imported = import(
      "[DEFAULT]\nBLUETOOTH_BMS = Jkbms_Ble C8:47:8C:00:00:00\nCAN_PORT = can0\nBMS_TYPE = Jkbms, LltJbd, Daly\n");
  EXPECT_EQ(imported.result, 0);
  EXPECT_THAT(imported.report, HasSubstr("BLUETOOTH_BMS = Jkbms_Ble C8:47:8C:00:00:00: batteries on Bluetooth"));
  EXPECT_THAT(imported.report, HasSubstr("CAN_PORT = can0: batteries on CAN"));
  EXPECT_THAT(imported.report, HasSubstr("BMS_TYPE LltJbd: there is no driver for it"));
  EXPECT_THAT(imported.config, HasSubstr("[battery:daly]\ndriver = daly\nport = /dev/ttyUSB0\n"));
  EXPECT_THAT(imported.config, HasSubstr("[battery:jk]\ndriver = jk\nport = /dev/ttyUSB1\n"));
  EXPECT_EQ(problems(load_imported(imported.config)), "");
}

TEST(Import, HighTopBalanceVoltageIsForTheUserToDecide) {
  const auto imported = import("[DEFAULT]\nSOC_RESET_CELL_VOLTAGE = 3.650\nSOC_RESET_AFTER_DAYS = 30\n");
  EXPECT_EQ(imported.result, 0);
  EXPECT_THAT(imported.report, HasSubstr("SOC_RESET_CELL_VOLTAGE = 3.650: cell_v_top stays at 3.55 V"));
  EXPECT_THAT(imported.report, HasSubstr("cell_v_hard"));
  EXPECT_THAT(imported.config, HasSubstr("top_balance_days = 30\n"));
  EXPECT_THAT(imported.config, Not(HasSubstr("cell_v_top")));
}

TEST(Import, WhatContradictsTheLimitsIsLeftOut) {
  const auto imported =
      import("[DEFAULT]\nMAX_CELL_VOLTAGE = 3.62\nMIN_CELL_VOLTAGE = 2.6\nFLOAT_CELL_VOLTAGE = 3.4\n");
  EXPECT_THAT(imported.report, HasSubstr("MAX_CELL_VOLTAGE = 3.62 is left out"));
  EXPECT_THAT(imported.report, HasSubstr("MIN_CELL_VOLTAGE = 2.6 is left out"));
  EXPECT_THAT(imported.report, Not(HasSubstr("-> cell_v_max")));
  EXPECT_THAT(imported.config, HasSubstr("cell_v_float = 3.4\n"));
  EXPECT_EQ(problems(load_imported(imported.config)), "");
}

TEST(Import, FormerNames) {
  const auto imported = import(
      "[DEFAULT]\nlinear_limitation_enable = False\nMAX_VOLTAGE_TIME_SEC = 300\nMODBUS_ADDRESSES = 1\n"
      "SOC_LEVEL_TO_RESET_VOLTAGE_LIMIT = 70\nCELL_VOLTAGE_DIFF_KEEP_MAX_VOLTAGE_UNTIL = 0.02\n");
  EXPECT_EQ(imported.result, 0) << imported.report;
  for (const auto* line :
       {"curve_mode = step", "absorption_s = 300", "address = 1", "rebulk_soc = 70", "absorption_diff_v = 0.02"}) {
    EXPECT_THAT(imported.config, HasSubstr(line + std::string("\n")));
  }
}

TEST(Import, TwoKeysBecomeTheMoreCarefulOne) {
  const auto imported = import(
      "[DEFAULT]\nCCL_RECOVERY_HOLD_SEC = 20\nDCL_RECOVERY_HOLD_SEC = 60\nCCL_RECOVERY_RATE_A_PER_SEC = 2\n"
      "DCL_RECOVERY_RATE_A_PER_SEC = 4\n");
  EXPECT_THAT(imported.config, HasSubstr("recovery_hold_s = 60\n"));
  EXPECT_THAT(imported.config, HasSubstr("recovery_rate_a_s = 2\n"));
  EXPECT_THAT(imported.report, HasSubstr("one key for both directions"));
}

TEST(Import, ProtectionThatWasSwitchedOffStays) {
  const auto imported = import("[DEFAULT]\nCCCM_CV_ENABLE = False\nCVCM_ENABLE = False\nMAX_CELL_VOLTAGE = 3.5\n");
  EXPECT_THAT(imported.report, HasSubstr("CCCM_CV_ENABLE = False: charge_cell_v protects the cells"));
  EXPECT_THAT(imported.config, HasSubstr("cell_v_float = 3.5\n"));
}

TEST(Import, DalyOnlyKeys) {
  const auto daly = import("[DEFAULT]\nBMS_TYPE = Daly\nBATTERY_CAPACITY = 280\nINVERT_CURRENT_MEASUREMENT = -1\n");
  EXPECT_THAT(daly.config, HasSubstr("capacity = 280\ninvert_current = yes\n"));
  EXPECT_EQ(problems(load_imported(daly.config)), "");
  const auto any = import("[DEFAULT]\nBATTERY_CAPACITY = 280\nINVERT_CURRENT_MEASUREMENT = -1\n");
  EXPECT_THAT(any.config, HasSubstr("driver = auto\n"));
  EXPECT_THAT(any.report, HasSubstr("INVERT_CURRENT_MEASUREMENT = -1: only with driver = daly"));
}

TEST(Import, AnAddressThatTheDriverCannotHaveIsLeftToTheUser) {
  DriverInfo pb;
  pb.name = "jk-pb";
  pb.has_address = true;
  pb.address_min = 1;
  pb.address_max = 15;
  const auto some = import("[DEFAULT]\nBMS_TYPE = Jkbms_pb\nBATTERY_ADDRESSES = 0, 2, 80\n", {&pb, 1});
  EXPECT_EQ(some.result, 0);
  EXPECT_THAT(some.config, HasSubstr("address = 2\n"));
  EXPECT_THAT(some.report, HasSubstr("0 is no address of driver jk-pb, which has 1 to 15: left out"));
  EXPECT_THAT(some.report, HasSubstr("128 is no address"));
  const auto none = import("[DEFAULT]\nBMS_TYPE = Jkbms_pb\nBATTERY_ADDRESSES = 0\n", {&pb, 1});
  EXPECT_THAT(none.config, testing::Not(HasSubstr("address")));
  pb.has_address = false;
  EXPECT_THAT(import("[DEFAULT]\nBMS_TYPE = Jkbms_pb\nBATTERY_ADDRESSES = 1\n", {&pb, 1}).config,
              testing::Not(HasSubstr("address")));
}

TEST(Import, OneShuntForSeveralPacks) {
  const auto imported = import(
      "[DEFAULT]\nBMS_TYPE = Jkbms_pb\nBATTERY_ADDRESSES = 1, 2\n"
      "EXTERNAL_SENSOR_DBUS_DEVICE = com.victronenergy.battery.ttyS5\n"
      "EXTERNAL_SENSOR_DBUS_PATH_CURRENT = /Dc/0/Current\n");
  EXPECT_THAT(imported.report, HasSubstr("[bank] soc_from = shunt"));
  EXPECT_EQ(problems(load_imported(imported.config)), "");
}

TEST(Import, WrongFiles) {
  EXPECT_EQ(import("").result, 1);
  EXPECT_THAT(import("").report, HasSubstr("there is no setting in this file"));
  EXPECT_EQ(import(std::string("\0\x1b[", 3)).result, 1);
  const auto wrong = import("[DEFAULT]\nMAX_BATTERY_CHARGE_CURRENT = lots\nnonsense\nMAX_CEL_VOLTAGE = 3.4\n");
  EXPECT_EQ(wrong.result, 1);
  EXPECT_THAT(wrong.report, HasSubstr("MAX_BATTERY_CHARGE_CURRENT = lots: not a number"));
  EXPECT_THAT(wrong.report, HasSubstr("line 3: nonsense: "));
  EXPECT_THAT(wrong.report, HasSubstr("MAX_CEL_VOLTAGE = 3.4: unknown key; did you mean MAX_CELL_VOLTAGE?"));
}

}  // namespace
}  // namespace bms::config
