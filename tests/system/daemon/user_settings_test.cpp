#include <cmath>

#include "store/store.hpp"
#include "support/fake_settings.hpp"
#include "system/daemon/writer_rig.hpp"

// What a user does on the GX: limits, names and switches by writes on D-Bus, and what is left of them after a restart.
namespace bms {
namespace {

using test::kBank;
using test::kRack;
using testing::HasSubstr;

class UserSettings : public test::WriterRig {};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(UserSettings, ALimitIsInForceAtOnceAndAfterARestartAndGivenBack) {
  start_one("[limits]\nmax_charge_a = 40\n");
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 40);
  EXPECT_EQ(write(kRack, "/Settings/MaxChargeCurrent", "d", 25.0), 0);
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 25);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 25));
  EXPECT_THAT(text("/Settings/ChangedFromFile"), HasSubstr("max_charge_a = 25 (file: 40)"));
  EXPECT_THAT(text("/Info/Notes"), HasSubstr("changed on the GX: max_charge_a = 25 (file: 40)"));
  stop_daemon();
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 25);
  EXPECT_EQ(number("/Info/MaxChargeCurrent"), 25);
  EXPECT_THAT(daemon_->output(), HasSubstr("changed on the GX: max_charge_a = 25 (file: 40)"));
  EXPECT_THAT(test::run_program({DBUS_BMS_PROGRAM, "status", "--dbus", bus_.address()}).output,
              HasSubstr("changed on the GX"));
  EXPECT_EQ(write(kRack, "/Settings/RestoreDefaults", "i", 1), 0);
  ASSERT_TRUE(becomes("/Settings/MaxChargeCurrent", 40));
  EXPECT_EQ(text("/Settings/ChangedFromFile"), "");
}

TEST_F(UserSettings, WhatTheFileMayNotSayIsRefusedAndToldOnceWithWhatIsAllowed) {
  start_one();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(write(kRack, "/Settings/FloatCellVoltage", "d", 3.47), 2);
    EXPECT_EQ(write(kRack, "/Settings/MaxChargeCurrent", "d", 20000.0), 1);
    EXPECT_EQ(write(kRack, "/Soc", "d", 100.0), 1);
  }
  EXPECT_EQ(number("/Settings/FloatCellVoltage"), 3.375);
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 50);
  const std::string& log = daemon_->output();
  EXPECT_EQ(count(log,
                  "write of 3.47 to /Settings/FloatCellVoltage refused: cell_v_max = 3.45 must be at least "
                  "cell_v_float = 3.47 V"),
            1U)
      << log;
  EXPECT_EQ(count(log, "write of 20000 to /Settings/MaxChargeCurrent refused: must be a number from 0 to 10000 A"), 1U)
      << log;
  EXPECT_EQ(count(log, "write of 100 to /Soc refused: cannot be written"), 1U) << log;
}

TEST_F(UserSettings, HostileKeptSettingsLoosenNothing) {
  simulate(test::bus_driver(), "1", {"--soc", "60", "--temperature", "20"});
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(write(kRack, "/Settings/MaxChargeCurrent", "d", 30.0), 0);
  stop_daemon();
  // As if somebody had edited the file and mended its check sum: the store writes what it is given.
  Store store(path("state"), "settings");
  auto kept = *store.load().content;
  kept["rack"]["limits"] = {{"max_charge_a", 1e6}, {"cell_v_max", 4.4}, {"cell_v_hard", 4.4}, {"soc_low_warning", 25}};
  ASSERT_EQ(store.save(kept), "");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("/Settings/MaxChargeCurrent"), 50);
  EXPECT_EQ(number("/Info/MaxChargeCurrent"), 50);
  EXPECT_EQ(number("/Settings/AbsorptionCellVoltage"), 3.45);
  EXPECT_EQ(number("/Settings/LowSocWarning"), 25);
  EXPECT_THAT(daemon_->output(), HasSubstr("kept setting: cell_v_hard is not for users to change"));
}

TEST_F(UserSettings, SwitchesActOnTheLimitsWhereTheBmsMayNotBeSwitched) {
  auto& simulator = start_one("[limits]\nrecovery_hold_s = 0\n");
  EXPECT_FALSE(service("dbusbms_rack").has("/Mode"));
  EXPECT_EQ(write(kRack, "/Settings/ForceChargingOff", "i", 1), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 0));
  EXPECT_GT(number("/Info/MaxDischargeCurrent"), 0);
  EXPECT_EQ(number("/Io/ChargeFet"), 1);
  stop_daemon();
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("/Info/MaxChargeCurrent"), 0) << "off stays off";
  EXPECT_EQ(number("/Settings/ForceChargingOff"), 1);
  EXPECT_EQ(write(kRack, "/Settings/ForceChargingOff", "i", 0), 0);
  EXPECT_TRUE(eventually([&] { return number("/Info/MaxChargeCurrent") > 0; }));
  EXPECT_EQ(command(simulator, {{"truth", true}}).at("truth").at(0).at("writes"), 0);
}

TEST_F(UserSettings, TheBmsIsSwitchedAndAsked) {
  auto& simulator = start_one("[daemon]\nallow_control = yes\n[limits]\nrecovery_hold_s = 0\n");
  EXPECT_EQ(number("/Mode"), 3);
  EXPECT_EQ(write(kRack, "/Settings/ForceDischargingOff", "i", 1), 0);
  ASSERT_TRUE(becomes("/Settings/ForceDischargingOff", 1));
  EXPECT_EQ(command(simulator, {{"truth", true}}).at("truth").at(0).at("discharge_fet"), false)
      << "shown only when the BMS has confirmed it";
  ASSERT_TRUE(becomes("/Info/MaxDischargeCurrent", 0));
  EXPECT_EQ(write(kRack, "/Mode", "i", 252), 0);
  ASSERT_TRUE(becomes("/Mode", 252));
  ASSERT_TRUE(becomes("/State", 14));
  EXPECT_EQ(write(kRack, "/Mode", "i", 7), 2);
  EXPECT_EQ(write(kRack, "/Mode", "i", 3), 0);
  ASSERT_TRUE(becomes("/Mode", 3));
  ASSERT_TRUE(becomes("/Settings/ForceDischargingOff", 0));
  const auto truth = command(simulator, {{"truth", true}}).at("truth").at(0);
  EXPECT_EQ(truth.at("charge_fet"), true);
  EXPECT_EQ(truth.at("discharge_fet"), true);
  EXPECT_TRUE(eventually([&] { return number("/Info/MaxDischargeCurrent") > 0; }));
}

TEST_F(UserSettings, ABmsThatDoesNotAnswerLeavesTheLimitAtZeroWithANote) {
  auto& simulator = start_one("[daemon]\nallow_control = yes\n[limits]\nstale_s = 600\nlost_s = 900\n");
  command(simulator, {{"fault", "silent"}});
  EXPECT_EQ(write(kRack, "/Settings/ForceChargingOff", "i", 1), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 0));
  ASSERT_TRUE(becomes("/Settings/ForceChargingOff", 1));
  EXPECT_THAT(text("/Info/Notes"), HasSubstr("the BMS did not switch charging off: only the limit is 0"));
}

TEST_F(UserSettings, TheSocIsSetWhereItIsCounted) {
  start_one("[limits]\nsoc_source = counter\n");
  ASSERT_EQ(text("/Info/SocSource"), "counter");
  EXPECT_EQ(write(kRack, "/Settings/ResetSocTo", "d", 42.0), 0);
  ASSERT_TRUE(eventually([&] { return std::abs(number("/Soc").value_or(0) - 42) < 0.5; }));
  EXPECT_EQ(write(kRack, "/Settings/SyncSoc", "i", 1), 0);
  ASSERT_TRUE(eventually([&] { return number("/Soc") > 99.5; }));
  EXPECT_EQ(number("/Settings/SyncSoc"), 0) << "a button, not a state";
}

TEST_F(UserSettings, TheSocOfABmsNeedsAllowControlAndIsReadBack) {
  auto& simulator = start_one("", "daly");
  EXPECT_EQ(write(kRack, "/Settings/ResetSocTo", "d", 42.0), 2);
  EXPECT_THAT(daemon_->output(), HasSubstr("allow_control is no"));
  EXPECT_EQ(command(simulator, {{"truth", true}}).at("truth").at(0).at("writes"), 0);
  stop_daemon();
  configure_rack("daly", "1", "[daemon]\nallow_control = yes\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(write(kRack, "/Settings/ResetSocTo", "d", 42.0), 0);
  ASSERT_TRUE(becomes("/Settings/ResetSocTo", 42));
  EXPECT_TRUE(eventually([&] { return std::abs(number("/Soc").value_or(0) - 42) < 0.5; })) << daemon_->output();
}

TEST_F(UserSettings, ARequestReachesTheEngine) {
  start_one();
  EXPECT_EQ(write(kRack, "/Settings/TopBalance", "i", 1), 0);
  EXPECT_TRUE(eventually([&] { return text("/Info/ChargeMode").find("top balance") != std::string::npos; }));
  EXPECT_EQ(number("/Settings/TopBalance"), 0);
  ASSERT_TRUE(becomes("/Info/FullChargeRequest", 1));
  EXPECT_EQ(write(kRack, "/Settings/Rebulk", "i", 1), 0);
  EXPECT_EQ(write(kRack, "/Settings/ClearAlarms", "i", 1), 0);
  EXPECT_THAT(daemon_->output(), HasSubstr("Rebulk asked for"));
}

TEST_F(UserSettings, ABankPassesOnWhatItsBatteriesDo) {
  simulate(test::bus_driver(), "1,2", {"--soc", "60", "--temperature", "20"});
  configure_rack(test::bus_driver(), "1,2", "[daemon]\nallow_control = yes\n[limits:rack_2]\nsoc_low_alarm = 18\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));
  EXPECT_EQ(write(kBank, "/Settings/MaxChargeCurrent", "d", 33.0), 0);
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 33, "dbusbms_bank"));
  EXPECT_EQ(write(kBank, "/Settings/LowSocWarning", "d", 31.0), 0);
  EXPECT_TRUE(becomes("/Settings/LowSocWarning", 31, "dbusbms_rack_1"));
  EXPECT_TRUE(becomes("/Settings/LowSocWarning", 31, "dbusbms_rack_2"));
  EXPECT_EQ(write(kBank, "/Settings/LowSocWarning", "d", 15.0), 2) << "rack_2 warns from 18 % on";
  EXPECT_THAT(daemon_->output(), HasSubstr("(rack_2)"));
  for (const char* suffix : {"dbusbms_rack_1", "dbusbms_rack_2", "dbusbms_bank"}) {
    EXPECT_EQ(number("/Settings/LowSocWarning", suffix), 31) << suffix;
  }
  EXPECT_EQ(write(kBank, "/Settings/ForceChargingOff", "i", 1), 0);
  ASSERT_TRUE(becomes("/Settings/ForceChargingOff", 1, "dbusbms_bank"));
  ASSERT_TRUE(becomes("/Info/MaxChargeCurrent", 0, "dbusbms_bank"));
  EXPECT_TRUE(becomes("/Io/ChargeFet", 0, "dbusbms_rack_1"));
  EXPECT_TRUE(becomes("/Io/ChargeFet", 0, "dbusbms_rack_2"));
  EXPECT_FALSE(service("dbusbms_rack_1").items.contains("/Settings/FloatCellVoltage")) << "the bank decides";
}

TEST_F(UserSettings, ANameFollowsWhoeverChangesItAndAnEmptyOneIsTheFilesAgain) {
  test::FakeSettings settings(loop_, bus_.address());
  settings.start();
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  std::string path_of_name;
  const auto known = [&] {
    loop_.restart();
    loop_.poll();
    for (const auto& [path, value] : settings.values) {
      if (path.ends_with("/CustomName")) path_of_name = path;
    }
    return !path_of_name.empty();
  };
  ASSERT_TRUE(eventually(known)) << daemon_->output();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(write(kRack, "/CustomName", "s", "Boat"), 0);
  EXPECT_EQ(text("/CustomName"), "Boat");
  ASSERT_TRUE(eventually([&] { return known() && settings.values[path_of_name] == "Boat"; }));
  settings.change(path_of_name, "Cellar");
  ASSERT_TRUE(eventually([&] { return known() && text("/CustomName") == "Cellar"; })) << daemon_->output();
  EXPECT_EQ(write(kRack, "/CustomName", "s", std::string(65, 'x').c_str()), 2);
  EXPECT_EQ(write(kRack, "/CustomName", "s", ""), 0);
  EXPECT_EQ(text("/CustomName"), "House");
}

}  // namespace
}  // namespace bms
