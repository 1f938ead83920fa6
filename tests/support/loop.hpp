#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "bms/reading.hpp"
#include "support/effort.hpp"

namespace bms::test {

/// Runs the loop until `done` says so. False when `limit` passed before; a test then fails with what is missing.
inline bool run_until(boost::asio::io_context& context, const std::function<bool()>& done,
                      Clock::duration limit = kPatience) {
  const TimePoint end = Clock::now() + limit;
  context.restart();
  while (!done()) {
    if (Clock::now() >= end) return false;
    context.run_one_until(end);
    if (context.stopped()) context.restart();
  }
  return true;
}

/// Runs the loop for a span of time: only where the passing of time itself is what is tested.
inline void run_for(boost::asio::io_context& context, Clock::duration span) {
  run_until(
      context, [] { return false; }, span);
}

}  // namespace bms::test
