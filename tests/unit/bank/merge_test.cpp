#include "bank/merge.hpp"

#include <gtest/gtest.h>

namespace bms {
namespace {

Reading pack(double volts, double amps, double soc, double capacity) {
  Reading reading;
  reading.voltage_V = volts;
  reading.current_A = amps;
  reading.soc_pct = soc;
  reading.capacity_Ah = capacity;
  reading.remaining_Ah = soc * capacity / 100;
  reading.temps_C = {20.0, 25.0};
  reading.cells_V.assign(16, volts / 16);
  reading.alarms.emplace();
  reading.charge_fet = true;
  return reading;
}

TEST(Merge, ParallelPacksAddCurrentAndCapacityAndShareVoltage) {
  Reading one = pack(52, 10, 50, 100);
  Reading two = pack(54, -4, 80, 300);
  two.temps_C = {-5.0, std::nullopt};
  const Reading bank = merge(std::vector<const Reading*>{&one, &two}, 1);
  EXPECT_DOUBLE_EQ(*bank.voltage_V, 53);
  EXPECT_DOUBLE_EQ(*bank.current_A, 6);
  EXPECT_DOUBLE_EQ(*bank.capacity_Ah, 400);
  EXPECT_DOUBLE_EQ(*bank.soc_pct, (50 * 100 + 80 * 300) / 400.0);
  EXPECT_EQ(bank.temps_C.front(), -5.0);
  EXPECT_EQ(bank.temps_C.back(), 25.0);
  EXPECT_TRUE(bank.cells_V.empty());
}

TEST(Merge, SeriesPacksAddVoltageAndCellsAndTheWeakestRules) {
  Reading one = pack(26, 10, 50, 100);
  Reading two = pack(27, 10.2, 45, 90);
  const Reading bank = merge(std::vector<const Reading*>{&one, &two}, 2);
  EXPECT_DOUBLE_EQ(*bank.voltage_V, 53);
  EXPECT_DOUBLE_EQ(*bank.current_A, 10.1);
  EXPECT_DOUBLE_EQ(*bank.capacity_Ah, 90);
  EXPECT_DOUBLE_EQ(*bank.soc_pct, 45);
  EXPECT_EQ(bank.cells_V.size(), 32U);
}

TEST(Merge, TwoStringsOfTwo) {
  Reading one = pack(26, 10, 50, 100);
  Reading two = pack(26, 10, 50, 100);
  const Reading bank = merge(std::vector<const Reading*>{&one, &two, &one, &two}, 2);
  EXPECT_DOUBLE_EQ(*bank.voltage_V, 52);
  EXPECT_DOUBLE_EQ(*bank.current_A, 20);
  EXPECT_DOUBLE_EQ(*bank.capacity_Ah, 200);
}

TEST(Merge, ASumWithAHoleIsUnknown) {
  Reading one = pack(52, 10, 50, 100);
  Reading two = pack(52, 10, 50, 100);
  two.current_A.reset();
  const Reading bank = merge(std::vector<const Reading*>{&one, &two}, 1);
  EXPECT_FALSE(bank.current_A);
  EXPECT_TRUE(bank.voltage_V);
  EXPECT_EQ(merge({}, 1), Reading{});
}

TEST(Merge, TheWorstAlarmOfAnyPackCounts) {
  Reading one = pack(52, 10, 50, 100);
  Reading two = pack(52, 10, 50, 100);
  one.alarms->push_back({Condition::low_soc, AlarmLevel::warning});
  two.alarms->push_back({Condition::low_soc, AlarmLevel::alarm});
  const Reading bank = merge(std::vector<const Reading*>{&one, &two}, 1);
  EXPECT_EQ(bank.alarms, (std::vector<Alarm>{{Condition::low_soc, AlarmLevel::alarm}}));
}

}  // namespace
}  // namespace bms
