#include "support/damage.hpp"
#include "daly_fixture.hpp"
#include "support/effort.hpp"

namespace bms::daly::test {
namespace {

using bms::test::Damage;
using bms::test::random_truth;

/// What damaged answers led to.
struct Toll {
  std::size_t damaged = 0;
  std::size_t right = 0;      ///< polls that gave the truth
  std::size_t refused = 0;    ///< polls that gave nothing
  std::size_t wrong = 0;      ///< polls that gave something else than the truth
  std::size_t published = 0;  ///< of these, those that passed the plausibility gates as well
};

/// Polls a battery at rest, as the bus does: what jumped is asked again.
Toll suffer(const DriverInfo& info, const Settings& board, double rate, std::size_t enough) {
  std::mt19937 random(11);
  Pair pair(info, 1, board);
  pair.truth = random_truth(random);
  pair.settle();
  const Reading truth = pair.device->quantised(pair.truth);
  Damage damage(12, rate, true);
  auto inner = pair.dialogue.answerer;
  std::map<Bytes, Bytes> known;  // the battery rests: every answer stays what it was
  pair.dialogue.answerer = [&, inner](ByteView request) {
    Bytes& answer = known[Bytes(request.begin(), request.end())];
    if (answer.empty()) answer = inner(request);
    return damage.apply(request, answer);
  };
  JumpGate gate;
  Toll toll;
  for (bool first = true; damage.harmed() < enough; first = false) {
    if (first) gate.judge(truth), gate.judge(truth);
    auto reading = pair.poll();
    pair.dialogue.requests.clear();
    pair.dialogue.faults.clear();
    if (!reading) {
      ++toll.refused;
      gate.abandon();
      continue;
    }
    const bool right = *reading == truth;
    ++(right ? toll.right : toll.wrong);
    if (impossible(*reading)) {
      gate.abandon();
      continue;
    }
    reading->time = pair.now;
    const auto verdict = gate.judge(*reading);
    if (verdict == JumpGate::Verdict::accept && !right) ++toll.published;
    if (verdict == JumpGate::Verdict::repeat && gate.slow_facts()) pair.driver->refresh();
  }
  toll.damaged = damage.harmed();
  return toll;
}

void expect_bearable(const char* name, const Toll& toll) {
  std::cout << name << ": " << toll.damaged << " damaged answers, polls right " << toll.right << ", refused "
            << toll.refused << ", wrong " << toll.wrong << ", wrong behind the gates " << toll.published << '\n';
  EXPECT_GT(toll.right, toll.refused);
}

// An 8-bit sum cannot stop everything: exchanged bytes keep it, and one damaged frame in 256 has it by chance. Some
// wrong values are left, jumps that the gates see; what is too small for them is asked again by the driver.
TEST(DalyDamage, A5LetsLittleThroughAndTheGatesNothing) {
  const Toll toll = suffer(a5_info(), {}, 0.1, bms::test::effort<std::size_t>(20'000, 2'000));
  expect_bearable("A5", toll);
  EXPECT_LT(toll.wrong, toll.damaged / 50);
  EXPECT_EQ(toll.published, 0U);
}

TEST(DalyDamage, A5WithPaddedFramesIsNoWorse) {
  const Toll toll = suffer(a5_info(), {{"frames", "padded"}}, 0.1, bms::test::effort<std::size_t>(4'000, 1'000));
  expect_bearable("A5 padded", toll);
  EXPECT_LT(toll.wrong, toll.damaged / 50);
  EXPECT_EQ(toll.published, 0U);
}

// Here a CRC stands before every value.
TEST(DalyDamage, NothingWrongPassesTheCrcOfTheModbusDialects) {
  for (const char* dialect : {"81", "d2"}) {
    const Toll toll = suffer(modbus_info(), {{"dialect", dialect}}, 0.3,
                             bms::test::effort<std::size_t>(dialect[0] == '8' ? 20'000 : 5'000, 1'000));
    expect_bearable(dialect, toll);
    EXPECT_LE(toll.wrong, 1U);
    EXPECT_EQ(toll.published, 0U);
  }
}

}  // namespace
}  // namespace bms::daly::test
