#include "bms/extras.hpp"

#include <gtest/gtest.h>

namespace bms {
namespace {

TEST(ExtrasTest, ACopyThatChangesLeavesTheOtherAsItWas) {
  Extras one;
  one["cell_ovp_V"] = 3.65;
  Extras other = one;
  EXPECT_EQ(other, one);
  other["cell_ovp_V"] = 3.6;
  other["state"] = std::string("idle");
  EXPECT_EQ(one.at("cell_ovp_V"), Extra(3.65));
  EXPECT_EQ(one.size(), 1U);
  EXPECT_EQ(other.size(), 2U);
  other.erase("state");
  other.insert_or_assign("cell_ovp_V", 3.65);
  EXPECT_EQ(other, one);
}

TEST(ExtrasTest, ThereAreNoneAtFirst) {
  Extras extras;
  EXPECT_TRUE(extras.empty());
  EXPECT_EQ(extras.find("cell_ovp_V"), extras.end());
  EXPECT_EQ(extras, Extras(Extras::Map{}));
  extras.erase("cell_ovp_V");
  EXPECT_TRUE(extras.empty());
}

TEST(ExtrasTest, AreWorkedOutOnceForAllCopiesAndOnlyWhenSomebodyLooks) {
  int made = 0;
  const Extras extras = Extras::later([&] {
    ++made;
    return Extras::Map{{"run_time_s", 5.0}};
  });
  Extras copy = extras;
  EXPECT_EQ(made, 0);
  EXPECT_TRUE(copy.contains("run_time_s"));
  EXPECT_EQ(extras.at("run_time_s"), Extra(5.0));
  EXPECT_EQ(made, 1);
  copy["more"] = 1.0;
  EXPECT_FALSE(extras.contains("more"));
}

TEST(ExtrasTest, WhatIsNotWorkedOutYetCanBeAddedTo) {
  Extras extras = Extras::later([] { return Extras::Map{{"a", 1.0}}; });
  const Extras::Map more{{"a", 2.0}, {"b", 3.0}};
  extras.insert(more.begin(), more.end());
  EXPECT_EQ(extras, Extras({{"a", 1.0}, {"b", 3.0}}));
}

TEST(ExtrasTest, JoinedWithMoreKeepTheirOwnAndAreWorkedOutWhenSomebodyLooks) {
  bool looked = false;
  const Extras settings = Extras::later([&] {
    looked = true;
    return Extras::Map{{"a", 2.0}, {"b", 3.0}};
  });
  const Extras joined = Extras({{"a", 1.0}}).with(settings);
  EXPECT_FALSE(looked);
  EXPECT_EQ(joined, Extras({{"a", 1.0}, {"b", 3.0}}));
  EXPECT_EQ(joined.with({}), joined);
  EXPECT_EQ(Extras{}.with(settings), settings);
}

}  // namespace
}  // namespace bms
