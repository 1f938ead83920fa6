#pragma once

#include <gtest/gtest.h>

#include <random>

#include "../../../drivers/daly/family.hpp"
#include "bms/driver.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::daly::test {

using bms::test::Dialogue;
using Settings = std::map<std::string, std::string, std::less<>>;

/// A driver and the simulated board it talks to.
struct Pair {
  explicit Pair(const DriverInfo& info, unsigned address = 1, const Settings& board = {}, const Settings& own = {})
      : device(info.simulate({address, board})), driver(info.make({address, {}, {}, own})) {}

  Outcome<Reading> poll() {
    now += std::chrono::seconds(1);
    return dialogue.run(driver->poll(now));
  }
  /// Polls until the settings, which are read one by one, are known.
  void settle() {
    for (int i = 0; i < 40; ++i) poll();
  }

  Reading truth;
  std::unique_ptr<SimulatedDevice> device;
  std::unique_ptr<Driver> driver;
  Dialogue dialogue{*driver, bms::test::answer_from(*device, truth), {}, {}, {}, {}, {}};
  TimePoint now{};
};

}  // namespace bms::daly::test
