#include "../../../drivers/daly/modbus_driver.hpp"

#include "bms/modbus.hpp"
#include "daly_fixture.hpp"

namespace bms::daly::test {
namespace {

using bms::test::drift;
using bms::test::random_truth;

Pair board(const Settings& settings = {}, unsigned address = 1) { return Pair(modbus_info(), address, settings); }

class ModbusVariants : public testing::TestWithParam<Settings> {};

TEST_P(ModbusVariants, PollsEqualTheTruthOfTheBoard) {
  std::mt19937 random(7);
  for (const std::size_t cells : {4U, 16U, 24U, 48U}) {
    for (const std::size_t sensors : {1U, 4U, 8U}) {
      Pair pair(modbus_info(), 1, GetParam());
      pair.truth = random_truth(random, {cells, sensors});
      pair.settle();
      for (int i = 0; i < 5; ++i) {
        drift(random, pair.truth);
        const auto reading = pair.poll();
        ASSERT_TRUE(reading) << to_string(reading.error());
        EXPECT_EQ(*reading, pair.device->quantised(pair.truth));
        EXPECT_EQ(reading->cells_V.size(), cells);
        EXPECT_NEAR(*reading->current_A, *pair.truth.current_A, 0.051);
        EXPECT_NEAR(*reading->soc_pct, *pair.truth.soc_pct, 0.051);
        EXPECT_NEAR(*reading->voltage_V, *pair.truth.voltage_V, 0.051);
        EXPECT_NEAR(*reading->cells_V.back(), *pair.truth.cells_V.back(), 0.00051);
        EXPECT_NEAR(*reading->temps_C.back(), *pair.truth.temps_C.back(), 0.51);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Boards, ModbusVariants,
                         testing::Values(Settings{}, Settings{{"polarity", "classic"}}, Settings{{"dialect", "d2"}},
                                         Settings{{"dialect", "d2"}, {"long_block", "no"}},
                                         Settings{{"settings", "no"}},
                                         Settings{{"dialect", "d2"}, {"polarity", "classic"}}));

/// Whether the board has the long block is still open then: the short one does for this poll.
TEST(Modbus, ADamagedLongBlockLeavesItsLengthOpen) {
  std::mt19937 random(3);
  auto pair = board({{"dialect", "d2"}});
  pair.truth = random_truth(random);
  std::size_t damaged = 0;
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [&, inner](ByteView request) {
    Bytes answer = inner(request);
    const bool is_long = request[5] == kD2LongBlock.count;
    if (is_long && damaged < 2) answer[9 + damaged++] ^= 0x10U;
    return answer;
  };
  const auto first = pair.poll();
  ASSERT_TRUE(first) << to_string(first.error());
  EXPECT_EQ(damaged, 2U);
  EXPECT_EQ(first->cells_V, pair.device->quantised(pair.truth).cells_V);
  pair.dialogue.requests.clear();
  ASSERT_TRUE(pair.poll());
  EXPECT_EQ(pair.dialogue.requests.front()[5], kD2LongBlock.count) << "asked again";
}

TEST(Modbus, BoardNumbersAnswerFromTheirOwnAddress) {
  std::mt19937 random(1);
  auto pair = board({}, 16);
  pair.truth = random_truth(random);
  ASSERT_TRUE(pair.poll());
  EXPECT_EQ(pair.dialogue.requests.front()[0], 0x90);
  const Bytes request = modbus::read_request(0x82, 3, 0x48, 1);
  const Bytes wrong = modbus::with_crc({0x51, 3, 2, 0, 1});
  const Bytes right = modbus::with_crc({0x52, 3, 2, 0, 1});
  EXPECT_NE(pair.driver->scan(request, wrong).kind, Scan::Kind::frame);
  EXPECT_EQ(pair.driver->scan(request, right).kind, Scan::Kind::frame);
}

TEST(Modbus, ProbeReadsOnlyAndNamesTheDialect) {
  for (const char* dialect : {"81", "d2"}) {
    std::mt19937 random(2);
    auto pair = board({{"dialect", dialect}});
    pair.truth = random_truth(random);
    const auto found = pair.dialogue.run(pair.driver->probe());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->extra.at("dialect"), Extra(std::string(dialect)));
    EXPECT_EQ(found->cells_V.size(), 16U);
    EXPECT_TRUE(found->serial);
    for (const Bytes& request : pair.dialogue.requests) EXPECT_EQ(request[1], modbus::kReadHolding);
  }
}

TEST(Modbus, OnAMultiDropLineOnlyBoardNumberOneMayBeD2) {
  auto pair = board({}, 2);
  pair.dialogue.answerer = [](ByteView) { return Bytes{}; };
  EXPECT_EQ(pair.poll().error(), Fault::timeout);
  for (const Bytes& request : pair.dialogue.requests) EXPECT_EQ(request[0], 0x82);
}

TEST(Modbus, AfterAMissTheLineStaysSilentForLateAnswers) {
  auto pair = board();
  auto conversation = pair.driver->poll({});
  conversation.start();
  ASSERT_NE(conversation.pending(), nullptr);
  const auto gap = conversation.pending()->gap;
  conversation.resume(fail(Fault::timeout));
  ASSERT_NE(conversation.pending(), nullptr);
  EXPECT_LT(gap, std::chrono::milliseconds(100));
  EXPECT_GE(conversation.pending()->gap, std::chrono::milliseconds(300));
}

TEST(Modbus, BlocksThatFollowEachOtherDifferInLength) {
  std::mt19937 random(3);
  for (const char* dialect : {"81", "d2"}) {
    auto pair = board({{"dialect", dialect}});
    pair.truth = random_truth(random);
    pair.settle();
    const auto& requests = pair.dialogue.requests;
    for (std::size_t i = 1; i < requests.size(); ++i) {
      if (requests[i] == requests[i - 1]) continue;
      EXPECT_NE(requests[i][5], requests[i - 1][5]) << to_hex(requests[i - 1]) << " / " << to_hex(requests[i]);
    }
  }
}

TEST(Modbus, ZerosOfAWakingBoardAreRefused) {
  auto pair = board();
  pair.dialogue.answerer = [](ByteView request) {
    Bytes frame{0x51, 3, static_cast<std::uint8_t>(request[5] * 2)};
    frame.resize(3 + std::size_t{request[5]} * 2);
    return request[0] == 0x81 ? modbus::with_crc(frame) : Bytes{};
  };
  EXPECT_FALSE(pair.poll());
}

TEST(Modbus, SwitchesAndSetsSocAndReadsBack) {
  for (const char* dialect : {"81", "d2"}) {
    std::mt19937 random(4);
    auto pair = board({{"dialect", dialect}});
    pair.truth = random_truth(random);
    EXPECT_EQ(pair.dialogue.run(pair.driver->switch_charge(false)), true);
    EXPECT_EQ(pair.truth.charge_fet, false);
    EXPECT_EQ(pair.dialogue.run(pair.driver->switch_discharge(true)), true);
    EXPECT_EQ(pair.truth.discharge_fet, true);
    EXPECT_EQ(pair.dialogue.run(pair.driver->set_soc(100)), true);
    EXPECT_EQ(pair.truth.soc_pct, 100);
  }
}

TEST(Modbus, DamagedEchoOfAWriteIsReadBack) {
  std::mt19937 random(5);
  auto pair = board();
  pair.truth = random_truth(random);
  auto inner = pair.dialogue.answerer;
  pair.dialogue.answerer = [inner](ByteView request) {
    Bytes answer = inner(request);
    if (request[1] == modbus::kWriteSingle) answer.back() ^= 0xFFU;
    return answer;
  };
  EXPECT_EQ(pair.dialogue.run(pair.driver->switch_charge(false)), true);
}

}  // namespace
}  // namespace bms::daly::test
