#include "port/answer_times.hpp"

#include <algorithm>

namespace bms::port {
namespace {

constexpr int kWatched = 3;              // the quickest of so many is the first guess
constexpr std::size_t kMostKnown = 256;  // questions of one line; a question that holds a time of day is new every time
/// With a steady device: too late by half of 1/64 on average, and too early every fifth time. With one that takes now
/// more and now less, what it takes four times of five.
constexpr int kLater = 64;
constexpr int kEarlier = 256;

}  // namespace

Clock::duration AnswerTimes::expected(const Bytes& request) const {
  const auto found = known_.find(request);
  return found == known_.end() || found->second.watched < kWatched ? Clock::duration::zero() : found->second.usual;
}

void AnswerTimes::came(const Bytes& request, Clock::duration after, bool at_first_look) {
  if (known_.size() >= kMostKnown && !known_.contains(request)) known_.clear();
  Known& known = known_[request];
  if (known.watched < kWatched) {
    known.usual = known.watched == 0 ? after : std::min(known.usual, after);
    ++known.watched;
  } else if (at_first_look) {
    known.usual -= known.usual / kEarlier;
  } else {
    known.usual += known.usual / kLater;
  }
}

}  // namespace bms::port
