// Another program's battery service as a source of Readings: of any age, coming and going, hanging, lying.
#include "victron/foreign_battery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_battery.hpp"
#include "support/private_bus.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using victron::ForeignBattery;

constexpr const char* kShunt = "com.victronenergy.battery.ttyS5";

class Foreign : public testing::Test {
 protected:
  Foreign() { shunt.values = {{"/Connected", 1}, {"/Dc/0/Voltage", 52.1}, {"/Dc/0/Current", -7.5}, {"/Soc", 71.5}}; }

  std::unique_ptr<ForeignBattery> watch() {
    auto made = std::make_unique<ForeignBattery>(loop, ForeignBattery::Options{kShunt, bus.address(), kPeriod},
                                                 [this](const Reading& reading) { readings.push_back(reading); });
    EXPECT_EQ(made->start(), std::nullopt);
    return made;
  }

  template <class Done>
  bool until(Done done) {
    return run_until(loop, done);
  }
  bool soc_becomes(double soc) {
    return until([&] { return !readings.empty() && readings.back().soc_pct == soc; });
  }
  bool more_readings(std::size_t count) {
    return until([&, all = readings.size() + count] { return readings.size() >= all; });
  }
  /// Readings that come in a time in which a living service gives ten.
  std::size_t readings_in_a_while() {
    const std::size_t before = readings.size();
    run_until(
        loop, [] { return false; }, 10 * kPeriod);
    return readings.size() - before;
  }

  static constexpr auto kPeriod = 50ms;
  PrivateBus bus;
  boost::asio::io_context loop;
  FakeBattery shunt{loop, bus.address(), kShunt};
  std::vector<Reading> readings;
};

TEST_F(Foreign, WhatTheServiceHasBecomesAReading) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(more_readings(1));
  const Reading& reading = readings.back();
  EXPECT_EQ(reading.voltage_V, 52.1);
  EXPECT_EQ(reading.current_A, -7.5);
  EXPECT_EQ(reading.soc_pct, 71.5);
  EXPECT_EQ(reading.soh_pct, std::nullopt);
  EXPECT_LE(Clock::now() - reading.time, 5s);
}

TEST_F(Foreign, ItMayComeLaterAndChangesAreFollowed) {
  const auto battery = watch();
  EXPECT_EQ(readings_in_a_while(), 0U);
  shunt.start();
  ASSERT_TRUE(soc_becomes(71.5));
  shunt.change("/Soc", 70);
  EXPECT_TRUE(soc_becomes(70));
  shunt.change_property("/Soc", 69);
  EXPECT_TRUE(soc_becomes(69));
  EXPECT_EQ(readings.back().voltage_V, 52.1);
}

TEST_F(Foreign, AServiceOfTheOlderKindIsReadThroughItsTree) {
  shunt.old = true;
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  EXPECT_EQ(readings.back().voltage_V, 52.1);
  shunt.change_property("/Soc", 68);
  EXPECT_TRUE(soc_becomes(68));
}

TEST_F(Foreign, AQuietServiceIsAliveAsLongAsItAnswers) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(more_readings(5)) << "nothing changes, and it is there";
  EXPECT_LT(readings[3].time, readings[4].time);
  shunt.hangs = true;
  const int questions = shunt.questions;
  ASSERT_TRUE(until([&] { return shunt.questions > questions; }));
  EXPECT_EQ(readings_in_a_while(), 0U) << "its name is on the bus, its program hangs";
}

TEST_F(Foreign, ReadingsComeOncePerPeriodHoweverMuchIsAnnounced) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  const std::size_t before = readings.size();
  const TimePoint start = Clock::now();
  for (int i = 0; i <= 500; ++i) shunt.change("/Dc/0/Current", i);
  ASSERT_TRUE(until([&] { return readings.back().current_A == 500.0; }));
  const auto periods = static_cast<std::size_t>((Clock::now() - start) / kPeriod);
  EXPECT_LE(readings.size() - before, periods + 3);
}

TEST_F(Foreign, NothingOfAVanishedServiceIsLeft) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  shunt.stop();
  ASSERT_TRUE(until([&] { return readings_in_a_while() == 0; }));
  shunt.values = {{"/Connected", 1}, {"/Soc", 40}};
  shunt.start();
  ASSERT_TRUE(soc_becomes(40));
  EXPECT_EQ(readings.back().voltage_V, std::nullopt) << "of the program before";
}

TEST_F(Foreign, ADeviceThatIsGoneGivesNoReading) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  shunt.change("/Connected", 0);
  ASSERT_TRUE(until([&] { return readings_in_a_while() == 0; }));
  shunt.change("/Connected", 1);
  EXPECT_TRUE(more_readings(1));
}

TEST_F(Foreign, OnlyTheOwnerOfTheNameIsBelieved) {
  shunt.start();
  FakeBattery liar(loop, bus.address(), "com.victronenergy.battery.liar");
  liar.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  liar.change("/Soc", 5);
  liar.change_property("/Soc", 6);
  ASSERT_TRUE(more_readings(3));
  EXPECT_TRUE(std::all_of(readings.begin(), readings.end(), [](const Reading& one) { return one.soc_pct == 71.5; }));
}

TEST_F(Foreign, ARestartOfTheBusIsSurvived) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  bus.stop();
  ASSERT_TRUE(until([&] { return readings_in_a_while() == 0; }));
  bus.start();
  EXPECT_TRUE(more_readings(1));
}

TEST_F(Foreign, ValuesOfAnyTypeAreTakenOrLeftOut) {
  shunt.content = [](sd_bus_message* reply) {
    return sd_bus_message_append(reply, "a{sa{sv}}", 9,                                                     //
                                 "/Connected", 1, "Value", "y", 1,                                          //
                                 "/Dc/0/Voltage", 2, "Text", "(ii)", 1, 2, "Value", "x", std::int64_t{52},  //
                                 "/Dc/0/Current", 1, "Value", "ai", 0,                                      //
                                 "/Soc", 1, "Value", "s", "rubbish",                                        //
                                 "/Soh", 1, "Value", "a{sv}", 1, "Value", "d", 50.0,                        //
                                 "/TimeToGo", 1, "Value", "o", "/an/object",                                //
                                 "/Capacity", 0,                                                            //
                                 "/ConsumedAmphours", 1, "Value", "d", std::numeric_limits<double>::quiet_NaN(),
                                 "/ProductName", 1, "Value", "s", std::string(5000, 'x').c_str());
  };
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(more_readings(1));
  const Reading& reading = readings.back();
  EXPECT_EQ(reading.voltage_V, 52.0);
  EXPECT_EQ(reading.current_A, std::nullopt);
  EXPECT_EQ(reading.soc_pct, std::nullopt);
  EXPECT_EQ(reading.soh_pct, std::nullopt);
  EXPECT_EQ(reading.ttg_s, std::nullopt);
  EXPECT_EQ(reading.consumed_Ah, std::nullopt);
  ASSERT_TRUE(reading.model);
  EXPECT_LE(reading.model->size(), 256U);
}

TEST_F(Foreign, SignalsOfAnyShapeDoNoHarm) {
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(soc_becomes(71.5));
  shunt.signal("/", "ItemsChanged", [](sd_bus_message*) { return 0; });
  shunt.signal("/", "ItemsChanged", [](sd_bus_message* message) { return sd_bus_message_append(message, "i", 7); });
  shunt.signal("/", "ItemsChanged",
               [](sd_bus_message* message) { return sd_bus_message_append(message, "a{sv}", 1, "/Soc", "d", 1.0); });
  shunt.signal("/Soc", "ItemsChanged", [](sd_bus_message* message) {
    return sd_bus_message_append(message, "a{sa{sv}}", 1, "/Soc", 1, "Value", "d", 2.0);
  });
  shunt.signal("/Soc", "PropertiesChanged",
               [](sd_bus_message* message) { return sd_bus_message_append(message, "v", "d", 3.0); });
  shunt.signal("/Soc", "Other",
               [](sd_bus_message* message) { return sd_bus_message_append(message, "a{sv}", 1, "Value", "d", 4.0); });
  ASSERT_TRUE(more_readings(3));
  EXPECT_EQ(readings.back().soc_pct, 71.5);
  shunt.change("/Soc", 60);
  EXPECT_TRUE(soc_becomes(60));
}

TEST_F(Foreign, AServiceWithoutEndIsRefused) {
  shunt.content = [](sd_bus_message* reply) {
    int result = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
    for (int i = 0; i < 50000 && result >= 0; ++i) {
      const std::string path = "/Voltages/Cell" + std::to_string(i);
      result = sd_bus_message_append(reply, "{sa{sv}}", path.c_str(), 1, "Value", "d", 3.3);
    }
    return result < 0 ? result : sd_bus_message_close_container(reply);
  };
  shunt.start();
  const auto battery = watch();
  ASSERT_TRUE(until([&] { return shunt.questions > 0; }));
  EXPECT_EQ(readings_in_a_while(), 0U);
  EXPECT_EQ(shunt.questions, 1) << "asked again after a pause, not at once";
}

TEST_F(Foreign, OwnServicesAndOtherNamesAreNeverRead) {
  for (const char* name : {"com.victronenergy.battery.dbusbms_rack", "com.victronenergy.battery.dbusbms_bank",
                           "com.victronenergy.solarcharger.ttyS5", "com.victronenergy.battery.", ":1.5", "",
                           "com.victronenergy.battery.a',member='X"}) {
    ForeignBattery battery(loop, {name, bus.address(), kPeriod}, [](const Reading&) {});
    EXPECT_NE(battery.start(), std::nullopt) << name;
  }
}

TEST_F(Foreign, TheReceiverMayEndItInsideOfACall) {
  shunt.start();
  std::unique_ptr<ForeignBattery> battery;
  int calls = 0;
  battery = std::make_unique<ForeignBattery>(loop, ForeignBattery::Options{kShunt, bus.address(), kPeriod},
                                             [&](const Reading&) {
                                               ++calls;
                                               battery.reset();
                                             });
  ASSERT_EQ(battery->start(), std::nullopt);
  ASSERT_TRUE(until([&] { return battery == nullptr; }));
  readings_in_a_while();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace bms::test
