#include "bms/conversation.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bms {
namespace {

Conversation<Outcome<int>> inner(int rounds) {
  int sum = 0;
  for (int i = 0; i < rounds; ++i) {
    const Exchange question{Bytes(1, static_cast<std::uint8_t>(i))};
    const Answer answer = co_await question;
    if (!answer) co_return fail(answer.error());
    sum += answer->front();
  }
  co_return sum;
}

Conversation<Outcome<int>> outer() {
  const auto first = co_await inner(2);
  if (!first) co_return first;
  const auto second = co_await inner(0);
  const auto third = co_await inner(1);
  if (!third) co_return third;
  co_return *first + *second + *third;
}

Conversation<int> thrower() {
  const Exchange question;
  co_await question;
  throw std::runtime_error("lost");
  co_return 0;
}

Conversation<int> outer_thrower() { co_return co_await thrower(); }

TEST(Conversation, AsksOneQuestionAfterTheOtherAndReturns) {
  auto conversation = outer();
  conversation.start();
  std::vector<Bytes> asked;
  while (!conversation.done()) {
    ASSERT_NE(conversation.pending(), nullptr);
    asked.push_back(conversation.pending()->request);
    conversation.resume(Bytes{10});
  }
  EXPECT_EQ(asked, (std::vector<Bytes>{{0}, {1}, {0}}));
  EXPECT_EQ(conversation.pending(), nullptr);
  EXPECT_EQ(conversation.result().value(), 30);
}

TEST(Conversation, PassesFaultsAsValues) {
  auto conversation = outer();
  conversation.start();
  conversation.resume(fail(Fault::crc));
  ASSERT_TRUE(conversation.done());
  EXPECT_EQ(conversation.result().error(), Fault::crc);
}

TEST(Conversation, RethrowsWhatEscapesFromTheInside) {
  auto conversation = outer_thrower();
  conversation.start();
  conversation.resume(Bytes{1});
  ASSERT_TRUE(conversation.done());
  EXPECT_THROW(conversation.result(), std::runtime_error);
}

TEST(Conversation, CanBeAbandonedInTheMiddle) {
  auto conversation = outer();
  conversation.start();
  EXPECT_FALSE(conversation.done());
}

}  // namespace
}  // namespace bms
