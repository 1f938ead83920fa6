// What TEXT counts up: alarm reasons, products, the history of the oldest monitors.
#include <gtest/gtest.h>

#include "blocks.hpp"

namespace bms::ve_direct {
namespace {

TEST(VeText, EveryAlarmReasonOfAShuntAndNoneOfAnInverter) {
  constexpr Condition kReasons[] = {
      Condition::pack_undervoltage,         Condition::pack_overvoltage,    Condition::low_soc,
      Condition::starter_undervoltage,      Condition::starter_overvoltage, Condition::discharge_undertemperature,
      Condition::discharge_overtemperature, Condition::mid_voltage};
  for (unsigned bit = 0; bit < 14; ++bit) {
    const auto reading =
        main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"Alarm", "ON"}, {"AR", std::to_string(1U << bit)}});
    ASSERT_TRUE(reading);
    std::vector<Alarm> expected;
    if (bit < std::size(kReasons)) expected.push_back({kReasons[bit], AlarmLevel::alarm});
    EXPECT_EQ(reading->alarms, expected) << bit;
  }
}

TEST(VeText, EveryMonitorOfTheProductList) {
  constexpr std::pair<std::string_view, std::string_view> kList[] = {
      {"0x200", "BMV-600S"},
      {"0x201", "BMV-602S"},
      {"0x202", "BMV-600HS"},
      {"0x203", "BMV-700"},
      {"0x204", "BMV-702"},
      {"0x205", "BMV-700H"},
      {"0xA380", "BMV-710 Smart"},
      {"0xA381", "BMV-712 Smart"},
      {"0xA382", "BMV-710H Smart"},
      {"0xA383", "BMV-712 Smart Rev2"},  // no SmartShunt, as one public list says
      {"0xA389", "SmartShunt 500A/50mV"},
      {"0xA38A", "SmartShunt 1000A/50mV"},
      {"0xA38B", "SmartShunt 2000A/50mV"},
      {"0xA38C", "SmartShunt IP67 500A"},
      {"0xA38D", "SmartShunt IP67 1000A"},
      {"0xA38E", "SmartShunt IP67 2000A"},
      {"0xC030", "SmartShunt IP65 500A"},
      {"0xC031", "SmartShunt IP65 1000A"},
      {"0xC032", "SmartShunt IP65 2000A"},
      {"0xC034", "BMV-800 Smart"},
      {"0xC035", "SmartShunt IP65 500A"},
      {"0xC036", "SmartShunt IP65 1000A"},
      {"0xC037", "SmartShunt IP65 2000A"},
      {"0xC038", "SmartShunt 300A"},
  };
  for (const auto& [pid, name] : kList) {
    const auto reading = main_of({{"PID", std::string(pid)}, {"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"BMV", "x"}});
    EXPECT_EQ(reading->model, name);
  }
}

TEST(VeText, StarterAlarmsOfTheOldestMonitors) {
  Reading reading;
  ASSERT_TRUE(decode_history(parsed(make_block({{"H1", "0"}, {"H13", "2"}, {"H14", "3"}})), reading));
  EXPECT_EQ(reading.history.at("low_starter_voltage_alarms"), 2);
  EXPECT_EQ(reading.history.at("high_starter_voltage_alarms"), 3);
}

}  // namespace
}  // namespace bms::ve_direct
