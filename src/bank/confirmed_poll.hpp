#pragma once

#include <functional>
#include <string>

#include "bank/plausibility.hpp"
#include "bms/driver.hpp"
#include "port/link_health.hpp"

namespace bms {

/// What one poll of one battery goes through before anybody sees it.
struct PollContext {
  Driver& driver;
  JumpGate& gate;
  port::LinkHealth& health;
  std::function<TimePoint()> now;  ///< monotonic time; stamps the Reading
  std::function<void(const std::string&)>
      on_doubt;  ///< an answer was thrown away or asked again, and why; may be empty
};

/// One complete Reading that passed both gates: polls, and polls again at once when something jumped. Counts what was
/// thrown away. The outcome is as Driver::poll(), or Fault::implausible.
Conversation<Outcome<Reading>> confirmed_poll(PollContext context);

}  // namespace bms
