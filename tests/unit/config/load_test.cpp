#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bms::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Load, OneBatteryWithNothingButDriverAndPort) {
  const auto loaded = load("[battery:rack]\ndriver = pack\nport = /dev/ttyUSB0\n");
  ASSERT_EQ(problems(loaded), "");
  ASSERT_EQ(loaded.config.batteries.size(), 1U);
  const Battery& battery = loaded.config.batteries[0];
  ASSERT_EQ(battery.units.size(), 1U);
  EXPECT_EQ(battery.units[0].name, "rack");
  EXPECT_EQ(battery.units[0].address, 1U);  // the driver's
  EXPECT_EQ(battery.units[0].service_name(), "com.victronenergy.battery.dbusbms_rack");
  EXPECT_EQ(battery.units[0].display_name, "rack");
  EXPECT_EQ(battery.poll_interval, milliseconds(1000));
  EXPECT_EQ(battery.units[0].limits, limits::Config{});
  EXPECT_THAT(loaded.config.bank.members, ElementsAre("rack"));
}

TEST(Load, EveryKeyOfABattery) {
  const auto loaded = load(R"(
[daemon]
log_level = debug ; more
poll_interval = 2.5
state_dir = /data/dbus-bms
allow_control = yes
[battery:My rack]
driver = pack
port = usb:A50285BI
address = 0x0A, 11
name = Häuschen
identity = section
baud = 9600
cells = 16
capacity = 280.5
soc_from = shunt
invert_current = True
delay = 12
flavour = old
[battery:shunt]
driver = dbus
service = com.victronenergy.battery.ttyS5
poll_interval = 0.5
)");
  ASSERT_EQ(problems(loaded), "");
  const Config& config = loaded.config;
  EXPECT_EQ(config.daemon.log_level, LogLevel::debug);
  EXPECT_EQ(config.daemon.state_dir, "/data/dbus-bms");
  EXPECT_TRUE(config.daemon.allow_control);
  const Battery& rack = config.batteries[0];
  EXPECT_EQ(rack.port, "usb:A50285BI");
  EXPECT_EQ(rack.identity, Identity::section);
  EXPECT_EQ(rack.baud, 9600U);
  EXPECT_EQ(rack.cells, 16);
  EXPECT_EQ(rack.capacity_Ah, 280.5);
  EXPECT_EQ(rack.soc_from, "shunt");
  EXPECT_EQ(rack.poll_interval, milliseconds(2500));
  EXPECT_EQ(config.batteries[1].poll_interval, milliseconds(500));
  ASSERT_EQ(rack.units.size(), 2U);
  EXPECT_EQ(rack.units[0].name, "My rack_a");
  EXPECT_EQ(rack.units[0].service_suffix, "dbusbms_My_rack_a");
  EXPECT_EQ(rack.units[0].display_name, "Häuschen 1");
  EXPECT_EQ(rack.units[1].service_suffix, "dbusbms_My_rack_b");
  EXPECT_EQ(rack.units[1].address, 11U);
  const auto options = driver_options(rack, rack.units[1]);
  EXPECT_EQ(options.address, 11U);
  EXPECT_EQ(options.cells, 16);
  EXPECT_EQ(options.settings.at("invert_current"), "yes");
  EXPECT_EQ(options.settings.at("delay"), "12");
  EXPECT_EQ(options.settings.at("flavour"), "old");
  EXPECT_EQ(config.find_unit("My rack_b").unit, &rack.units[1]);
  EXPECT_EQ(config.find_unit("My rack").unit, nullptr);
  EXPECT_THAT(config.bank.members, ElementsAre("My rack_a", "My rack_b"));
}

TEST(Load, TextThatEditorsMake) {
  const auto loaded =
      load("\xEF\xBB\xBF# a comment\r\n[battery:rack]\r\n  driver = pack\r\n\tport: /dev/ttyUSB0 ; x\r\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.config.batteries[0].port, "/dev/ttyUSB0");
}

TEST(Load, CommentsMayBeLong) {
  EXPECT_EQ(
      problems(std::string(kRack) + "; " + std::string(500, 'x') + "\nname = A ; " + std::string(500, 'y') + "\n"), "");
}

TEST(Load, AutoNeedsAPortAndDbusAService) {
  EXPECT_EQ(problems("[battery:a]\ndriver = auto\nport = /dev/ttyUSB0\n[battery:b]\ndriver = dbus\n"
                     "service = com.victronenergy.battery.ttyS5\n"),
            "");
  EXPECT_THAT(problems("[battery:a]\ndriver = auto\n"), HasSubstr("c.ini:1: port: (missing): mandatory: /dev/"));
  EXPECT_THAT(problems("[battery:a]\ndriver = dbus\nservice = com.victronenergy.battery.dbusbms_rack\n"),
              HasSubstr("c.ini:3: service: com.victronenergy.battery.dbusbms_rack: the service of another program"));
  EXPECT_THAT(problems("[battery:a]\ndriver = dbus\n"), HasSubstr("c.ini:1: service: (missing): mandatory"));
  EXPECT_THAT(problems("[battery:a]\ndriver = dbus\nservice = com.victronenergy.battery.ttyS5\nport = /dev/ttyUSB0\n"),
              HasSubstr("c.ini:4: port: /dev/ttyUSB0: driver dbus has no serial port"));
}

TEST(Load, BankOutputsRemoteAndWeb) {
  const auto loaded = load(std::string(kRack) + R"(
[battery:s]
driver = shunt19
port = /dev/ttyUSB1
[bank]
enabled = yes
name = Boat
members = rack
soc_from = s
series = 2
share_mode = capacity
publish_members = none
bank_max_charge_a = 90
[output:load]
function = load-disconnect
target = relay:0
invert = yes
battery = rack_2
[output:warn]
function = pre-alarm
target = gpio:gpiochip0:17
form = intermittent
[remote]
source = gpio:gpiochip0:5
invert = yes
mode = everything
[web]
listen = [::1]:8088
)");
  ASSERT_EQ(problems(loaded), "");
  const Config& config = loaded.config;
  EXPECT_EQ(config.bank.enabled, BankEnabled::yes);
  EXPECT_EQ(config.bank.name, "Boat");
  EXPECT_THAT(config.bank.members, ElementsAre("rack_1", "rack_2"));
  EXPECT_EQ(config.bank.engine.soc_from, "s");
  EXPECT_EQ(config.bank.engine.series, 2);
  EXPECT_EQ(config.bank.engine.share_mode, limits::ShareMode::capacity);
  EXPECT_EQ(config.bank.engine.bank_max_charge_a, 90);
  EXPECT_EQ(config.bank.publish_members, PublishMembers::none);
  ASSERT_EQ(config.outputs.size(), 2U);
  EXPECT_EQ(config.outputs[0].target, (Line{Line::Kind::relay, 0, ""}));
  EXPECT_TRUE(config.outputs[0].invert);
  EXPECT_EQ(config.outputs[0].battery, "rack_2");
  EXPECT_EQ(config.outputs[1].function, OutputFunction::pre_alarm);
  EXPECT_EQ(config.outputs[1].target, (Line{Line::Kind::gpio, 17, "gpiochip0"}));
  EXPECT_EQ(config.outputs[1].form, PreAlarmForm::intermittent);
  EXPECT_EQ(config.remote.source, (Line{Line::Kind::gpio, 5, "gpiochip0"}));
  EXPECT_EQ(config.remote.mode, RemoteMode::everything);
  EXPECT_EQ(config.web.host, "::1");
  EXPECT_EQ(config.web.port, 8088);
}

TEST(Load, ShuntsAndForeignServicesAreNoMembers) {
  const auto loaded = load(std::string(kRack) +
                           "[battery:s]\ndriver = shunt19\nport = /dev/ttyUSB1\n"
                           "[battery:f]\ndriver = dbus\nservice = com.victronenergy.battery.ttyS5\n");
  EXPECT_EQ(problems(loaded), "");
  EXPECT_THAT(loaded.config.bank.members, ElementsAre("rack_1", "rack_2"));
}

TEST(Load, WhatOthersMeasureWithIsNoMemberBeforeItIsFound) {
  constexpr const char* kShuntAndBattery =
      "[battery:pack]\ndriver = auto\nport = /dev/ttyUSB0\n"
      "[battery:meter]\ndriver = auto\nport = /dev/ttyUSB1\n";
  const auto members = [](const std::string& text) { return load(text).config.bank.members; };
  EXPECT_THAT(members(kShuntAndBattery), ElementsAre("pack", "meter"));
  for (const std::string key : {"soc_from", "current_from", "voltage_from"}) {
    EXPECT_THAT(members(std::string("[battery:first]\ndriver = auto\nport = /dev/ttyUSB2\n") + key + " = meter\n" +
                        kShuntAndBattery),
                ElementsAre("first", "pack"));
  }
  EXPECT_THAT(members(std::string(kShuntAndBattery) + "[bank]\nsoc_from = meter\n"), ElementsAre("pack"));
}

TEST(Load, LimitsInLayers) {
  const auto loaded = load(std::string(kRack) + R"(
[battery:other]
driver = pack
port = /dev/ttyUSB1
[limits]
max_charge_a = 100
cell_v_max = 3.5
[limits:rack]
max_charge_a = 40
charge_cell_v = 3.4:1, 3.6:0
[limits:rack_2]
max_charge_a = 20
[limits:bank]
absorption_s = 60
)");
  ASSERT_EQ(problems(loaded), "");
  const auto& rack = loaded.config.batteries[0];
  EXPECT_EQ(rack.units[0].limits.max_charge_a, 40);
  EXPECT_EQ(rack.units[0].limits.cell_v_max, 3.5);
  EXPECT_EQ(rack.units[1].limits.max_charge_a, 20);
  EXPECT_EQ(rack.units[1].limits.charge_cell_v.points.size(), 2U);
  EXPECT_EQ(loaded.config.batteries[1].units[0].limits.max_charge_a, 100);
  EXPECT_EQ(loaded.config.bank.limits.absorption_s, 60);
  EXPECT_EQ(loaded.config.bank.limits.max_charge_a, 100);
  EXPECT_EQ(loaded.config.limits_for("rack").max_charge_a, 40);
  EXPECT_EQ(loaded.config.limits_for("elsewhere").max_charge_a, 100);
  EXPECT_FALSE(loaded.config.limits_fallback);
}

TEST(Load, LimitsAloneForTheLimitsCommand) {
  const auto loaded = load("[limits]\nmax_charge_a = 30\n[limits:battery]\nmax_charge_a = 20\n[bank]\nsoc_from = x\n",
                           Scope::limits_only);
  EXPECT_EQ(problems(loaded), "");
  EXPECT_EQ(loaded.config.limits_for("battery").max_charge_a, 20);
  EXPECT_EQ(loaded.config.limits_for("other").max_charge_a, 30);
}

TEST(Load, FileThatCannotBeRead) {
  const auto missing = load_file("/nonexistent/c.ini", test_drivers());
  EXPECT_EQ(problems(missing), "/nonexistent/c.ini: cannot be read: No such file or directory\n");
  EXPECT_FALSE(missing.usable());
  EXPECT_EQ(problems(load_file("/", test_drivers())), "/: cannot be read: Is a directory\n");
  EXPECT_THAT(problems(load_file("/dev/zero", test_drivers())), HasSubstr("larger than 256 kB"));
}

}  // namespace
}  // namespace bms::config
