#include <gtest/gtest.h>

#include <random>

#include "bank/plausibility.hpp"
#include "support/dialogue.hpp"
#include "support/effort.hpp"
#include "ve_direct/simulated_shunt.hpp"
#include "ve_direct/smartshunt.hpp"

namespace bms::ve_direct {
namespace {

/// One of the things that happen on a bad wire.
Bytes damaged(Bytes block, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const auto at = [&] { return block.begin() + static_cast<std::ptrdiff_t>(below(block.size())); };
  const auto any = [&] { return static_cast<std::uint8_t>(below(256)); };
  switch (below(6)) {
    case 0:
      block.resize(below(block.size()));
      break;
    case 1:
      block.erase(at());
      break;
    case 2:
      block.insert(at(), any());
      break;
    case 3:
      *at() = any();
      break;
    default:
      for (std::size_t flips = 1 + below(4); flips > 0; --flips) {
        const auto byte = at();
        *byte = static_cast<std::uint8_t>(*byte ^ (1U << below(8)));
      }
  }
  return block;
}

/// The last digits of V and I are beyond what P and the past can vouch for; nothing else may differ.
bool right_values(const Reading& reading, const Reading& right) {
  return std::abs(*reading.voltage_V - *right.voltage_V) < 0.01 &&
         std::abs(*reading.current_A - *right.current_A) < 0.02 && reading.soc_pct == right.soc_pct &&
         reading.consumed_Ah == right.consumed_Ah && reading.ttg_s == right.ttg_s && reading.temps_C == right.temps_C &&
         reading.alarms == right.alarms;
}

TEST(SmartShuntDamage, NoneOfTwentyThousandDamagedBlocksIsPublished) {
  constexpr int kBlocks = test::effort(20'000, 2'000);
  std::mt19937 random(4711);
  Reading battery;
  battery.voltage_V = 53.12;
  battery.current_A = -8.125;
  battery.soc_pct = 87.7;
  battery.consumed_Ah = -34.5;
  battery.ttg_s = 74040;
  battery.temps_C = {21};
  SimulatedShunt device({});
  SmartShunt driver(false);
  test::Dialogue dialogue{driver, {}, {}, {}, {}, {}, {}};
  const Reading right = device.quantised(battery);
  JumpGate gate;
  TimePoint now{};
  int published = 0;
  int wrong = 0;
  for (int block = 0; block < kBlocks; ++block) {
    // Each block that comes damaged is followed by a good one: what a confirmation would hear.
    dialogue.says = [&, first = true]() mutable {
      Bytes bytes = device.main_block(battery);
      return std::exchange(first, false) ? damaged(std::move(bytes), random) : bytes;
    };
    for (bool repeat = true; repeat;) {
      now += std::chrono::seconds(1);
      const auto reading = dialogue.run(driver.poll(now));
      repeat = false;
      if (!reading || impossible(*reading)) {
        gate.abandon();
        continue;
      }
      const auto verdict = gate.judge(*reading);
      repeat = verdict == JumpGate::Verdict::repeat;
      if (verdict != JumpGate::Verdict::accept) continue;
      ++published;
      wrong += right_values(*reading, right) ? 0 : 1;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(published, kBlocks * 3 / 4);
}

}  // namespace
}  // namespace bms::ve_direct
