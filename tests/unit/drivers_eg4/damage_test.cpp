#include <gtest/gtest.h>

#include "../../../drivers/eg4/eg4.hpp"
#include "../../../drivers/eg4/eg4_ll.hpp"
#include "../../../drivers/eg4/eg4_sim.hpp"
#include "bms/modbus.hpp"
#include "support/damage.hpp"
#include "support/effort.hpp"
#include "support/truth.hpp"

// What 20,000 damaged answers leave of a Reading. The bounds are a little above what is measured: a change that makes
// the drivers believe more is to be noticed.
namespace bms::eg4 {
namespace {

constexpr int kAnswers = test::effort(20'000, 4'000);

void report(const char* name, const test::Passed& passed) {
  std::printf("%s: of %d damaged answers %d pass the driver, %d of these the gates\n", name, kAnswers, passed.driver,
              passed.gates);
}

TEST(Damage, TianPowerCheckByteMissesManyTheSteadyPartsAndTheGatesMostOfThese) {
  std::mt19937 random(41);
  Reading truth = test::random_truth(random);
  const auto device = simulate_eg4({1, {{"extended", "yes"}}});
  const Bytes request = build(kStart7E, 1, Command::status);
  Eg4Driver driver({1, {}, {}, {}});
  const auto passed = test::show_damage(driver, request, device->respond(request, truth).answer, kAnswers, random);
  report("eg4 binary", passed);
  EXPECT_LT(passed.driver, kAnswers / 20);
  EXPECT_LT(passed.gates, kAnswers / 40);
}

TEST(Damage, LifePower4) {
  std::mt19937 random(42);
  Reading truth = test::random_truth(random);
  const auto device = simulate_eg4({1, {{"protocol", "ascii"}}});
  const Bytes request = ascii_request(1, AsciiCommand::analog);
  Eg4Driver driver({1, {}, {}, {}});
  const auto passed = test::show_damage(driver, request, device->respond(request, truth).answer, kAnswers, random);
  report("eg4 ascii", passed);
  EXPECT_LT(passed.driver, kAnswers / 100);
  EXPECT_LT(passed.gates, kAnswers / 1000);
}

// Four inverted bits pass a CRC-16 about once in 30,000 times.
TEST(Damage, ModbusLetsHardlyAnythingPass) {
  std::mt19937 random(43);
  Reading truth = test::random_truth(random);
  const auto device = simulate_eg4_ll({1, {}});
  const Bytes request = modbus::read_request(1, 3, 0, 39);
  Eg4LlDriver driver({1, {}, {}, {}});
  const auto passed = test::show_damage(driver, request, device->respond(request, truth).answer, kAnswers, random);
  report("eg4-ll", passed);
  EXPECT_LE(passed.driver, 2);
  EXPECT_EQ(passed.gates, 0);
}

}  // namespace
}  // namespace bms::eg4
