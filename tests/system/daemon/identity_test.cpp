#include "system/daemon/writer_rig.hpp"

// Instance, name and serial follow the battery, wherever it is plugged in; where its maker gave all the same serial
// number they follow the place, and where the user says so the section.
namespace bms {
namespace {

using test::kRack;
using testing::HasSubstr;

class Identity : public test::WriterRig {
 protected:
  void use(const std::string& link, const std::string& addresses, const std::string& more = "") {
    configure("[battery:rack]\ndriver = " + test::bus_driver() + "\nport = " + path(link) + "\naddress = " + addresses +
              "\nname = House\n" + more);
  }
  /// What the system knows the battery by.
  struct Known {
    std::optional<double> instance;
    std::string name;
    friend bool operator==(const Known&, const Known&) = default;
  };
  Known known(const std::string& suffix = "dbusbms_rack") {
    EXPECT_TRUE(appears(suffix));
    return {number("/DeviceInstance", suffix), text("/CustomName", suffix)};
  }
  /// Somebody else's battery has instance 1, so that a new one cannot get it by chance.
  void occupy_first_instance() {
    std::filesystem::create_directories(path("state"));
    std::ofstream(path("state/instances")) << "1 somebody_else Somebody else\n";
  }
};

TEST_F(Identity, InstanceAndNameFollowTheBatteryToAnotherPort) {
  occupy_first_instance();
  auto& first = simulate(test::bus_driver(), "1");
  command(first, {{"set", {{"serial", "A100"}}}});
  use("line", "1");
  start_daemon();
  ASSERT_EQ(known().instance, 2);
  ASSERT_EQ(write(kRack, "/CustomName", "s", "Boat"), 0);
  stop_daemon();
  // Another socket, another adapter: the BMS is the same. In its old place there is another one now.
  auto& second = simulate(test::bus_driver(), "1", {}, "other");
  command(second, {{"set", {{"serial", "A100"}}}});
  command(first, {{"set", {{"serial", "B200"}}}});
  use("other", "1");
  start_daemon();
  EXPECT_EQ(known(), (Known{2, "Boat"}));
  stop_daemon();
  use("line", "1");
  start_daemon();
  EXPECT_EQ(known(), (Known{3, "House"})) << "another battery";
}

TEST_F(Identity, AnExchangedBmsKeepsInstanceAndNameWhereTheUserSaysSo) {
  occupy_first_instance();
  auto& simulator = simulate(test::bus_driver(), "1");
  command(simulator, {{"set", {{"serial", "A100"}}}});
  use("line", "1", "identity = section\n");
  start_daemon();
  ASSERT_EQ(known().instance, 2);
  ASSERT_EQ(write(kRack, "/CustomName", "s", "Boat"), 0);
  stop_daemon();
  command(simulator, {{"set", {{"serial", "B200"}}}});
  start_daemon();
  EXPECT_EQ(known(), (Known{2, "Boat"}));
  EXPECT_EQ(text("/Serial"), "B200");
}

TEST_F(Identity, EqualSerialsAreToldApartByPlaceAndStayApart) {
  auto& simulator = simulate(test::bus_driver(), "1,2");
  command(simulator, {{"set", {{"serial", "TWIN"}}}});
  use("line", "1,2", "[bank]\nenabled = no\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack_1"));
  ASSERT_TRUE(appears("dbusbms_rack_2"));
  const auto one = number("/DeviceInstance", "dbusbms_rack_1");
  const auto two = number("/DeviceInstance", "dbusbms_rack_2");
  EXPECT_NE(one, two);
  const std::string first = path("line") + " address 1";
  const std::string second = path("line") + " address 2";
  ASSERT_TRUE(eventually([&] { return text("/Serial", "dbusbms_rack_1") == "TWIN (" + first + ")"; }));
  EXPECT_EQ(text("/Serial", "dbusbms_rack_2"), "TWIN (" + second + ")");
  std::string log = daemon_->output();
  const std::string told = "have the same serial number TWIN";
  EXPECT_THAT(log, HasSubstr("House 1 (" + first + ") and House 2 (" + second + ") " + told));
  EXPECT_EQ(log.find(told), log.rfind(told)) << "once";
  stop_daemon();
  // The second alone, first to answer: it does not take over what belongs to the first.
  command(simulator, {{"address", 1}, {"fault", "silent"}});
  start_daemon();
  EXPECT_EQ(known("dbusbms_rack_2"), (Known{two, "House 2"}));
  command(simulator, {{"address", 1}, {"fault", "none"}});
  EXPECT_EQ(known("dbusbms_rack_1"), (Known{one, "House 1"}));
}

TEST_F(Identity, OneOfTwoWithEqualSerialsIsMovedAndKeepsInstanceAndName) {
  const auto two_ports = [this](const std::string& second) {
    use("line", "1",
        "[bank]\nenabled = no\n[battery:other]\nname = Other\ndriver = " + test::bus_driver() +
            "\naddress = 1\nport = " + path(second) + "\n");
  };
  command(simulate(test::bus_driver(), "1"), {{"set", {{"serial", "TWIN"}}}});
  command(simulate(test::bus_driver(), "1", {}, "left"), {{"set", {{"serial", "TWIN"}}}});
  two_ports("left");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  ASSERT_TRUE(appears("dbusbms_other"));
  ASSERT_EQ(write("com.victronenergy.battery.dbusbms_other", "/CustomName", "s", "Boat"), 0);
  const Known rack = known("dbusbms_rack");
  const Known boat = known("dbusbms_other");
  EXPECT_NE(rack, boat);
  stop_daemon();
  std::filesystem::rename(path("left"), path("right"));  // another socket
  two_ports("right");
  start_daemon();
  EXPECT_EQ(known("dbusbms_other"), boat) << daemon_->output();
  EXPECT_EQ(known("dbusbms_rack"), rack);
  EXPECT_EQ(text("/Serial", "dbusbms_other"), "TWIN (" + path("right") + " address 1)");
}

TEST_F(Identity, ABmsThatIsExchangedInServiceComesBackUnderItsOwnInstance) {
  auto& simulator = simulate(test::bus_driver(), "1");
  command(simulator, {{"set", {{"serial", "A100"}}}});
  use("line", "1", "poll_interval = 0.3\n");
  start_daemon();
  ASSERT_EQ(known().instance, 1);
  command(simulator, {{"set", {{"serial", "B200"}}}});
  command(simulator, {{"hang_up", true}});
  simulator.send_line(R"({"open":true})");
  ASSERT_TRUE(eventually([&] { return number("/DeviceInstance") == 2; }, std::chrono::seconds(90)))
      << daemon_->output();
  EXPECT_EQ(text("/Serial"), "B200");
  EXPECT_THAT(daemon_->output(), HasSubstr("serial number B200 instead of A100"));
}

}  // namespace
}  // namespace bms
