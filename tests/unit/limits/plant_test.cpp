// Closed-loop acceptance of limit-engine.md chapter 15.
#include "plant/plant.hpp"

#include <gtest/gtest.h>

namespace bms::limits {
namespace {

struct Case {
  double offset_V;
  double ahead_pct;
  double best_Ah;  ///< charge of the best compared law that keeps the cell limit, from the table of chapter 15
  double early_V;  ///< allowed in the first 30 minutes
};

class ClosedLoop : public testing::TestWithParam<Case> {};

TEST_P(ClosedLoop, KeepsTheCellLimitWithoutCycling) {
  const Case& c = GetParam();
  const PlantResult result = run_plant(c.ahead_pct, c.offset_V, engine_law());
  RecordProperty("highest_V", std::to_string(result.highest_early_V));
  EXPECT_LE(result.highest_early_V, c.early_V);
  EXPECT_LE(result.highest_later_V, 3.470);
  EXPECT_LE(result.reversals, 4);
  EXPECT_LE(result.largest_change_A, 5.0);
  EXPECT_GE(result.charged_Ah, 0.95 * c.best_Ah);
  std::printf("offset %+.1f V, %.1f %%: highest %.4f / %.4f V, %d reversals, largest change %.2f A, %.2f Ah\n",
              c.offset_V, c.ahead_pct, result.highest_early_V, result.highest_later_V, result.reversals,
              result.largest_change_A, result.charged_Ah);
}

INSTANTIATE_TEST_SUITE_P(Chapter15, ClosedLoop,
                         testing::Values(Case{-0.2, 0.5, 8.5, 3.480}, Case{-0.2, 1.5, 5.8, 3.480},
                                         Case{0, 0.5, 8.6, 3.480}, Case{0, 1.5, 5.8, 3.480}, Case{0.2, 0.5, 8.6, 3.480},
                                         Case{0.2, 1.5, 5.8, 3.480}));

/// What the comparison in the documentation shows: the peer's law cycles below, and loses the cell limit above.
TEST(PeerLaw, CyclesOrOvercharges) {
  EXPECT_GT(run_plant(1.5, -0.2, peer_law()).reversals, 20);
  const PlantResult above = run_plant(1.5, 0.2, peer_law());
  EXPECT_GT(std::max(above.highest_early_V, above.highest_later_V), 3.50);
}

}  // namespace
}  // namespace bms::limits
