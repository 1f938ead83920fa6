#include <signal.h>

#include "support/bus_client.hpp"
#include "system/daemon/foreign_program.hpp"
#include "system/daemon/writer_rig.hpp"

// Relays of a GX device follow the limits, and the remote switch stops everything.
namespace bms {
namespace {

using test::kRack;
using testing::HasSubstr;

constexpr const char* kSystem = "com.victronenergy.system";
constexpr const char* kSettings = "com.victronenergy.settings";
constexpr const char* kQuick = "[limits]\nrecovery_hold_s = 1\nprealarm_s = 1\nhard_min_release_s = 1\n";
constexpr const char* kLoad = "[output:load]\nfunction = load-disconnect\ntarget = relay:0\n";

class Outputs : public test::Rig {
 protected:
  double relay(int number = 0) {
    const auto answer = client_.call(kSystem, "/Relay/" + std::to_string(number) + "/State", "GetValue");
    return answer.error.empty() ? answer.value[1].get<double>() : -1;
  }
  bool becomes(int number, double state) {
    return eventually([&] { return relay(number) == state; });
  }

  /// The lowest cell of the simulated battery; all others stand at 3.3 V.
  static void set_lowest(test::Process& simulator, double volts) {
    const auto truth = command(simulator, {{"truth", true}}).at("truth").at(0);
    std::vector<double> cells(truth.at("cells_V").size(), 3.3);
    cells.front() = volts;
    const double pack = 3.3 * static_cast<double>(cells.size() - 1) + volts;
    command(simulator, {{"set", {{"cells_V", cells}, {"voltage_V", pack}}}});
  }

  boost::asio::io_context loop_;
  test::BusClient client_{loop_, bus_.address()};
};

TEST_F(Outputs, TheRelayFollowsLoadDisconnectAndIsSafeAtTheEnd) {
  const test::ForeignProgram settings(bus_.address(), kSettings, {{"/Settings/Relay/Function", 2}});
  const test::ForeignProgram system(bus_.address(), kSystem, {{"/Relay/0/State", 0}});
  auto& simulator = simulate(test::bus_driver(), "1", {"--soc", "60", "--frozen"});
  configure_rack(test::bus_driver(), "1", std::string(kQuick) + kLoad);
  auto& daemon = start_daemon();
  ASSERT_TRUE(becomes(0, 1)) << daemon.output();
  set_lowest(simulator, 2.65);
  EXPECT_TRUE(becomes(0, 0)) << daemon.output();
  set_lowest(simulator, 3.3);
  EXPECT_TRUE(becomes(0, 1)) << daemon.output();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0);
  EXPECT_EQ(relay(), 0) << "nobody watches the battery any more";
}

TEST_F(Outputs, ARelayWithAnotherFunctionIsLeftAlone) {
  const test::ForeignProgram settings(bus_.address(), kSettings, {{"/Settings/Relay/Function", 1}});
  const test::ForeignProgram system(bus_.address(), kSystem, {{"/Relay/0/State", 0}});
  simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_rack(test::bus_driver(), "1", kLoad);
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  ASSERT_NE(daemon.wait_for("relay:0: not driven: its function is Generator start/stop"), std::string::npos)
      << daemon.output();
  EXPECT_EQ(relay(), 0);
  settings.change("/Settings/Relay/Function", 2);
  EXPECT_TRUE(becomes(0, 1)) << daemon.output();
}

TEST_F(Outputs, TheRemoteSwitchStopsLimitsAndOutputsAndKeepsItsPosition) {
  const test::ForeignProgram settings(bus_.address(), kSettings, {{"/Settings/Relay/Function", 2}});
  const test::ForeignProgram system(bus_.address(), kSystem, {{"/Relay/0/State", 1}});
  simulate(test::bus_driver(), "1", {"--soc", "60"});
  configure_rack(test::bus_driver(), "1", std::string(kQuick) + kLoad + "[remote]\nsource = dbus\nmode = everything\n");
  auto& daemon = start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(service("dbusbms_rack").number("/Info/MaxDischargeCurrent"), 0) << "nobody has switched it on";
  EXPECT_THAT(service("dbusbms_rack").string("/Info/DischargeLimitation"), HasSubstr("remote"));
  EXPECT_TRUE(becomes(0, 0));
  EXPECT_EQ(client_.set(kRack, "/Remote", "i", 1).value, 0);
  EXPECT_TRUE(eventually([&] { return service("dbusbms_rack").number("/Info/MaxDischargeCurrent") > 0; }));
  EXPECT_TRUE(becomes(0, 1));
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.exit_code(), 0);
  start_daemon();
  EXPECT_TRUE(becomes(0, 1)) << "a switch stays where it was put: " << daemon_->output();
}

}  // namespace
}  // namespace bms
