// A relay of a GX device over D-Bus: only with the function Manual, put right when others switch it, back after the
// bus.
#include "outputs/relay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_battery.hpp"
#include "support/private_bus.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using outputs::RelayTarget;
using testing::ElementsAre;
using testing::Pair;

class Relay : public testing::Test {
 protected:
  Relay() {
    settings.values = {{"/Settings/Relay/Function", 2}, {"/Settings/Relay/1/Function", 2}};
    system.values = {{"/Relay/0/State", 0}, {"/Relay/1/State", 0}};
  }
  void start() {
    settings.start();
    system.start();
  }
  std::unique_ptr<RelayTarget> target(unsigned number = 0) {
    return std::make_unique<RelayTarget>(loop, bus.address(), number);
  }
  template <class Done>
  bool until(Done done) {
    return run_until(loop, done);
  }
  /// Both services and the target have said all they have to say: a question after them is answered.
  void settle(const RelayTarget& relay) {
    const int before = system.questions;
    ASSERT_TRUE(until([&] { return system.questions > before || relay.settled(); }));
    run_until(
        loop, [] { return false; }, 100ms);
  }

  PrivateBus bus;
  boost::asio::io_context loop;
  FakeBattery settings{loop, bus.address(), "com.victronenergy.settings"};
  FakeBattery system{loop, bus.address(), "com.victronenergy.system"};
};

TEST_F(Relay, FollowsAndIsWrittenOncePerChange) {
  start();
  const auto relay = target(1);
  relay->drive(true);
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  ASSERT_TRUE(until([&] { return relay->settled(); }));
  for (int i = 0; i < 5; ++i) relay->drive(true);
  relay->drive(false);
  EXPECT_FALSE(relay->settled()) << "on its way";
  ASSERT_TRUE(until([&] { return relay->settled(); }));
  EXPECT_THAT(system.writes, ElementsAre(Pair("/Relay/1/State", 1), Pair("/Relay/1/State", 0)));
}

TEST_F(Relay, ARelayThatStandsRightIsNotWritten) {
  system.values["/Relay/0/State"] = 1;
  start();
  const auto relay = target();
  relay->drive(true);
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  EXPECT_TRUE(system.writes.empty()) << "each write is one to the flash";
}

TEST_F(Relay, RefusedUnlessItsFunctionIsManualAndTakenWhenItBecomes) {
  settings.values["/Settings/Relay/Function"] = 0;
  start();
  const auto relay = target();
  testing::internal::CaptureStdout();
  relay->drive(true);
  settle(*relay);
  EXPECT_TRUE(relay->settled()) << "there is nothing to wait for";
  EXPECT_FALSE(relay->driven());
  EXPECT_TRUE(system.writes.empty());
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_THAT(said, testing::HasSubstr("relay:0: not driven: its function is Alarm relay (0); set it to Manual"));
  settings.change("/Settings/Relay/Function", 2);
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  settings.change_property("/Settings/Relay/Function", 1);
  settle(*relay);
  relay->drive(false);
  settle(*relay);
  EXPECT_THAT(system.writes, ElementsAre(Pair("/Relay/0/State", 1))) << "the generator logic owns it now";
}

TEST_F(Relay, TheSecondRelayHasItsOwnFunction) {
  settings.values["/Settings/Relay/Function"] = 0;
  start();
  const auto relay = target(1);
  relay->drive(true);
  EXPECT_TRUE(until([&] { return relay->driven(); }));
}

TEST_F(Relay, SomebodyElseWhoSwitchesItIsPutRight) {
  start();
  const auto relay = target();
  relay->drive(true);
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  system.change("/Relay/0/State", 0);
  ASSERT_TRUE(until([&] { return system.writes.size() == 2; }));
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  system.change("/Relay/0/State", 0);
  ASSERT_TRUE(until([&] { return !relay->driven(); })) << "it has been seen";
  run_until(
      loop, [] { return false; }, 100ms);
  EXPECT_EQ(system.writes.size(), 2U) << "the next correction comes 10 s later: two programs must not wear the flash";
  relay->drive(false);
  EXPECT_TRUE(until([&] { return relay->driven(); })) << "our own change does not wait";
}

TEST_F(Relay, ServicesMayComeLateAndTheBusMayRestart) {
  const auto relay = target();
  relay->drive(true);
  run_until(
      loop, [] { return false; }, 200ms);
  EXPECT_TRUE(relay->settled());
  start();
  ASSERT_TRUE(until([&] { return relay->driven(); }));
  bus.stop();
  ASSERT_TRUE(until([&] { return !relay->driven(); }));
  system.values["/Relay/0/State"] = 0;
  bus.start();
  ASSERT_TRUE(until([&] { return relay->driven() && system.values["/Relay/0/State"] == 1; }));
}

TEST_F(Relay, ARefusedWriteIsTriedAgain) {
  system.refuses = true;
  start();
  const auto relay = target();
  relay->drive(true);
  ASSERT_TRUE(until([&] { return !system.writes.empty(); }));
  EXPECT_FALSE(relay->driven());
  system.refuses = false;
  EXPECT_TRUE(until([&] { return relay->driven(); }));
}

}  // namespace
}  // namespace bms::test
