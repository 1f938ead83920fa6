#include "../../../drivers/daly/a5.hpp"

#include "daly_fixture.hpp"

namespace bms::daly::test {
namespace {

using bms::test::drift;
using bms::test::random_truth;

Pair a5(const Settings& board = {}, const Settings& own = {}, unsigned address = 1) {
  return Pair(a5_info(), address, board, own);
}

class A5Variants : public testing::TestWithParam<Settings> {};

TEST_P(A5Variants, PollsEqualTheTruthOfTheBoard) {
  std::mt19937 random(7);
  for (const std::size_t cells : {4U, 16U, 48U}) {
    for (const std::size_t sensors : {1U, 8U, 16U}) {
      Pair pair(a5_info(), 3, GetParam());
      pair.truth = random_truth(random, {cells, sensors});
      pair.settle();
      for (int i = 0; i < 5; ++i) {
        drift(random, pair.truth);
        const auto reading = pair.poll();
        ASSERT_TRUE(reading) << to_string(reading.error());
        EXPECT_EQ(*reading, pair.device->quantised(pair.truth));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Boards, A5Variants,
                         testing::Values(Settings{}, Settings{{"polarity", "newer"}}, Settings{{"frames", "padded"}},
                                         Settings{{"frames", "reversed"}}, Settings{{"frame_base", "0"}},
                                         Settings{{"glitch", "yes"}}));

TEST(A5, FirstPollHasEverythingThatMoves) {
  std::mt19937 random(1);
  auto pair = a5();
  pair.truth = random_truth(random);
  const auto reading = pair.poll();
  ASSERT_TRUE(reading);
  const Reading expected = pair.device->quantised(pair.truth);
  EXPECT_EQ(reading->voltage_V, expected.voltage_V);
  EXPECT_EQ(reading->current_A, expected.current_A);
  EXPECT_EQ(reading->soc_pct, expected.soc_pct);
  EXPECT_EQ(reading->cells_V, expected.cells_V);
  EXPECT_EQ(reading->temps_C, expected.temps_C);
  EXPECT_EQ(reading->alarms, expected.alarms);
  EXPECT_EQ(reading->capacity_Ah, expected.capacity_Ah);
}

TEST(A5, BoardThatAnswersNoSettingsGetsItsCapacityFromRemainingAndSoc) {
  std::mt19937 random(2);
  auto pair = a5({{"settings", "no"}});
  pair.truth = random_truth(random);
  pair.truth.capacity_Ah = 200;
  pair.truth.soc_pct = 50;
  pair.truth.remaining_Ah = 100;
  pair.settle();
  const auto reading = pair.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->capacity_Ah, 200);
  EXPECT_FALSE(reading->serial);
  const std::size_t before = pair.dialogue.requests.size();
  ASSERT_TRUE(pair.poll());
  EXPECT_EQ(pair.dialogue.requests.size() - before, 9U) << "unanswered settings are not asked for ever";
}

TEST(A5, DirectionThatChangesWithEveryReplyAroundZeroCostsNoReading) {
  std::mt19937 random(3);
  auto pair = a5();
  pair.truth = random_truth(random);
  const auto answer = pair.dialogue.answerer;
  unsigned asked = 0;
  pair.dialogue.answerer = [&](ByteView request) {
    // 5 of 7: no pair of replies in step with the polls.
    pair.truth.current_A = ++asked * 5 % 7 < 3 ? 0.1 : -0.1;
    return answer(request);
  };
  for (int i = 0; i < 100; ++i) {
    const auto reading = pair.poll();
    ASSERT_TRUE(reading) << i;
    EXPECT_NEAR(reading->current_A.value_or(9), 0, 0.11);
  }
}

TEST(A5, AnswersOfOtherBoardsAndEchoesAreNotTaken) {
  const Bytes request = a5::request(a5::host_of(2), a5::kPack);
  const std::uint8_t data[8] = {0x02, 0x3A, 0, 0, 0x75, 0x30, 0x01, 0xED};
  const auto pair = a5({}, {}, 2);
  Bytes wire = request;
  append(wire, a5::answer(1, a5::kPack, data));
  append(wire, a5::answer(2, a5::kState, data));
  append(wire, a5::answer(2, a5::kPack, data));
  std::size_t dropped = 0;
  for (;;) {
    const Scan scan = pair.driver->scan(request, wire);
    ASSERT_NE(scan.kind, Scan::Kind::need_more);
    if (scan.kind == Scan::Kind::frame) break;
    dropped += scan.size;
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(scan.size));
  }
  EXPECT_EQ(dropped, 3 * a5::kFrameSize);
}

TEST(A5, FrameBehindATornOneIsFound) {
  const Bytes request = a5::request(a5::host_of(1), a5::kCells);
  const std::uint8_t data[8] = {6, 0x0D, 0x32, 0x0D, 0x34, 0x0D, 0x31, 0x90};
  Bytes wire{0xFF, 0xA5, 0x01, 0x95, 0x08, 0x05, 0x0D, 0x30, 0x0D, 0x34};
  append(wire, a5::answer(1, a5::kCells, data));
  auto pair = a5();
  pair.dialogue.answerer = [&](ByteView) { return wire; };
  Exchange exchange;
  exchange.request = request;
  const auto frame = pair.dialogue.exchange(exchange);
  ASSERT_TRUE(frame);
  EXPECT_EQ(*frame, a5::answer(1, a5::kCells, data));
}

TEST(A5, ZerosOfAWakingBoardAreRefusedUntilItIsAwake) {
  std::mt19937 random(3);
  auto pair = a5({{"waking", "9"}});
  pair.truth = random_truth(random);
  std::vector<Fault> faults;
  for (;;) {
    const auto reading = pair.poll();
    if (reading) {
      EXPECT_EQ(reading->voltage_V, pair.device->quantised(pair.truth).voltage_V);
      break;
    }
    faults.push_back(reading.error());
    ASSERT_LT(faults.size(), 10U);
  }
  EXPECT_FALSE(faults.empty());
  for (const Fault fault : faults) EXPECT_EQ(fault, Fault::implausible);
}

TEST(A5, SleepingBoardIsATimeoutNotAReading) {
  auto pair = a5();
  pair.dialogue.answerer = [](ByteView) { return Bytes{}; };
  EXPECT_EQ(pair.poll().error(), Fault::timeout);
  pair.dialogue.answerer = [](ByteView request) { return Bytes(request.begin(), request.end()); };
  EXPECT_EQ(pair.poll().error(), Fault::foreign);
}

TEST(A5, StandingCurrentKeepsThePolarityThatTheStateRevealed) {
  for (const char* polarity : {"classic", "newer"}) {
    std::mt19937 random(4);
    auto pair = a5({{"polarity", polarity}});
    pair.truth = random_truth(random);
    pair.truth.current_A = 20;
    ASSERT_EQ(pair.poll()->current_A, 20.0);
    // The state byte says idle while a small current flows.
    auto inner = pair.dialogue.answerer;
    pair.dialogue.answerer = [inner](ByteView request) {
      Bytes answer = inner(request);
      if (request[2] == a5::kState) answer[4] = 0, answer[12] = static_cast<std::uint8_t>(answer[12] - 1);
      return answer;
    };
    pair.truth.current_A = 3;
    EXPECT_EQ(pair.poll()->current_A, 3.0) << polarity;
  }
}

TEST(A5, InvertCurrentSwapsSignAndOvercurrentAlarms) {
  std::mt19937 random(5);
  auto pair = a5({{"inverted", "yes"}}, {{"invert_current", "yes"}});
  pair.truth = random_truth(random);
  pair.truth.current_A = -42;
  pair.truth.alarms = {{Condition::discharge_overcurrent, AlarmLevel::alarm}};
  const auto reading = pair.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->current_A, -42.0);
  EXPECT_EQ(reading->alarms, pair.truth.alarms);
}

TEST(A5, SwitchesFetsAndReadsThemBack) {
  std::mt19937 random(6);
  auto pair = a5();
  pair.truth = random_truth(random);
  pair.truth.charge_fet = true;
  EXPECT_EQ(pair.dialogue.run(pair.driver->switch_charge(false)), true);
  EXPECT_EQ(pair.truth.charge_fet, false);
  EXPECT_EQ(pair.dialogue.run(pair.driver->switch_discharge(true)), true);
  EXPECT_EQ(pair.truth.discharge_fet, true);
}

TEST(A5, FetThatDoesNotFollowIsTold) {
  std::mt19937 random(6);
  auto pair = a5();
  pair.truth = random_truth(random);
  pair.truth.charge_fet = true;
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    Bytes answer = inner(request);
    pair.truth.charge_fet = true;
    return answer;
  };
  EXPECT_EQ(pair.dialogue.run(pair.driver->switch_charge(false)), false);
}

TEST(A5, SetsSocWithTheClockOfTheBoard) {
  std::mt19937 random(8);
  auto pair = a5();
  pair.truth = random_truth(random);
  EXPECT_EQ(pair.dialogue.run(pair.driver->set_soc(87.5)), true);
  EXPECT_EQ(pair.truth.soc_pct, 87.5);
  const auto order = std::find_if(pair.dialogue.requests.begin(), pair.dialogue.requests.end(),
                                  [](const Bytes& request) { return request[2] == a5::kSetClockAndSoc; });
  ASSERT_NE(order, pair.dialogue.requests.end());
  EXPECT_EQ(Bytes(order->begin() + 4, order->begin() + 10), (Bytes{24, 11, 7, 9, 52, 28}));
  EXPECT_EQ(pair.dialogue.run(pair.driver->set_soc(101)).error(), Fault::unsupported);
}

TEST(A5, ProbeOnlyReadsAndFindsUartOnlyBoards) {
  std::mt19937 random(9);
  auto pair = a5();
  pair.truth = random_truth(random);
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [inner](ByteView request) { return request[1] == 0x80 ? inner(request) : Bytes{}; };
  const auto found = pair.dialogue.run(pair.driver->probe());
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->cells_V, pair.device->quantised(pair.truth).cells_V);
  EXPECT_EQ(found->extra.at("host_address"), Extra(128.0));
  EXPECT_EQ(found->extra.at("config.uart_port"), Extra(std::string("yes")));
  for (const Bytes& request : pair.dialogue.requests) {
    EXPECT_GE(request[2], 0x50);
    EXPECT_LE(request[2], 0x98);
  }
}

TEST(A5, OtherCountsMustBeToldTwice) {
  std::mt19937 random(10);
  auto pair = a5();
  pair.truth = random_truth(random);
  ASSERT_TRUE(pair.poll());
  auto inner = pair.dialogue.answerer;
  int lies = 1;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    Bytes answer = inner(request);
    if (request[2] == a5::kStatus && lies-- > 0) answer[4] = 8, answer[12] = static_cast<std::uint8_t>(answer[12] - 8);
    return answer;
  };
  const auto reading = pair.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->cells_V.size(), 16U);
}

}  // namespace
}  // namespace bms::daly::test
