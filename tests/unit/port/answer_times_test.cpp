#include "port/answer_times.hpp"

#include <gtest/gtest.h>

namespace bms::port {
namespace {

using std::chrono::milliseconds;

const Bytes kQuestion = {1, 2, 3};

/// Answers of a device that takes `needed`, looked for as the line does; how often it was looked for in vain.
int looked_in_vain(AnswerTimes& times, Clock::duration needed, int answers) {
  int in_vain = 0;
  for (int i = 0; i < answers; ++i) {
    const auto expected = times.expected(kQuestion);
    const bool whole = expected >= needed;
    if (!whole) ++in_vain;
    times.came(kQuestion, std::max(expected, needed), whole);
  }
  return in_vain;
}

TEST(AnswerTimesTest, NothingIsExpectedBeforeSomeAnswersWereWatched) {
  AnswerTimes times;
  EXPECT_EQ(times.expected(kQuestion), Clock::duration::zero());
  times.came(kQuestion, milliseconds(40), false);
  EXPECT_EQ(times.expected(kQuestion), Clock::duration::zero());
  times.came(kQuestion, milliseconds(300), false);
  times.came(kQuestion, milliseconds(41), false);
  EXPECT_EQ(times.expected(kQuestion), milliseconds(40)) << "the quickest";
  EXPECT_EQ(times.expected({4}), Clock::duration::zero()) << "another question";
}

TEST(AnswerTimesTest, ASteadyDeviceIsSeldomLookedAtTooEarlyAndNeverMuchTooLate) {
  AnswerTimes times;
  looked_in_vain(times, milliseconds(40), 20);
  EXPECT_LE(looked_in_vain(times, milliseconds(40), 1000), 250);
  EXPECT_LE(times.expected(kQuestion), milliseconds(41));
}

TEST(AnswerTimesTest, ADeviceThatBecomesSlowerOrFasterIsFollowed) {
  AnswerTimes times;
  looked_in_vain(times, milliseconds(40), 20);
  looked_in_vain(times, milliseconds(80), 150);
  EXPECT_GE(times.expected(kQuestion), milliseconds(79));
  looked_in_vain(times, milliseconds(40), 1000);
  EXPECT_LE(times.expected(kQuestion), milliseconds(41));
}

TEST(AnswerTimesTest, AFailureStartsAnew) {
  AnswerTimes times;
  looked_in_vain(times, milliseconds(40), 20);
  times.failed(kQuestion);
  EXPECT_EQ(times.expected(kQuestion), Clock::duration::zero());
}

TEST(AnswerTimesTest, QuestionsThatNeverRepeatCostNoMemoryForEver) {
  AnswerTimes times;
  looked_in_vain(times, milliseconds(40), 20);
  for (unsigned i = 0; i < 10000; ++i) {
    times.came({static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)}, milliseconds(5), false);
  }
  EXPECT_EQ(times.expected(kQuestion), Clock::duration::zero()) << "forgotten with the others";
}

}  // namespace
}  // namespace bms::port
