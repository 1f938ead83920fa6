#include "dbus/from_items.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace bms::dbus {
namespace {

/// A SmartShunt as Venus OS publishes it.
Items shunt() {
  return {{"/Connected", 1.0},
          {"/ProductName", "SmartShunt 500A/50mV"},
          {"/Serial", "HQ2031ABCDE"},
          {"/FirmwareVersion", 1046.0},  // 0x0416
          {"/CustomName", "House"},
          {"/Dc/0/Voltage", 53.12},
          {"/Dc/0/Current", -8.1},
          {"/Dc/0/Power", -430.0},
          {"/Dc/0/Temperature", std::monostate{}},
          {"/Dc/1/Voltage", 12.8},
          {"/Soc", 87.7},
          {"/ConsumedAmphours", -34.5},
          {"/TimeToGo", 74040.0},
          {"/Alarms/LowVoltage", 0.0},
          {"/Alarms/LowSoc", 1.0},
          {"/Alarms/MidVoltage", 2.0},
          {"/History/DeepestDischarge", -149.3},
          {"/History/ChargeCycles", 7.0}};
}

TEST(FromItems, AShunt) {
  const Reading reading = from_items(shunt());
  EXPECT_EQ(reading.voltage_V, 53.12);
  EXPECT_EQ(reading.current_A, -8.1);
  EXPECT_EQ(reading.soc_pct, 87.7);
  EXPECT_EQ(reading.consumed_Ah, -34.5);
  EXPECT_EQ(reading.ttg_s, 74040);
  EXPECT_EQ(reading.aux_voltage_V, 12.8);
  EXPECT_TRUE(reading.temps_C.empty());
  EXPECT_EQ(reading.model, "SmartShunt 500A/50mV");
  EXPECT_EQ(reading.serial, "HQ2031ABCDE");
  EXPECT_EQ(reading.sw, "4.16");
  EXPECT_EQ(reading.device_name, "House");
  EXPECT_EQ(reading.cycles, 7);
  EXPECT_EQ(reading.history.at("deepest_discharge_Ah"), -149.3);
  EXPECT_EQ(reading.alarms, (std::vector<Alarm>{{Condition::low_soc, AlarmLevel::warning},
                                                {Condition::mid_voltage, AlarmLevel::alarm}}));
}

TEST(FromItems, ABmsWithCells) {
  const Items items{{"/Voltages/Cell1", 3.301},
                    {"/Voltages/Cell2", 3.302},
                    {"/Voltages/Cell4", 3.304},
                    {"/Balances/Cell1", 0.0},
                    {"/Balances/Cell2", 1.0},
                    {"/System/Temperature1", 21.0},
                    {"/System/Temperature3", 23.0},
                    {"/System/Temperature3Name", "Top"},
                    {"/Dc/0/Temperature", 22.0},
                    {"/InstalledCapacity", 280.0},
                    {"/Capacity", 140.0},
                    {"/Info/MaxChargeVoltage", 55.2},
                    {"/Info/MaxChargeCurrent", 50.0},
                    {"/Info/MaxDischargeCurrent", 60.0},
                    {"/FirmwareVersion", "11.01"}};
  const Reading reading = from_items(items);
  EXPECT_EQ(reading.cells_V, (std::vector<std::optional<double>>{3.301, 3.302, std::nullopt, 3.304}));
  EXPECT_EQ(reading.balancing, true);
  EXPECT_EQ(reading.balancing_cells, std::vector<int>{2});
  EXPECT_EQ(reading.temps_C, (std::vector<std::optional<double>>{21, std::nullopt, 23}));
  EXPECT_EQ(reading.temp_names.at(2), "Top");
  EXPECT_EQ(reading.capacity_Ah, 280);
  EXPECT_EQ(reading.remaining_Ah, 140);
  EXPECT_EQ(reading.max_voltage_V, 55.2);
  EXPECT_EQ(reading.max_charge_current_A, 50);
  EXPECT_EQ(reading.sw, "11.01");
}

TEST(FromItems, TheOtherLayoutOfCells) {
  EXPECT_EQ(from_items({{"/Cell/1/Volts", 3.3}, {"/Cell/2/Volts", 3.4}}).cells_V,
            (std::vector<std::optional<double>>{3.3, 3.4}));
}

TEST(FromItems, NothingKnownIsNothing) {
  EXPECT_EQ(from_items({}), Reading{});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Items invalid{{"/Soc", std::monostate{}}, {"/Dc/0/Voltage", nan}, {"/Dc/0/Current", "12"}, {"/Serial", ""}};
  EXPECT_EQ(from_items(invalid), Reading{});
}

TEST(FromItems, WhatNoBatteryCanHaveIsNotTold) {
  const Reading reading =
      from_items({{"/Soc", 100.5}, {"/Dc/0/Voltage", -0.1}, {"/Dc/0/Current", 99999.0}, {"/Soh", 101.0}});
  EXPECT_EQ(reading, Reading{});
  const Reading extreme = from_items({{"/Soc", 0.0}, {"/Dc/0/Voltage", 0.0}, {"/Dc/0/Current", -2000.0}});
  EXPECT_EQ(extreme.soc_pct, 0);
  EXPECT_EQ(extreme.voltage_V, 0);
  EXPECT_EQ(extreme.current_A, -2000);
}

TEST(FromItems, ADeviceThatIsGoneHasNoValues) {
  Items items = shunt();
  items["/Connected"] = 0.0;
  const Reading reading = from_items(items);
  EXPECT_FALSE(reading.soc_pct);
  EXPECT_FALSE(reading.voltage_V);
  EXPECT_FALSE(reading.alarms);
  EXPECT_EQ(reading.serial, "HQ2031ABCDE");
}

TEST(FromItems, NotDischargingHasNoTimeToGo) {
  EXPECT_FALSE(from_items({{"/TimeToGo", 864000.0}}).ttg_s);
  EXPECT_FALSE(from_items({{"/TimeToGo", -60.0}}).ttg_s);
}

TEST(FromItems, WhatWasDrawnIsNegativeWhateverTheSign) {
  const Reading reading = from_items({{"/ConsumedAmphours", 34.5}, {"/History/TotalAhDrawn", 1000.0}});
  EXPECT_EQ(reading.consumed_Ah, -34.5);
  EXPECT_EQ(reading.history.at("total_drawn_Ah"), -1000);
}

TEST(FromItems, ADeviceThatForbidsChargingAsksForNoCurrent) {
  const Reading reading = from_items({{"/Io/AllowToCharge", 0.0},
                                      {"/Io/AllowToDischarge", 1.0},
                                      {"/Info/MaxChargeCurrent", 50.0},
                                      {"/Info/MaxDischargeCurrent", 60.0}});
  EXPECT_EQ(reading.max_charge_current_A, 0);
  EXPECT_EQ(reading.max_discharge_current_A, 60);
}

TEST(FromItems, CapacityAloneIsTheWhole) {
  const Reading reading = from_items({{"/Capacity", 280.0}});
  EXPECT_EQ(reading.capacity_Ah, 280);
  EXPECT_FALSE(reading.remaining_Ah);
}

TEST(FromItems, KnowsWhichPathsItReads) {
  for (const auto& [path, value] : shunt()) EXPECT_TRUE(is_used(path)) << path;
  for (const char* path : {"/Voltages/Cell16", "/Cell/3/Volts", "/System/Temperature2Name", "/Capacity"}) {
    EXPECT_TRUE(is_used(path)) << path;
  }
  for (const char* path : {"/DeviceInstance", "/Voltages/Sum", "/Mgmt/Connection", "/Cell/Sum", ""}) {
    EXPECT_FALSE(is_used(path)) << path;
  }
}

TEST(FromItems, NamesOfBatteryServices) {
  for (const char* good : {"com.victronenergy.battery.ttyS5", "com.victronenergy.battery.socketcan_can0_vi0",
                           "com.victronenergy.battery.a.b-c"}) {
    EXPECT_TRUE(is_battery_service(good)) << good;
  }
  for (const char* bad :
       {"com.victronenergy.battery", "com.victronenergy.battery.", "com.victronenergy.vebus.ttyS4",
        "com.victronenergy.battery.a b", "com.victronenergy.battery..a", "com.victronenergy.battery.1a"}) {
    EXPECT_FALSE(is_battery_service(bad)) << bad;
  }
}

}  // namespace
}  // namespace bms::dbus
