#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/bus_view.hpp"

// The screen of `dbus-bms status`, from what is on the bus.
namespace bms::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Value = std::pair<const char*, nlohmann::json>;

ServiceView service(const std::string& suffix, const std::vector<Value>& values) {
  ServiceView view;
  view.name = "com.victronenergy.battery." + suffix;
  for (const auto& [path, value] : values) {
    view.items[path] = {value, value.is_string() ? value.get<std::string>() : value.dump()};
  }
  return view;
}

ServiceView member(int n) {
  auto view = service("dbusbms_rack_" + std::to_string(n),
                      {{"/CustomName", "K\u00fchlhaus " + std::to_string(n) + " with a long name"},
                       {"/Soc", 72},
                       {"/Dc/0/Voltage", 53.12},
                       {"/System/MinCellVoltage", 3.318},
                       {"/System/MaxCellVoltage", 3.322}});
  for (int i = 1; i <= 16; ++i) view.items["/Voltages/Cell" + std::to_string(i)] = {3.318 + 0.0002 * i, "3.32V"};
  return view;
}

std::vector<ServiceView> a_system() {
  std::vector<ServiceView> services = {
      service("dbusbms_bank",
              {{"/ProductName", "Battery bank"},
               {"/Soc", 72},
               {"/TimeToGo", 37500},
               {"/Info/MaxChargeVoltage", 55.2},
               {"/Info/MaxChargeCurrent", 12},
               {"/Info/ChargeLimitation",
                "House 2: highest cell 3.512 V limits charging to 31 %; it comes back by 5 A a second when it has been "
                "below for 30 s"},
               {"/Info/Notes",
                "changed on the GX: bank_max_charge_a = 200 (file: off); charging is switched off by a "
                "user; absorption ended by time-out at a spread of 14 mV, the cells need longer"},
               {"/Alarms/LowSoc", 1}})};
  for (int n = 1; n <= 8; ++n) services.push_back(member(n));
  services.push_back(service("ttyS5", {{"/ProductName", "SmartShunt 500A/50mV"}, {"/Soc", 71}}));
  return services;
}

int columns(const std::string& line) {
  return static_cast<int>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(Status, AWholeBankWithAForeignShuntIsOneScreenOf80Columns) {
  const std::string screen = render(a_system(), {.colour = false, .unicode = true, .only = {}});
  std::istringstream lines(screen);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(columns(line), 80) << line;
  EXPECT_LE(count, 24 + 4) << screen;
  EXPECT_THAT(screen, AllOf(HasSubstr("Battery bank"), HasSubstr("SmartShunt 500A/50mV"), HasSubstr("warning: LowSoc"),
                            HasSubstr("highest cell 3.512 V limits charging"), HasSubstr("switched off by a"),
                            HasSubstr("\u2581")));
  EXPECT_THAT(screen, HasSubstr("it comes\n")) << "broken between words";
  EXPECT_THAT(screen, Not(HasSubstr("\x1b"))) << "colours only for a terminal";
}

TEST(Status, OneBatteryIsShownWithItsCells) {
  const std::string screen = render(a_system(), {.colour = true, .unicode = false, .only = "rack_2"});
  EXPECT_THAT(screen, AllOf(HasSubstr("hlhaus 2"), HasSubstr("16 3.321"), HasSubstr("####"), HasSubstr("\x1b[")));
  EXPECT_THAT(screen, AllOf(Not(HasSubstr("hlhaus 1")), Not(HasSubstr("Battery bank"))));
}

TEST(Status, ABatteryIsFoundByItsNameOrAPartOfIt) {
  EXPECT_THAT(render(a_system(), {.only = "ttyS5"}), HasSubstr("SmartShunt"));
  EXPECT_THAT(render(a_system(), {.only = "hlhaus 7"}), HasSubstr("dbusbms_rack_7"));
  EXPECT_THAT(render(a_system(), {.only = "nobody"}),
              AllOf(HasSubstr("no battery of this name"), HasSubstr("dbusbms_rack_8"), HasSubstr("ttyS5")));
}

TEST(Status, AServiceThatDoesNotAnswerDoesNotHideTheOthers) {
  auto services = a_system();
  services[1].error = "no reply";
  const std::string screen = render(services, {});
  EXPECT_THAT(screen, AllOf(HasSubstr("does not answer: no reply"), HasSubstr("Battery bank")));
}

}  // namespace
}  // namespace bms::cli
