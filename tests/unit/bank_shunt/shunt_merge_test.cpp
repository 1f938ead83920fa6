#include "bank/shunt_merge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bms {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

/// A pack and a shunt, second by second.
struct System {
  explicit System(ShuntSources sources = {"shunt", "shunt", "shunt"}) : merge(std::move(sources)) {
    pack.voltage_V = 53.1;
    pack.current_A = -20;
    pack.soc_pct = 70;
    pack.cells_V.assign(16, 3.32);
    shunt.voltage_V = 53.12;
    shunt.current_A = -20.4;
    shunt.soc_pct = 80;
    shunt.consumed_Ah = -56;
    shunt.ttg_s = 3600;
    shunt.history = {{"charge_cycles", 7}};
  }

  ShuntMerged second() {
    now += seconds(1);
    pack.time = now;
    if (shunt_speaks) {
      shunt.time = now;
      heard = true;
    }
    const Reading* source = heard ? &shunt : nullptr;
    return merge.step(pack, {source, source, source}, now);
  }
  ShuntMerged run(int count) {
    ShuntMerged last;
    for (int i = 0; i < count; ++i) last = second();
    return last;
  }

  ShuntMerge merge;
  Reading pack;
  Reading shunt;
  bool shunt_speaks = true;
  bool heard = false;
  TimePoint now{seconds(1000)};
};

TEST(ShuntMerge, TheShuntGivesWhatItKnowsBetterThePackTheRest) {
  System system;
  const auto merged = system.second();
  EXPECT_EQ(merged.reading.soc_pct, 80);
  EXPECT_EQ(merged.reading.current_A, -20.4);
  EXPECT_EQ(merged.reading.voltage_V, 53.12);
  EXPECT_EQ(merged.reading.consumed_Ah, -56);
  EXPECT_EQ(merged.reading.ttg_s, 3600);
  EXPECT_EQ(merged.reading.history.at("charge_cycles"), 7);
  EXPECT_EQ(merged.reading.cells_V.size(), 16U);
  EXPECT_TRUE(merged.soc_from_shunt && merged.current_from_shunt && merged.voltage_from_shunt);
  EXPECT_THAT(merged.notes, IsEmpty());
}

TEST(ShuntMerge, EachQuantityHasItsOwnSource) {
  System system({"shunt", "", ""});
  const auto merged = system.second();
  EXPECT_EQ(merged.reading.soc_pct, 80);
  EXPECT_EQ(merged.reading.current_A, -20);
  EXPECT_EQ(merged.reading.voltage_V, 53.1);
  EXPECT_FALSE(merged.current_from_shunt);
}

TEST(ShuntMerge, AShortSilenceChangesNothingALongOneFallsBackAndSaysSo) {
  System system;
  system.run(5);
  system.shunt_speaks = false;
  auto merged = system.run(10);
  EXPECT_EQ(merged.reading.soc_pct, 80);
  EXPECT_EQ(merged.reading.current_A, -20.4);
  EXPECT_THAT(merged.notes, IsEmpty());
  merged = system.second();
  EXPECT_FALSE(merged.soc_from_shunt);
  EXPECT_EQ(merged.reading.current_A, -20);
  ASSERT_EQ(merged.notes.size(), 3U);
  EXPECT_EQ(merged.notes[0].kind, ShuntNote::Kind::lost);
  EXPECT_EQ(merged.notes[0].text, "shunt says nothing: SoC is that of the battery itself");
  EXPECT_FALSE(merged.reading.consumed_Ah);
}

TEST(ShuntMerge, TheStateOfChargeGlidesToTheOtherSource) {
  System system;
  system.run(5);
  system.shunt_speaks = false;
  double before = 80;
  bool arrived = false;
  for (int i = 0; i < 30; ++i) {
    const double soc = *system.second().reading.soc_pct;
    EXPECT_LE(std::abs(soc - before), 1.0 + 1e-9);
    before = soc;
    arrived = soc == 70;
  }
  EXPECT_TRUE(arrived);
  // Arrived, it follows its source at once.
  system.pack.soc_pct = 65;
  EXPECT_EQ(system.second().reading.soc_pct, 65);
}

TEST(ShuntMerge, BackForTenSecondsBeforeItCounts) {
  System system;
  system.run(5);
  system.shunt_speaks = false;
  system.run(30);
  system.shunt_speaks = true;
  auto merged = system.run(10);
  EXPECT_FALSE(merged.current_from_shunt);
  ASSERT_FALSE(merged.notes.empty());
  EXPECT_THAT(merged.notes[0].text, HasSubstr("only just come back"));
  merged = system.second();
  EXPECT_TRUE(merged.current_from_shunt);
  EXPECT_THAT(merged.notes, IsEmpty());
}

TEST(ShuntMerge, DropOutsDoNotFlipTheSource) {
  System system;
  system.run(5);
  system.shunt_speaks = false;
  system.run(30);
  int changes = 0;
  for (int i = 0; i < 20; ++i) {
    system.shunt_speaks = true;
    changes += system.run(2).current_from_shunt ? 1 : 0;
    system.shunt_speaks = false;
    changes += system.run(11).current_from_shunt ? 1 : 0;
  }
  EXPECT_EQ(changes, 0);
}

TEST(ShuntMerge, AShuntThatWasNeverHeardIsNoted) {
  System system;
  system.shunt_speaks = false;
  auto merged = system.second();
  EXPECT_EQ(merged.reading.soc_pct, 70);
  EXPECT_EQ(merged.notes.size(), 3U);
  system.shunt_speaks = true;
  EXPECT_FALSE(system.second().soc_from_shunt);
  merged = system.run(40);
  EXPECT_TRUE(merged.soc_from_shunt);
  EXPECT_EQ(merged.reading.soc_pct, 80);
}

TEST(ShuntMerge, AnUnsynchronisedShuntHasNoStateOfCharge) {
  System system;
  system.shunt.soc_pct.reset();
  const auto merged = system.run(3);
  EXPECT_EQ(merged.reading.soc_pct, 70);
  EXPECT_EQ(merged.reading.current_A, -20.4);
  ASSERT_EQ(merged.notes.size(), 1U);
  EXPECT_THAT(merged.notes[0].text, HasSubstr("SoC"));
}

TEST(ShuntMerge, WhereNeitherKnowsNothingIsSaid) {
  System system;
  system.pack.soc_pct.reset();
  system.pack.current_A.reset();
  system.run(3);
  system.shunt_speaks = false;
  const auto merged = system.run(12);
  EXPECT_FALSE(merged.reading.soc_pct);
  EXPECT_FALSE(merged.reading.current_A);
}

TEST(ShuntMerge, ADifferenceOfAMinuteIsNoted) {
  System system;
  system.shunt.current_A = -23.1;  // 5 % of 20 A + 2 A = 3 A
  auto merged = system.run(60);
  EXPECT_THAT(merged.notes, IsEmpty());
  merged = system.second();
  ASSERT_EQ(merged.notes.size(), 1U);
  EXPECT_EQ(merged.notes[0].kind, ShuntNote::Kind::current_differs);
  EXPECT_THAT(merged.notes[0].text, HasSubstr("shunt reads -23.1 A, the BMS -20.0 A"));
  system.shunt.current_A = -22.9;
  EXPECT_THAT(system.run(12).notes, IsEmpty());
}

TEST(ShuntMerge, AStateOfChargeAloneMayComeFromAShuntThatSeesMore) {
  System system({"shunt", "", ""});
  system.shunt.current_A = -200;
  EXPECT_THAT(system.run(120).notes, IsEmpty());
}

TEST(ShuntMerge, AShuntTurnedRoundIsCalledThat) {
  System system;
  system.shunt.current_A = 20;
  const auto merged = system.run(61);
  ASSERT_EQ(merged.notes.size(), 1U);
  EXPECT_THAT(merged.notes[0].text, HasSubstr("direction"));
}

TEST(ShuntMerge, AShortDifferenceIsNoNote) {
  System system;
  for (int i = 0; i < 5; ++i) {
    system.shunt.current_A = -100;
    EXPECT_THAT(system.run(50).notes, IsEmpty());
    system.shunt.current_A = -20;
    EXPECT_THAT(system.run(2).notes, IsEmpty());
  }
}

TEST(ShuntMerge, VoltagesAreComparedWithTheCells) {
  System system;
  system.shunt.voltage_V = 52.2;  // cells sum up to 53.12 V
  const auto merged = system.run(61);
  ASSERT_EQ(merged.notes.size(), 1U);
  EXPECT_EQ(merged.notes[0].kind, ShuntNote::Kind::voltage_differs);
}

TEST(ShuntMerge, StaleReadingsAreNotCompared) {
  System system;
  system.shunt.current_A = -100;
  system.run(30);
  system.shunt_speaks = false;
  for (const auto& note : system.run(100).notes) EXPECT_EQ(note.kind, ShuntNote::Kind::lost);
}

TEST(ShuntMerge, WithoutSourcesTheReadingStaysAsItIs) {
  System system({"", "", ""});
  system.shunt_speaks = false;
  const auto merged = system.second();
  EXPECT_EQ(merged.reading, system.pack);
  EXPECT_THAT(merged.notes, IsEmpty());
}

}  // namespace
}  // namespace bms
