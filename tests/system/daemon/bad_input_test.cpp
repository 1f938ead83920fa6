#include "system/daemon/rig.hpp"

// Bad input: one clear line, the exit code of the contract, nothing half-started.
namespace bms {
namespace {

using testing::HasSubstr;

class BadInput : public test::Rig {
 protected:
  void expect_refused(int code, const std::string& says) {
    auto& daemon = start_daemon();
    EXPECT_EQ(daemon.exit_code(), code) << daemon.output();
    EXPECT_THAT(daemon.output(), HasSubstr(says));
    EXPECT_TRUE(services().empty());
  }
};

TEST_F(BadInput, UnknownKey) {
  configure("[battery:rack]\ndriver = " + test::bus_driver() + "\nport = /dev/ttyUSB0\nadress = 1\n");
  expect_refused(1, "config.ini:4: adress: 1: ");
}

TEST_F(BadInput, NoSuchPort) {
  configure_rack(test::bus_driver(), "1");
  expect_refused(1, path("line") + ": no such device");
}

TEST_F(BadInput, NotASerialPort) {
  std::ofstream(path("line")) << "no port";
  configure_rack(test::bus_driver(), "1");
  expect_refused(1, "not a serial port");
}

TEST_F(BadInput, AddressOutOfRange) {
  configure_rack(test::bus_driver(), "250");
  expect_refused(1, "config.ini:4: address: 250: ");
}

TEST_F(BadInput, UnreadableFile) { expect_refused(1, "config.ini"); }

TEST_F(BadInput, NoBus) {
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  // A bus that is not there at start is waited for: batteries are polled, and published when it comes.
  bus_.stop();
  auto& daemon = start_daemon();
  EXPECT_NE(daemon.wait_for("link is fresh"), std::string::npos) << daemon.output();
  EXPECT_FALSE(daemon.ended());
  bus_.start();
  EXPECT_TRUE(appears("dbusbms_rack"));
}

TEST_F(BadInput, TwoDaemonsOnOnePort) {
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  test::Process second({DBUS_BMS_PROGRAM, "run", "--config", path("config.ini")}, environment());
  EXPECT_EQ(second.exit_code(), 3) << second.output();
  EXPECT_THAT(second.output(), HasSubstr("another program uses this port"));
}

TEST_F(BadInput, TwoDaemonsWithOneName) {
  simulate(test::bus_driver(), "1");
  simulate(test::bus_driver(), "1", {}, "second");
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  std::ofstream(path("second.ini")) << "[battery:rack]\ndriver = " << test::bus_driver()
                                    << "\nport = " << path("second") << "\naddress = 1\n";
  test::Process second({DBUS_BMS_PROGRAM, "run", "--config", path("second.ini")}, environment());
  EXPECT_EQ(second.exit_code(), 3) << second.output();
  EXPECT_THAT(second.output(), HasSubstr("com.victronenergy.battery.dbusbms_rack"));
}

TEST_F(BadInput, WrongLimitsStartWithBuiltInOnesAtAFifth) {
  simulate(test::bus_driver(), "1", {"--temperature", "20"});
  configure_rack(test::bus_driver(), "1", "[limits]\ncell_v_float = 3.6\n");
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_THAT(daemon.output(), HasSubstr("config.ini:7: cell_v_float: 3.6: "));
  const auto view = service("dbusbms_rack");
  EXPECT_EQ(view.number("/Info/MaxChargeCurrent"), 10);
  EXPECT_EQ(view.number("/Info/MaxDischargeCurrent"), 12);
}

TEST_F(BadInput, CommandLine) {
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM}).code, 2);
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, "frobnicate"}).code, 2);
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, "run"}).code, 2);
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, "simulate", "--driver", "nonsense"}).code, 2);
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, "decode", "--driver", test::bus_driver(), "/nowhere"}).code, 1);
  EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, "check-config", "/nowhere"}).code, 1);
  const auto version = test::run_program({DBUS_BMS_PROGRAM, "--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.output, testing::StartsWith("dbus-bms "));
  for (const char* name : {"run", "check-config", "ports", "status", "decode", "capture", "limits", "simulate"}) {
    EXPECT_EQ(test::run_program({DBUS_BMS_PROGRAM, name, "--help"}).code, 0) << name;
  }
}

}  // namespace
}  // namespace bms
