// Both drivers against their simulated devices: exact when the line is good, silent or right when it is not.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "bank/confirmed_poll.hpp"
#include "bms/checksum.hpp"
#include "bms/modbus.hpp"
#include "jk/jk_sim.hpp"
#include "jk/pb.hpp"
#include "jk/uart.hpp"
#include "reading/json.hpp"
#include "support/damage.hpp"
#include "support/dialogue.hpp"
#include "support/effort.hpp"
#include "support/truth.hpp"

namespace bms::jk {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string text(const Reading& reading) { return to_json(reading, 0).dump(); }

/// The driver's Reading without its time, which is the caller's.
void expect_same(const Reading& expected, Reading actual) {
  actual.time = {};
  EXPECT_TRUE(expected == actual) << "expected " << text(expected) << "\ngot      " << text(actual);
}

/// Everything the Reading tells is true; it may tell less (settings that the line kept back). Returns how many values
/// of `extra`, which no gate looks at, are wrong.
std::size_t expect_true(const Reading& truth, const Reading& actual) {
  auto expected = to_json(truth, 0);
  auto told = to_json(actual, 0);
  std::size_t wrong = 0;
  for (const auto& [key, value] : told["extra"].items()) wrong += expected["extra"][key] == value ? 0U : 1U;
  told.erase("extra");
  for (const auto& [key, value] : told.items()) EXPECT_EQ(expected[key], value) << key;
  return wrong;
}

struct Unit {
  std::string driver;
  std::string firmware;
  std::size_t sensors;
};

std::unique_ptr<Driver> make_driver(const Unit& unit, unsigned address) {
  DriverOptions options;
  options.address = address;
  return find_driver(unit.driver)->make(options);
}

std::unique_ptr<SimulatedDevice> make_device(const Unit& unit, unsigned address,
                                             std::map<std::string, std::string, std::less<>> settings = {}) {
  settings.emplace("firmware", unit.firmware);
  return find_driver(unit.driver)->simulate({address, settings});
}

class GoodLine : public testing::TestWithParam<Unit> {};

TEST_P(GoodLine, ReadsExactlyTheTruth) {
  std::mt19937 random(1);
  for (int round = 0; round < 40; ++round) {
    const auto address = static_cast<unsigned>(1 + random() % 15);
    const auto driver = make_driver(GetParam(), address);
    const auto device = make_device(GetParam(), address);
    Reading truth = test::random_truth(random, {4 + random() % 20, 1 + random() % GetParam().sensors});
    test::Dialogue line{*driver, test::answer_from(*device, truth), {}, {}, {}, {}};
    for (int poll = 0; poll < 5; ++poll) {
      const auto reading = line.run(driver->poll(TimePoint(seconds(poll))));
      ASSERT_TRUE(reading) << to_string(reading.error());
      expect_same(device->quantised(truth), *reading);
      test::drift(random, truth);
    }
    EXPECT_TRUE(line.faults.empty());
    EXPECT_FALSE(driver->partial());
  }
}

INSTANTIATE_TEST_SUITE_P(Jk, GoodLine,
                         testing::Values(Unit{"jk", "11.26", 2}, Unit{"jk", "old", 2}, Unit{"jk-pb", "15.41", 4},
                                         Unit{"jk-pb", "15.10", 4}, Unit{"jk-pb", "19.27", 4},
                                         Unit{"jk-pb", "11.36", 4}));

class BadLine : public testing::TestWithParam<Unit> {};

TEST_P(BadLine, TwentyThousandDamagedExchangesGiveNothingFalse) {
  std::mt19937 random(7);
  test::Damage damage(8, 0.7);
  const auto driver = make_driver(GetParam(), 3);
  const auto device = make_device(GetParam(), 3);
  const auto neighbour = make_device(GetParam(), 4);
  Reading truth = test::random_truth(random, {16, GetParam().sensors});
  Reading other = test::random_truth(random, {16, GetParam().sensors});
  std::size_t exchanges = 0;
  std::map<Bytes, std::pair<Bytes, Bytes>> answers;  // by request, as long as nothing moves: own, and the late one
  // What the neighbour, or this battery to another question, says too late.
  const auto late_answer = [&](ByteView request) {
    if (GetParam().driver == "jk") {
      return device->respond(uart_request(UartCommand::read_one, Bytes{kCells}), other).answer;
    }
    Bytes to_neighbour(request.begin(), request.end() - 2);
    to_neighbour[0] = 4;
    return neighbour->respond(modbus::with_crc(to_neighbour), other).answer;
  };
  const auto answerer = [&](ByteView request) {
    ++exchanges;
    auto& [answer, late] = answers[Bytes(request.begin(), request.end())];
    if (answer.empty()) {
      answer = device->respond(request, truth).answer;
      late = late_answer(request);
    }
    return damage.apply(request, answer, late);
  };
  Reading expected = device->quantised(truth);
  test::Dialogue line{*driver, answerer, {}, {}, {}, {}};
  JumpGate gate;
  port::LinkHealth health;
  TimePoint now{};
  std::size_t good = 0;
  std::size_t polls = 0;
  std::size_t past_checksum = 0;
  std::size_t wrong_extra = 0;
  while (exchanges < test::effort<std::size_t>(20'000, 2'000)) {
    ++polls;
    now += milliseconds(500);
    const auto doubt = [&](const std::string&) { ++past_checksum; };
    const PollContext context{*driver, gate, health, [&] { return now; }, doubt};
    auto reading = line.run(confirmed_poll(context));
    if (!reading) continue;
    ++good;
    reading->time = {};
    if (*reading != expected) wrong_extra += expect_true(expected, *reading);
    ASSERT_FALSE(HasFailure()) << "exchange " << exchanges;
    if (polls % 20 != 0) continue;
    test::drift(random, truth);
    expected = device->quantised(truth);
    answers.clear();
  }
  EXPECT_GT(good, polls / 10);
  EXPECT_LT(wrong_extra, exchanges / 1000);
  std::cout << GetParam().driver << ": " << exchanges << " exchanges, " << polls << " polls, " << good << " readings, "
            << past_checksum << " doubted by the gates, " << wrong_extra << " wrong values in extra\n";
}

INSTANTIATE_TEST_SUITE_P(Jk, BadLine, testing::Values(Unit{"jk", "11.26", 2}, Unit{"jk-pb", "15.41", 4}));

}  // namespace
}  // namespace bms::jk
