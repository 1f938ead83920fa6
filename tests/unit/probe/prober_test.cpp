#include "probe/prober.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace bms::probe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::unique_ptr<Driver> none(const DriverOptions&) { return nullptr; }

DriverInfo driver(std::string_view name, int rank, unsigned first = 0, unsigned last = 0, unsigned usual = 0) {
  DriverInfo info;
  info.name = name;
  info.probe_rank = rank;
  info.has_address = last > first;
  info.address_min = first;
  info.address_max = last;
  info.address_default = usual;
  info.make = none;
  return info;
}

Reading named(const char* serial) {
  Reading reading;
  reading.serial = serial;
  return reading;
}

/// Everything that is asked when nobody answers.
std::vector<std::string> all_of(Prober prober) {
  std::vector<std::string> asked;
  while (const auto attempt = prober.next()) {
    asked.push_back(to_string(*attempt));
    prober.result(*attempt, fail(Fault::timeout));
  }
  EXPECT_EQ(prober.done(), prober.total());
  return asked;
}

TEST(Prober, LeastDisturbingFirstUsualAddressesBeforeTheRest) {
  std::vector<DriverInfo> drivers{driver("writes", 90, 1, 2, 1), driver("late", 40, 1, 3, 2), driver("listens", 0),
                                  driver("never", -1)};
  drivers[1].probe_bauds = {9600, 19200};
  drivers[2].unsolicited = true;
  EXPECT_THAT(
      all_of(Prober(drivers, {})),
      ElementsAre("listens at 9600 baud", "late at 9600 baud, address 2", "late at 19200 baud, address 2",
                  "late at 9600 baud, address 2", "late at 19200 baud, address 2", "late at 9600 baud, address 1",
                  "late at 9600 baud, address 3", "late at 19200 baud, address 1", "late at 19200 baud, address 3",
                  "writes at 9600 baud, address 1", "writes at 9600 baud, address 1",
                  "writes at 9600 baud, address 2"));
}

TEST(Prober, AsksOnlyWhatTheUserWants) {
  const std::vector<DriverInfo> drivers{driver("a", 0, 1, 4, 1), driver("b", 1, 1, 4, 1), driver("never", -1)};
  EXPECT_THAT(all_of(Prober(drivers, {"b", 3U, 115200U, false})),
              ElementsAre("b at 115200 baud, address 3", "b at 115200 baud, address 3"));
  EXPECT_THAT(all_of(Prober(drivers, {"never", std::nullopt, std::nullopt, false})),
              ElementsAre("never at 9600 baud", "never at 9600 baud"));
  EXPECT_THAT(all_of(Prober(drivers, {"unknown", std::nullopt, std::nullopt, false})), IsEmpty());
}

TEST(Prober, ADriverMayNameTheAddressesWorthAsking) {
  std::vector<DriverInfo> drivers{driver("wide", 0, 1, 247, 0x30)};
  drivers[0].probe_addresses = {0x30, 0x31, 0xF7};
  EXPECT_EQ(all_of(Prober(drivers, {})).size(), 1U + 3U) << "the usual one twice";
  EXPECT_EQ(all_of(Prober(drivers, {"", std::nullopt, std::nullopt, true})).size(), 1U + 247U);
  drivers[0].probe_addresses.clear();
  EXPECT_EQ(all_of(Prober(drivers, {})).size(), 1U + 32U);
}

TEST(Prober, AfterAFindOnlyTheSameLineIsSearched) {
  std::vector<DriverInfo> drivers{driver("a", 0, 1, 3, 1), driver("b", 1, 1, 3, 1), driver("writes", 90)};
  drivers[1].probe_bauds = {9600, 19200};
  Prober prober(drivers, {});
  std::vector<std::string> asked;
  while (const auto attempt = prober.next()) {
    asked.push_back(to_string(*attempt));
    const bool there = attempt->driver->name == "b" && attempt->baud == 19200 && attempt->address != 2;
    prober.result(*attempt, there ? Outcome<Reading>(named("x")) : fail(Fault::timeout));
  }
  EXPECT_THAT(asked, ElementsAre("a at 9600 baud, address 1", "b at 9600 baud, address 1", "b at 19200 baud, address 1",
                                 "b at 19200 baud, address 2", "b at 19200 baud, address 3"));
  ASSERT_EQ(prober.found().size(), 2U);
  EXPECT_EQ(prober.found()[1].attempt.address, 3U);
}

TEST(Prober, AFindWithoutAddressesEndsTheSearch) {
  const std::vector<DriverInfo> drivers{driver("alone", 0), driver("other", 1)};
  Prober prober(drivers, {});
  prober.result(*prober.next(), named("x"));
  EXPECT_FALSE(prober.next());
}

TEST(Prober, ThoroughGoesOn) {
  const std::vector<DriverInfo> drivers{driver("alone", 0), driver("other", 1)};
  Prober prober(drivers, {"", std::nullopt, std::nullopt, true});
  prober.result(*prober.next(), named("x"));
  EXPECT_TRUE(prober.next());
}

TEST(Prober, ALostPortEndsTheSearchAndKeepsWhatWasFound) {
  const std::vector<DriverInfo> drivers{driver("a", 0, 1, 9, 1)};
  Prober prober(drivers, {});
  prober.result(*prober.next(), named("x"));
  prober.result(*prober.next(), fail(Fault::io));
  EXPECT_FALSE(prober.next());
  EXPECT_TRUE(prober.port_lost());
  EXPECT_EQ(prober.found().size(), 1U);
}

TEST(Prober, WhatSpeaksButIsNoBatteryIsRemarkedAndEndsTheSearch) {
  std::vector<DriverInfo> drivers{driver("shunt", 0), driver("other", 1)};
  drivers[0].unsolicited = true;
  for (const Fault fault : {Fault::refused, Fault::foreign}) {  // an energy meter, a solar charger
    Prober prober(drivers, {});
    prober.result(*prober.next(), fail(fault));
    EXPECT_FALSE(prober.next());
    ASSERT_EQ(prober.remarks().size(), 1U);
  }
}

TEST(Prober, OnlyUsualAddressesOfThoseThatMustBeAskedAreAskedASecondTime) {
  std::map<std::string, int> asked;
  for (const std::string& attempt : all_of(Prober(drivers(), {}))) ++asked[attempt];
  for (const DriverInfo& driver : drivers()) {
    if (driver.probe_rank < 0) continue;
    const auto bauds = driver.probe_bauds.empty() ? std::vector{driver.baud} : driver.probe_bauds;
    for (const unsigned baud : bauds) {
      const std::string usual = to_string(Attempt{&driver, baud, driver.address_default});
      EXPECT_EQ(asked[usual], driver.unsolicited ? 1 : 2) << usual;
      asked.erase(usual);
    }
  }
  EXPECT_FALSE(asked.empty());
  for (const auto& [attempt, times] : asked) EXPECT_EQ(times, 1) << attempt;
}

TEST(Prober, AnAnswerThatCameLateIsFoundInTheSecondRound) {
  const std::vector<DriverInfo> drivers{driver("a", 0, 1, 3, 1), driver("b", 1)};
  Prober prober(drivers, {});
  std::vector<std::string> asked;
  while (const auto attempt = prober.next()) {
    asked.push_back(to_string(*attempt));
    prober.result(*attempt, asked.size() == 4 ? Outcome<Reading>(named("x")) : fail(Fault::timeout));
  }
  EXPECT_THAT(
      asked, ElementsAre("a at 9600 baud, address 1", "b at 9600 baud", "a at 9600 baud, address 1", "b at 9600 baud"));
}

TEST(Prober, WhatAnsweredIsNotAskedAgain) {
  const std::vector<DriverInfo> drivers{driver("a", 0, 1, 2, 1), driver("b", 1)};
  for (const bool foreign : {false, true}) {
    Prober prober(drivers, {"", std::nullopt, std::nullopt, true});
    const auto first = prober.next();
    prober.result(*first, foreign ? fail(Fault::foreign) : Outcome<Reading>(named("x")));
    while (const auto attempt = prober.next()) {
      EXPECT_NE(*attempt, *first);
      prober.result(*attempt, fail(Fault::timeout));
    }
  }
}

}  // namespace
}  // namespace bms::probe
