#include <sys/stat.h>

#include <boost/asio/ip/tcp.hpp>

#include "support/effort.hpp"
#include "system/daemon/rig.hpp"

// What happens to a daemon in its life: batteries fall silent, ports vanish, the bus restarts, users reload.
namespace bms {
namespace {

using testing::HasSubstr;

class Life : public test::Rig {
 protected:
  double number(const std::string& suffix, const std::string& path) {
    return service(suffix).number(path).value_or(-1e9);
  }
};

constexpr const char* kQuickLoss = "[limits]\nstale_s = 2\nlost_s = 4\nloss_policy = block\nrecovery_hold_s = 1\n";

TEST_F(Life, ALostBatteryStopsChargingAndItsServiceStays) {
  auto& simulator = simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_rack(test::bus_driver(), "1", kQuickLoss);
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_GT(number("dbusbms_rack", "/Info/MaxChargeCurrent"), 0);
  command(simulator, {{"fault", "silent"}});
  ASSERT_TRUE(eventually([&] { return number("dbusbms_rack", "/Alarms/BmsCable") == 2; }));
  const auto lost = service("dbusbms_rack");
  EXPECT_EQ(lost.number("/Info/MaxChargeCurrent"), 0);
  EXPECT_EQ(lost.number("/Info/MaxDischargeCurrent"), 0);
  EXPECT_GT(lost.number("/Info/MaxChargeVoltage").value_or(0), 40) << "CVL stays valid: this is still the BMS";
  EXPECT_FALSE(lost.has("/Dc/0/Voltage")) << "measurements of a lost battery are invalid";
  EXPECT_FALSE(lost.has("/Soc"));
  EXPECT_EQ(lost.number("/Connected"), 1);
  EXPECT_TRUE(eventually([&] { return number("dbusbms_rack", "/Link/Timeout") > 0; }));
  command(simulator, {{"fault", "none"}});
  EXPECT_TRUE(eventually([&] { return number("dbusbms_rack", "/Info/MaxChargeCurrent") > 0; }));
  EXPECT_EQ(number("dbusbms_rack", "/Alarms/BmsCable"), 0);
}

TEST_F(Life, ASilentBatteryDoesNotSlowTheOthers) {
  simulate(test::bus_driver(), "1,2,3");
  configure_rack(test::bus_driver(), "1,2,3");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_3"));
  auto& simulator = *simulators_.front();
  const auto answers = [&] {
    const auto truth = command(simulator, {{"truth", true}}).at("truth");
    return truth.at(0).at("answers").get<double>() + truth.at(1).at("answers").get<double>();
  };
  const auto rate = [&] {
    constexpr double kSpan = test::effort(24.0, 6.0);
    const double before = answers();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return answers() >= before + kSpan; }, std::chrono::seconds(60)));
    return kSpan / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double all_alive = rate();
  command(simulator, {{"address", 3}, {"fault", "silent"}});
  ASSERT_TRUE(eventually([&] { return number("dbusbms_rack_3", "/Link/Timeout") >= 3; })) << daemon_->output();
  const double one_silent = rate();
  if (!test::kSanitized) {  // there it runs beside other tests
    EXPECT_GT(one_silent, 0.9 * all_alive);
  }
  RecordProperty("rate_all_alive", std::to_string(all_alive));
  RecordProperty("rate_one_silent", std::to_string(one_silent));
}

TEST_F(Life, RubbishIsCountedShownAndNeverPublished) {
  auto& simulator = simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const auto healthy = service("dbusbms_rack");
  command(simulator, {{"fault", "bit-flips=0.5"}});
  command(simulator, {{"fault", "garbage=0.3"}});
  command(simulator, {{"fault", "truncate=0.2"}});
  const double good = number("dbusbms_rack", "/Link/Good");
  ASSERT_TRUE(eventually(
      [&] {
        const auto view = service("dbusbms_rack");
        for (const char* path : {"/Dc/0/Voltage", "/System/MinCellVoltage", "/System/MaxCellVoltage"}) {
          const auto value = view.number(path);
          EXPECT_TRUE(value && std::abs(*value - *healthy.number(path)) < 0.02 * *healthy.number(path)) << path;
        }
        EXPECT_EQ(view.number("/Alarms/InternalFailure"), healthy.number("/Alarms/InternalFailure"));
        return view.number("/Link/Good").value_or(0) >= good + 8;
      },
      std::chrono::seconds(120)));
  const auto view = service("dbusbms_rack");
  EXPECT_GT(view.number("/Link/Crc").value_or(0) + view.number("/Link/Short").value_or(0) +
                view.number("/Link/Timeout").value_or(0),
            0);
}

TEST_F(Life, APortThatVanishesIsOpenedAgain) {
  auto& simulator = simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  command(simulator, {{"hang_up", true}});
  ASSERT_NE(daemon.wait_for("no such device"), std::string::npos) << daemon.output();
  const double good = number("dbusbms_rack", "/Link/Good");
  simulator.send_line(R"({"open":true})");
  EXPECT_TRUE(eventually([&] { return number("dbusbms_rack", "/Link/Good") > good; })) << daemon.output();
  EXPECT_THAT(daemon.output(), HasSubstr("open again"));
}

TEST_F(Life, TheBusRestartsAndTheServicesAreBackWithin5sWithTheirInstances) {
  simulate(test::bus_driver(), "1,2");
  configure_rack(test::bus_driver(), "1,2");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_1"));
  ASSERT_TRUE(appears("dbusbms_rack_2"));
  ASSERT_TRUE(appears("dbusbms_bank"));
  const double one = number("dbusbms_rack_1", "/DeviceInstance");
  const double two = number("dbusbms_rack_2", "/DeviceInstance");
  EXPECT_NE(one, two);
  for (int round = 0; round < 3; ++round) {
    bus_.stop();
    bus_.start();
    EXPECT_TRUE(eventually([&] { return services().size() == 3; }, std::chrono::seconds(5))) << round;
    EXPECT_EQ(number("dbusbms_rack_1", "/DeviceInstance"), one);
    EXPECT_EQ(number("dbusbms_rack_2", "/DeviceInstance"), two);
  }
}

TEST_F(Life, InstancesAndNamesSurviveARestartOfTheDaemon) {
  simulate(test::bus_driver(), "1,2");
  configure_rack(test::bus_driver(), "1,2");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_1"));
  ASSERT_TRUE(appears("dbusbms_rack_2"));
  const double one = number("dbusbms_rack_1", "/DeviceInstance");
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->exit_code(), 0);
  EXPECT_TRUE(services().empty());
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_1"));
  EXPECT_EQ(number("dbusbms_rack_1", "/DeviceInstance"), one);
  EXPECT_EQ(service("dbusbms_rack_1").string("/CustomName"), "House 1");
}

TEST_F(Life, AQuickRestartTakesTheLimitsUpWhereTheyWere) {
  simulate(test::bus_driver(), "1", {"--soc", "60", "--temperature", "3"});
  configure_rack(test::bus_driver(), "1", "[limits]\nmax_charge_a = 100\nrecovery_hold_s = 600\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const double cold = number("dbusbms_rack", "/Info/MaxChargeCurrent");
  EXPECT_LT(cold, 50);
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->exit_code(), 0);
  // Warm again while the daemon was away: a restart is no way around the recovery.
  command(*simulators_.front(), {{"set", {{"temps_C", {22, 22}}}}});
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("dbusbms_rack", "/Info/MaxChargeCurrent"), cold);
  // A damaged state file is set aside with a message, and the daemon starts.
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->exit_code(), 0);
  for (const char* file : {"state/state-a", "state/state-b"}) std::ofstream(path(file)) << "rubbish";
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_THAT(daemon.output(), HasSubstr("set aside as state-a.damaged"));
}

TEST_F(Life, TheStatusPageShowsWhatIsPublished) {
  simulate(test::bus_driver(), "1,2", {"--soc", "44"});
  configure_rack(test::bus_driver(), "1,2", "[web]\nlisten = 127.0.0.1:18088\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));
  boost::asio::ip::tcp::iostream page("127.0.0.1", "18088");
  page << "GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" << std::flush;
  const std::string answer((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  const auto status = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4)).at("batteries");
  ASSERT_EQ(status.size(), 3U);
  EXPECT_EQ(status.at(0).at("bank"), true);
  EXPECT_NEAR(status.at(1).at("reading").at("soc_pct").get<double>(), 44, 1);
  EXPECT_EQ(status.at(1).at("reading").at("cells_V").size(), 16U);
  EXPECT_FALSE(status.at(0).at("limits").at("why").at("ccl").empty());
}

TEST_F(Life, AnUnknownBatteryIsFoundByAsking) {
  simulate("daren", "1", {"--soc", "44"});
  configure_rack("auto", "1");
  auto& daemon = start_daemon();
  ASSERT_NE(daemon.wait_for("found daren at ", 0, std::chrono::seconds(90)), std::string::npos) << daemon.output();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_NEAR(number("dbusbms_rack", "/Soc"), 44, 0.2);
}

TEST_F(Life, ProbeFindsTheBatteryAndPrintsAConfigurationThatWorks) {
  auto& simulator = simulate("daly", "1");
  test::Process probe({DBUS_BMS_PROGRAM, "probe", path("line"), "--address", "1"});
  EXPECT_EQ(probe.exit_code(std::chrono::seconds(90)), 0) << probe.output();
  EXPECT_THAT(probe.output(), HasSubstr("driver = daly"));
  EXPECT_EQ(command(simulator, {{"truth", true}}).at("truth").at(0).at("writes"), 0);
  configure(probe.output().substr(probe.output().find("[battery:")));
  start_daemon();
  EXPECT_TRUE(eventually([&] { return !services().empty(); })) << daemon_->output();
}

TEST_F(Life, MembersOfABankHaveNoLimitPathsAndTheBankHas) {
  simulate(test::bus_driver(), "1,2");
  configure_rack(test::bus_driver(), "1,2");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_2"));
  ASSERT_TRUE(appears("dbusbms_bank"));
  EXPECT_FALSE(service("dbusbms_rack_1").items.contains("/Info/MaxChargeVoltage"));
  EXPECT_TRUE(service("dbusbms_bank").has("/Info/MaxChargeVoltage"));
  EXPECT_EQ(service("dbusbms_bank").number("/System/NrOfBatteries"), 2);
}

TEST_F(Life, ReloadTakesNewLimitsAndRefusesWrongOnes) {
  simulate(test::bus_driver(), "1", {"--soc", "60", "--temperature", "20"});
  configure_rack(test::bus_driver(), "1", "[limits]\nmax_charge_a = 40\n");
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("dbusbms_rack", "/Info/MaxChargeCurrent"), 40);
  configure_rack(test::bus_driver(), "1", "[limits]\nmax_charge_a = 30\ncell_v_float = 9\n");
  daemon.signal(SIGHUP);
  ASSERT_NE(daemon.wait_for("stays in force"), std::string::npos) << daemon.output();
  EXPECT_EQ(number("dbusbms_rack", "/Info/MaxChargeCurrent"), 40);
  configure_rack(test::bus_driver(), "1", "[limits]\nmax_charge_a = 25\n");
  daemon.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return number("dbusbms_rack", "/Info/MaxChargeCurrent") == 25; })) << daemon.output();
}

TEST_F(Life, StatusShowsWhatIsPublished) {
  simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const auto screen = test::run_program({DBUS_BMS_PROGRAM, "status", "--dbus", bus_.address()});
  EXPECT_EQ(screen.code, 0);
  for (const char* text : {"House", "SoC 60.0", "CVL", "CCL", "DCL", "link", "16 3."}) {
    EXPECT_THAT(screen.output, HasSubstr(text));
  }
  std::istringstream lines(screen.output);
  for (std::string line; std::getline(lines, line);) {
    const auto columns = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LE(columns, 80) << line;
  }
  const auto json = test::run_program({DBUS_BMS_PROGRAM, "status", "--json", "--dbus", bus_.address()});
  EXPECT_TRUE(nlohmann::json::parse(json.output).contains("com.victronenergy.battery.dbusbms_rack"));
  bus_.stop();
  EXPECT_NE(test::run_program({DBUS_BMS_PROGRAM, "status", "--dbus", bus_.address()}).code, 0);
}

TEST_F(Life, ALoopThatHangsEndsTheProcessWithinTheTimeOfTheWatchdog) {
  simulate(test::bus_driver(), "1");
  configure_rack(test::bus_driver(), "1");
  auto with_watchdog = environment();
  with_watchdog["WATCHDOG_USEC"] = "5000000";
  daemon_ = std::make_unique<test::Process>(
      std::vector<std::string>{DBUS_BMS_PROGRAM, "run", "--config", path("config.ini")}, with_watchdog);
  ASSERT_TRUE(appears("dbusbms_rack"));
  const double good = number("dbusbms_rack", "/Link/Good");
  ASSERT_TRUE(eventually([&] { return number("dbusbms_rack", "/Link/Good") >= good + 4; }))
      << "a loop that lives is fed";
  std::filesystem::remove(path("config.ini"));
  ASSERT_EQ(mkfifo(path("config.ini").c_str(), 0600), 0) << "whoever reads this waits for ever";
  daemon_->signal(SIGHUP);
  EXPECT_EQ(daemon_->exit_code(), -SIGALRM);
  EXPECT_THAT(daemon_->output(), HasSubstr("the event loop hangs"));
}

}  // namespace
}  // namespace bms
