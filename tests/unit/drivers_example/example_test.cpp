// The tests every driver starts with: exact on a good line, never false on a bad one, commands read back, no writes
// but those asked for.
#include "example/example.hpp"

#include <gtest/gtest.h>

#include "bank/confirmed_poll.hpp"
#include "bms/modbus.hpp"
#include "support/damage.hpp"
#include "support/dialogue.hpp"
#include "support/effort.hpp"
#include "support/truth.hpp"

namespace bms::example {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bench {
  explicit Bench(unsigned seed) : random(seed), truth(test::random_truth(random, {16, 4})) {}
  std::mt19937 random;
  Reading truth;
  ExampleDriver driver{DriverOptions{3, {}, {}, {}}};
  std::unique_ptr<SimulatedDevice> device = simulate({3, {}});
  test::Dialogue line{driver, test::answer_from(*device, truth), {}, {}, {}, {}};
};

TEST(Example, ReadsExactlyTheTruth) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Bench bench(seed);
    for (int poll = 0; poll < 3; ++poll) {
      const auto reading = bench.line.run(bench.driver.poll(TimePoint(seconds(poll))));
      ASSERT_TRUE(reading);
      EXPECT_EQ(*reading, bench.device->quantised(bench.truth));
      test::drift(bench.random, bench.truth);
    }
    EXPECT_EQ(bench.line.requests.size(), 5U) << "limits and identity only in the first poll";
  }
}

TEST(Example, SaysNothingFalseOnABadLine) {
  constexpr std::size_t kExchanges = test::effort(20'000, 2'000);
  Bench bench(1);
  test::Damage damage(2, 0.7);
  const auto neighbour = simulate({4, {}});
  Reading other = test::random_truth(bench.random, {16, 4});
  std::size_t exchanges = 0;
  bench.line.answerer = [&](ByteView request) {
    ++exchanges;
    Bytes to_neighbour(request.begin(), request.end() - 2);
    to_neighbour[0] = 4;
    const Bytes late = neighbour->respond(modbus::with_crc(to_neighbour), other).answer;
    return damage.apply(request, bench.device->respond(request, bench.truth).answer, late);
  };
  JumpGate gate;
  port::LinkHealth health;
  TimePoint now{};
  std::size_t good = 0;
  while (exchanges < kExchanges) {
    now += milliseconds(500);
    auto reading = bench.line.run(confirmed_poll({bench.driver, gate, health, [&] { return now; }, {}}));
    if (!reading) continue;
    ++good;
    reading->time = {};
    ASSERT_EQ(*reading, bench.device->quantised(bench.truth));
  }
  EXPECT_GT(good, kExchanges / 20);
}

TEST(Example, RefusesACellCountThatIsNone) {
  Bench bench(1);
  const Bytes request = modbus::read_request(3, modbus::kReadHolding, kStatus.first, kStatus.count);
  Bytes frame = bench.device->respond(request, bench.truth).answer;
  frame.resize(frame.size() - 2);
  frame[3 + kCellCountAt + 1] = 17;
  const auto accepted = bench.driver.accept(request, modbus::with_crc(frame));
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error(), Fault::implausible);
  EXPECT_FALSE(bench.driver.partial());
}

TEST(Example, ReadsBackWhatItSwitched) {
  Bench bench(1);
  for (const bool on : {false, true}) {
    const auto charge = bench.line.run(bench.driver.switch_charge(on));
    ASSERT_TRUE(charge);
    EXPECT_EQ(*charge, on);
    EXPECT_EQ(bench.truth.charge_fet, on);
    const auto discharge = bench.line.run(bench.driver.switch_discharge(on));
    ASSERT_TRUE(discharge);
    EXPECT_EQ(*discharge, on);
    EXPECT_EQ(bench.truth.discharge_fet, on);
  }
}

TEST(Example, WritesNothingUnasked) {
  Bench bench(1);
  (void)bench.line.run(bench.driver.poll({}));
  const auto found = bench.line.run(bench.driver.probe());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "Acme 16");
  EXPECT_EQ(found->serial, "ACME00103");
  for (const Bytes& request : bench.line.requests) EXPECT_EQ(request[1], modbus::kReadHolding);
}

TEST(Example, NamesWhyThereIsNoReading) {
  Bench bench(1);
  bench.line.answerer = [](ByteView) { return Bytes(); };
  EXPECT_EQ(bench.line.run(bench.driver.poll({})).error(), Fault::timeout);
  bench.line.answerer = [](ByteView) { return modbus::with_crc({3, 0x83, 2}); };
  EXPECT_EQ(bench.line.run(bench.driver.poll({})).error(), Fault::refused);
}

}  // namespace
}  // namespace bms::example
