// What the log says about alarms of a battery: once, with what was measured.
#include "daemon/alarms_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.hpp"

namespace bms::daemon {
namespace {

using namespace std::chrono_literals;
using C = Condition;

Reading cold_and_high() {
  Reading reading;
  reading.voltage_V = 55.7;
  reading.current_A = -180.25;
  reading.soc_pct = 4;
  reading.soh_pct = 61.5;
  reading.cells_V = {3.401, std::nullopt, 3.652, 3.398};
  reading.temps_C = {std::nullopt, 4.0, -2.5};
  reading.temp_names = {"", "", "cell 9"};
  reading.mos_temp_C = 91;
  reading.env_temp_C = 47.25;
  reading.mid_voltage_V = 27.1;
  reading.aux_voltage_V = 11.02;
  return reading;
}

TEST(AlarmsLog, NamesWhatWasMeasured) {
  const Reading reading = cold_and_high();
  EXPECT_EQ(measured(C::cell_overvoltage, reading), "cell 3 has 3.652 V");
  EXPECT_EQ(measured(C::cell_undervoltage, reading), "cell 4 has 3.398 V");
  EXPECT_EQ(measured(C::cell_imbalance, reading), "cell 4 has 3.398 V, cell 3 3.652 V");
  EXPECT_EQ(measured(C::pack_overvoltage, reading), "55.70 V");
  EXPECT_EQ(measured(C::discharge_overcurrent, reading), "-180.2 A");
  EXPECT_EQ(measured(C::charge_undertemperature, reading), "cell 9 has -2.5 degC");
  EXPECT_EQ(measured(C::discharge_overtemperature, reading), "T2 has 4.0 degC");
  EXPECT_EQ(measured(C::mos_overtemperature, reading), "91.0 degC");
  EXPECT_EQ(measured(C::env_overtemperature, reading), "47.2 degC");
  EXPECT_EQ(measured(C::low_soc, reading), "4.0 %");
  EXPECT_EQ(measured(C::low_soh, reading), "61.5 %");
  EXPECT_EQ(measured(C::mid_voltage, reading), "27.10 V");
  EXPECT_EQ(measured(C::starter_undervoltage, reading), "11.02 V");
  EXPECT_EQ(measured(C::fuse, reading), "");
}

TEST(AlarmsLog, SaysNothingOfWhatTheBatteryDoesNotTell) {
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    EXPECT_EQ(measured(static_cast<C>(i), {}), "") << to_string(static_cast<C>(i));
  }
}

TEST(AlarmsLog, OnceOnChangeThoughTheValueMoves) {
  CapturedLog log;
  LogFilter filter;
  Reading reading = cold_and_high();
  reading.alarms = {{C::cell_overvoltage, AlarmLevel::alarm}, {C::fuse, AlarmLevel::warning}};
  TimePoint now(1000s);
  tell_alarms(filter, "House", reading, now);
  EXPECT_EQ(log.take(), "House: alarms: alarm:cell_overvoltage (cell 3 has 3.652 V) warning:fuse\n");
  for (int i = 0; i < 100; ++i) {
    *reading.cells_V[2] += 0.0001;
    tell_alarms(filter, "House", reading, now += 1s);
  }
  EXPECT_EQ(log.take(), "");
  reading.alarms->clear();
  tell_alarms(filter, "House", reading, now += 1s);
  EXPECT_EQ(log.take(), "House: no alarms\n");
}

}  // namespace
}  // namespace bms::daemon
