#include <gtest/gtest.h>

#include "../../../drivers/daren/daren.hpp"
#include "../../../drivers/daren/daren_sim.hpp"
#include "support/damage.hpp"
#include "support/effort.hpp"
#include "support/truth.hpp"

namespace bms::daren {
namespace {

// What 20,000 damaged answers leave of a Reading; the bounds are a little above what is measured.
TEST(Damage, APlainSumLetsSomePassTheRestsAndTheGatesFewOfThese) {
  constexpr int kAnswers = test::effort(20'000, 4'000);
  std::mt19937 random(44);
  Reading truth = test::random_truth(random);
  const auto device = simulate_daren({1, {}});
  const Bytes request = ascii::build({kVersion, 1, kDeviceClass, 0x42, {0x01}});
  DarenDriver driver({1, {}, {}, {}});
  const auto passed = test::show_damage(driver, request, device->respond(request, truth).answer, kAnswers, random);
  std::printf("daren: of %d damaged answers %d pass the driver, %d of these the gates\n", kAnswers, passed.driver,
              passed.gates);
  EXPECT_LT(passed.driver, kAnswers / 100);
  EXPECT_LT(passed.gates, kAnswers / 1000);
}

}  // namespace
}  // namespace bms::daren
