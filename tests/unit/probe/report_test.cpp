#include "probe/report.hpp"

#include <gtest/gtest.h>

namespace bms::probe {
namespace {

std::unique_ptr<Driver> no_driver(const DriverOptions&) { return nullptr; }

DriverInfo pb() {
  DriverInfo info;
  info.name = "jk-pb";
  info.baud = 115200;
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 15;
  info.address_default = 1;
  info.make = no_driver;
  return info;
}

Reading pack(const char* serial) {
  Reading reading;
  reading.model = "JK_PB2A16S20P";
  reading.serial = serial;
  reading.voltage_V = 53.12;
  reading.soc_pct = 87;
  reading.cells_V.assign(16, 3.32);
  return reading;
}

Prober searched(const std::vector<DriverInfo>& drivers, std::map<unsigned, const char*> present) {
  Prober prober(drivers, {});
  while (const auto attempt = prober.next()) {
    const auto there = present.find(attempt->address);
    prober.result(*attempt, there == present.end() ? Outcome<Reading>(fail(Fault::timeout)) : pack(there->second));
  }
  return prober;
}

TEST(Report, TellsWhatWasFoundWithItsDipSwitches) {
  const std::vector<DriverInfo> drivers{pb()};
  const Prober prober = searched(drivers, {{1, "A1"}, {3, "A3"}});
  EXPECT_EQ(found_text({"usb:A1B2", "/dev/ttyUSB0", &prober, ""}),
            "/dev/ttyUSB0 (usb:A1B2): 2 batteries\n"
            "  jk-pb at 115200 baud, address 1 (DIP switches ON OFF OFF OFF): JK_PB2A16S20P, serial A1, 16 cells, "
            "53.12 V, SoC 87 %\n"
            "  jk-pb at 115200 baud, address 3 (DIP switches ON ON OFF OFF): JK_PB2A16S20P, serial A3, 16 cells, "
            "53.12 V, SoC 87 %\n");
}

TEST(Report, ConfigurationToPaste) {
  const std::vector<DriverInfo> drivers{pb()};
  const Prober first = searched(drivers, {{2, "A"}, {1, "B"}});
  const Prober second = searched(drivers, {{1, "C"}});
  const PortResult results[] = {{"usb:A1B2", "/dev/ttyUSB0", &first, ""}, {"/dev/ttyS1", "", &second, ""}};
  EXPECT_EQ(config_text(results),
            "[battery:jk-pb]\ndriver = jk-pb\nport = usb:A1B2\naddress = 1, 2\n\n"
            "[battery:jk-pb2]\ndriver = jk-pb\nport = /dev/ttyS1\naddress = 1\n\n");
}

TEST(Report, WhatTheDriverNeedsIsFilledInOrLeftToFillIn) {
  std::vector<DriverInfo> drivers{pb()};
  drivers[0].needs_cells = true;
  drivers[0].needs_capacity = true;
  drivers[0].probe_bauds = {9600};
  const Prober prober = searched(drivers, {{1, "A"}});
  const PortResult results[] = {{"/dev/ttyS1", "", &prober, ""}};
  const std::string text = config_text(results);
  EXPECT_NE(text.find("baud = 9600\n"), std::string::npos);
  EXPECT_NE(text.find("cells = 16\n"), std::string::npos);
  EXPECT_NE(text.find("capacity =  "), std::string::npos);
}

TEST(Report, SettingsThatTheDriverFoundOutAreFilledIn) {
  std::vector<DriverInfo> drivers{pb()};
  drivers[0].settings = {{"uart_port", DriverSetting::Kind::boolean, "no", 0, 0, ""}};
  Reading told = pack("A");
  told.extra["config.uart_port"] = std::string("yes");
  told.extra["config.unknown"] = std::string("yes");
  Prober prober(drivers, {.driver = {}, .address = 1, .baud = {}});
  prober.result(prober.next().value(), told);
  const PortResult results[] = {{"/dev/ttyS1", "", &prober, ""}};
  EXPECT_EQ(config_text(results),
            "[battery:jk-pb]\ndriver = jk-pb\nport = /dev/ttyS1\naddress = 1\nuart_port = yes\n\n");
}

TEST(Report, APackThatAnswersTwiceIsPointedOut) {
  const std::vector<DriverInfo> drivers{pb()};
  const Prober prober = searched(drivers, {{1, "same"}, {2, "same"}});
  EXPECT_NE(found_text({"/dev/ttyS1", "", &prober, ""}).find("(same serial number as address 1)"), std::string::npos);
}

TEST(Report, NothingFoundAndPortsThatCannotBeOpened) {
  const std::vector<DriverInfo> drivers{pb()};
  const Prober prober = searched(drivers, {});
  EXPECT_EQ(found_text({"/dev/ttyS1", "", &prober, ""}), "/dev/ttyS1: no battery found\n");
  const PortResult busy{"/dev/ttyS2", "", nullptr, "another program uses this port"};
  EXPECT_EQ(found_text(busy), "/dev/ttyS2: another program uses this port\n");
  const PortResult results[] = {{"/dev/ttyS1", "", &prober, ""}, busy};
  EXPECT_EQ(config_text(results), "");
}

TEST(Report, TextOfADeviceStaysOnItsLine) {
  std::vector<DriverInfo> drivers{pb()};
  Prober prober(drivers, {});
  Reading reading = pack("x\n[battery:evil]");
  prober.result(*prober.next(), reading);
  const std::string text = found_text({"/dev/ttyS1", "", &prober, ""});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(Report, ProgressCounts) {
  const std::vector<DriverInfo> drivers{pb()};
  Prober prober(drivers, {});
  const auto attempt = prober.next();
  EXPECT_EQ(progress_line(prober, *attempt), "[1/16] jk-pb at 115200 baud, address 1");
}

}  // namespace
}  // namespace bms::probe
