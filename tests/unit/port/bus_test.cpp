#include "port/bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "sim/simulated_line.hpp"
#include "support/loop.hpp"
#include "support/tiny_protocol.hpp"

namespace bms::port {
namespace {

using test::run_until;

class BusTest : public testing::Test {
 protected:
  BusTest() : line_(context_, 115200, 1) { EXPECT_EQ(line_.open(""), ""); }
  ~BusTest() override {
    if (bus_) bus_->stop();
    line_.stop();
    run_until(
        context_, [this] { return !running_; }, std::chrono::seconds(5));
    context_.restart();
    context_.poll();
  }

  sim::Member& simulate(unsigned address) {
    return line_.add(address, std::make_unique<test::TinyDevice>(address), sim::BatterySpec{});
  }

  Station& station(unsigned address, std::chrono::milliseconds interval) {
    if (!bus_) bus_ = std::make_unique<Bus>(context_, line_.path(), 115200);
    auto made = std::make_unique<Station>();
    made->driver = std::make_unique<test::TinyDriver>(address);
    made->interval = interval;
    return bus_->add(std::move(made));
  }

  void start() {
    boost::asio::co_spawn(context_, line_.run(), boost::asio::detached);
    running_ = true;
    boost::asio::co_spawn(context_, bus_->run(), [this](const std::exception_ptr& error) {
      running_ = false;
      EXPECT_EQ(error, nullptr);
    });
  }

  boost::asio::io_context context_{1};
  sim::SimulatedLine line_;
  std::unique_ptr<Bus> bus_;
  bool running_ = false;
};

TEST_F(BusTest, PollsEveryBatteryInTurn) {
  simulate(1).battery.truth().soc_pct = 41;
  simulate(2).battery.truth().soc_pct = 42;
  Station& one = station(1, std::chrono::milliseconds(20));
  Station& two = station(2, std::chrono::milliseconds(20));
  std::vector<double> read;
  one.on_reading = two.on_reading = [&](const Reading& reading) { read.push_back(*reading.soc_pct); };
  start();
  ASSERT_TRUE(run_until(context_, [&] { return read.size() >= 6; }));
  EXPECT_THAT(read, testing::Contains(41));
  EXPECT_THAT(read, testing::Contains(42));
  EXPECT_EQ(one.health.count(Fault::timeout), 0U);
  EXPECT_GE(one.health.good, 2U);
  ASSERT_TRUE(one.health.last_good.has_value());
}

TEST_F(BusTest, ASilentBatteryCostsTheOthersLessThanATenthOfTheirRate) {
  simulate(1);
  simulate(2);
  simulate(3).faults.silent = true;
  Station& one = station(1, std::chrono::milliseconds(10));
  Station& two = station(2, std::chrono::milliseconds(10));
  Station& silent = station(3, std::chrono::milliseconds(10));
  start();
  ASSERT_TRUE(run_until(context_, [&] { return silent.failures >= 3; }));
  // What a silent battery takes from the others is the time that is spent waiting for it, whatever this machine does.
  constexpr double kTimeout_s = 0.1;
  const int asked_before = silent.failures;
  const auto alive_before = one.health.good + two.health.good;
  const TimePoint start_of_span = Clock::now();
  ASSERT_TRUE(run_until(context_, [&] { return silent.failures >= asked_before + 3; }));
  const double span_s = std::chrono::duration<double>(Clock::now() - start_of_span).count();
  EXPECT_LT(3 * kTimeout_s / span_s, 0.1);
  EXPECT_GT(one.health.good + two.health.good, alive_before);

  line_.members()[2]->faults.silent = false;
  EXPECT_TRUE(run_until(context_, [&] { return silent.failures == 0; })) << "the battery is back at its next poll";
}

TEST_F(BusTest, CountsDamageByCauseAndPublishesNoneOfIt) {
  auto& member = simulate(1);
  member.battery.truth().soc_pct = 77;
  member.faults.bit_flips = 0.3;
  member.faults.garbage = 0.3;
  member.faults.truncate = 0.2;
  line_.set_pacing(false);
  Station& one = station(1, std::chrono::milliseconds(0));
  one.driver = std::make_unique<test::TinyDriver>(1, std::chrono::milliseconds(10));
  std::vector<double> wrong;
  one.on_reading = [&](const Reading& reading) {
    if (std::abs(*reading.soc_pct - 77) > 1.5) wrong.push_back(*reading.soc_pct);
  };
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good >= 100; }));
  EXPECT_THAT(wrong, testing::IsEmpty());
  EXPECT_GT(one.health.count(Fault::crc), 0U);
  EXPECT_GT(one.health.count(Fault::timeout) + one.health.count(Fault::short_frame), 0U);
}

TEST_F(BusTest, RemovesTheEchoOfTheAdapter) {
  simulate(1).faults.echo = true;
  Station& one = station(1, std::chrono::milliseconds(10));
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good >= 5; }));
  EXPECT_EQ(one.health.count(Fault::crc) + one.health.count(Fault::foreign), 0U);
}

TEST_F(BusTest, ALateAnswerNeverLandsOnAnotherBattery) {
  auto& slow = simulate(1);
  slow.battery.truth().soc_pct = 11;
  slow.faults.delay = 1;
  slow.faults.delay_ms = 130;  // beyond the deadline of 100 ms, into the next exchange
  simulate(2).battery.truth().soc_pct = 22;
  Station& one = station(1, std::chrono::milliseconds(10));
  Station& two = station(2, std::chrono::milliseconds(10));
  std::vector<double> first;
  std::vector<double> second;
  one.on_reading = [&](const Reading& reading) { first.push_back(*reading.soc_pct); };
  two.on_reading = [&](const Reading& reading) { second.push_back(*reading.soc_pct); };
  start();
  ASSERT_TRUE(run_until(context_, [&] { return second.size() >= 10; }));
  EXPECT_THAT(first, testing::Each(11));
  EXPECT_THAT(second, testing::Each(22));
}

TEST_F(BusTest, ReopensAPortThatVanishes) {
  const std::string link = testing::TempDir() + "dbus-bms-bus-test";
  ASSERT_EQ(line_.open(link), "");
  simulate(1);
  bus_ = std::make_unique<Bus>(context_, link, 115200);
  Station& one = station(1, std::chrono::milliseconds(10));
  std::vector<std::string> events;
  bus_->on_port = [&](const std::string& reason) { events.push_back(reason); };
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good >= 2; }));
  line_.hang_up();
  ASSERT_TRUE(run_until(context_, [&] { return events.size() >= 2; }));
  EXPECT_EQ(events.back(), link + ": no such device");
  ASSERT_EQ(line_.open(link), "");
  const auto before = one.health.good;
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good > before; }));
  EXPECT_EQ(events.back(), "");
}

/// Pauses that a test can wait for; the device of the tests is a pseudo-terminal.
SilenceRule quick_rule() {
  SilenceRule rule;
  rule.first_pause = rule.longest_pause = std::chrono::seconds(0);
  rule.pseudo_terminals = true;
  return rule;
}

TEST_F(BusTest, OpensAPortAnewOnWhichNothingAnswers) {
  auto& member = simulate(1);
  Station& one = station(1, std::chrono::milliseconds(0));
  one.driver = std::make_unique<test::TinyDriver>(1, std::chrono::milliseconds(10));
  bus_->silence_rule = quick_rule();
  std::vector<unsigned> told;
  bus_->on_silence = [&](unsigned questions) { told.push_back(questions); };
  std::vector<std::string> events;
  bus_->on_port = [&](const std::string& reason) { events.push_back(reason); };
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good >= 2; }));
  events.clear();
  EXPECT_THAT(told, testing::IsEmpty());
  member.faults.silent = true;
  ASSERT_TRUE(run_until(context_, [&] { return one.health.count(Fault::io) >= 3; })) << "again and again";
  EXPECT_THAT(told, testing::ElementsAre(testing::Ge(8U))) << "but told once";
  EXPECT_THAT(events, testing::IsEmpty()) << "the port was never lost";
  EXPECT_GE(one.health.count(Fault::timeout), 3U * 8U);
  EXPECT_EQ(Line(context_).open(line_.path(), 115200), line_.path() + ": another program uses this port");

  member.faults.silent = false;
  const auto asked = member.asked;
  ASSERT_TRUE(run_until(context_, [&] { return one.failures == 0; }));
  EXPECT_LE(member.asked, asked + 2) << "the battery is back at its next poll";
  member.faults.silent = true;
  EXPECT_TRUE(run_until(context_, [&] { return told.size() == 2; })) << "another silence is told again";
}

TEST_F(BusTest, ASilentPortIsOpenedAnewEverMoreRarely) {
  simulate(1).faults.silent = true;
  Station& one = station(1, std::chrono::milliseconds(0));
  one.driver = std::make_unique<test::TinyDriver>(1, std::chrono::milliseconds(1));
  bus_->silence_rule = quick_rule();
  bus_->silence_rule.first_pause = bus_->silence_rule.longest_pause = std::chrono::hours(1);
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.count(Fault::timeout) >= 50; }));
  EXPECT_EQ(one.health.count(Fault::io), 1U);
}

TEST_F(BusTest, OneSilentBatteryBesideALiveOneNeverOpensThePortAnew) {
  simulate(1);
  simulate(2).faults.silent = true;
  simulate(3).faults.silent = true;
  // The live one is asked so rarely that many questions to the others lie between.
  Station& live = station(1, std::chrono::hours(1));
  Station& two = station(2, std::chrono::milliseconds(0));
  Station& three = station(3, std::chrono::milliseconds(0));
  for (Station* silent : {&two, &three}) {
    silent->driver = std::make_unique<test::TinyDriver>(2, std::chrono::milliseconds(1));
  }
  bus_->silence_rule = quick_rule();
  start();
  ASSERT_TRUE(run_until(context_, [&] { return two.failures >= 10 && three.failures >= 10; }));
  EXPECT_LE(live.health.good, 2U);
  EXPECT_EQ(live.health.count(Fault::io) + two.health.count(Fault::io), 0U);
}

TEST_F(BusTest, APseudoTerminalIsLeftOpen) {
  simulate(1).faults.silent = true;
  Station& one = station(1, std::chrono::milliseconds(0));
  one.driver = std::make_unique<test::TinyDriver>(1, std::chrono::milliseconds(1));
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.health.count(Fault::timeout) >= 30; }));
  EXPECT_EQ(one.health.count(Fault::io), 0U) << "its other side would take a close for the end";
}

TEST_F(BusTest, AnAnswerThatTheDriverDoesNotTakeIsCountedByItsCause) {
  struct Refused : test::TinyDriver {
    using TinyDriver::TinyDriver;
    Outcome<void> accept(ByteView /*request*/, ByteView /*frame*/) override { return fail(Fault::refused); }
  };
  simulate(1);
  Station& one = station(1, std::chrono::milliseconds(0));
  one.driver = std::make_unique<Refused>(1);
  start();
  ASSERT_TRUE(run_until(context_, [&] { return one.failures >= 3; }));
  EXPECT_EQ(one.health.count(Fault::refused), static_cast<std::uint64_t>(one.failures));
  EXPECT_EQ(one.health.count(Fault::timeout), 0U);
}

TEST_F(BusTest, CarriesOutCommandsBetweenPolls) {
  simulate(1);
  Station& one = station(1, std::chrono::milliseconds(10));
  start();
  std::optional<Outcome<bool>> outcome;
  bus_->command(
      one, [](Driver& driver) { return driver.switch_charge(true); }, [&](Outcome<bool> result) { outcome = result; });
  ASSERT_TRUE(run_until(context_, [&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->value(), true);
  ASSERT_TRUE(run_until(context_, [&] { return one.health.good >= 2; }));
}

TEST_F(BusTest, TwoProgramsCannotUseOnePort) {
  Line first(context_);
  Line second(context_);
  EXPECT_EQ(first.open(line_.path(), 115200), "");
  EXPECT_EQ(second.open(line_.path(), 115200), line_.path() + ": another program uses this port");
  first.close();
  EXPECT_EQ(second.open(line_.path(), 115200), "");
}

TEST_F(BusTest, SaysWhyAPortCannotBeOpened) {
  Line line(context_);
  EXPECT_EQ(line.open("/nowhere/ttyUSB0", 9600), "/nowhere/ttyUSB0: No such file or directory");
  EXPECT_EQ(line.open("/dev/null", 9600), "/dev/null: not a serial port");
}

}  // namespace
}  // namespace bms::port
