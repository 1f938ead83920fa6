// What the log says about limits: each change of a binding constraint once, however often it changes.
#include "daemon/limits_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.hpp"

namespace bms::daemon {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LimitsLog : public testing::Test {
 protected:
  LimitsLog() {
    limits.started = true;
    limits.phase = limits::Phase::bulk;
    limits.soc_pct = 60;
    limits.events.pack_V = 53.28;
    limits.events.highest_cell_V = 3.332;
    limits.events.spread_V = 0.004;
    bind(limits.cvl.why, "phase");
    bind(limits.ccl.why, "cfg_max");
    bind(limits.dcl.why, "cfg_max");
  }

  static void bind(std::vector<limits::Cause>& why, std::string_view id) {
    why.assign(1, {});
    why.front().id = id;
    why.front().value = 50;
  }
  /// The lines of one step.
  std::string lines(std::chrono::seconds at) {
    log_.take();
    tell_limits(filter, "House", limits, TimePoint(1000s + at));
    return log_.take();
  }

  limits::Limits limits;
  LogFilter filter;

 private:
  CapturedLog log_;
};

TEST_F(LimitsLog, NothingBeforeTheFirstData) {
  limits.started = false;
  EXPECT_EQ(lines(0s), "");
}

TEST_F(LimitsLog, APhaseIsToldWithWhatItSaw) {
  EXPECT_THAT(lines(0s),
              HasSubstr("House: bulk at CVL 0.00 V: pack 53.28 V, highest cell 3.332 V, spread 4 mV, SoC 60.0 %"));
  EXPECT_EQ(lines(1s), "");
}

TEST_F(LimitsLog, EachConstraintThatBindsGetsALine) {
  lines(0s);
  bind(limits.ccl.why, "cell_v");
  limits.ccl.value_A = 34;
  EXPECT_EQ(lines(1s), "House: CCL 34.0 A: \n");
  bind(limits.ccl.why, "temp");
  EXPECT_THAT(lines(2s), HasSubstr("CCL")) << "another constraint: at once";
}

TEST_F(LimitsLog, FlappingGivesOneLineIn10sAndConstraintAndWhatStaysIsTold) {
  lines(0s);
  int told = 0;
  for (int second = 1; second <= 60; ++second) {
    bind(limits.ccl.why, second % 2 == 0 ? "cell_v" : "cfg_max");
    told += lines(std::chrono::seconds(second)).empty() ? 0 : 1;
  }
  EXPECT_LE(told, 12);
  EXPECT_GE(told, 8);
  bind(limits.ccl.why, "temp");
  EXPECT_FALSE(lines(61s).empty());
  bind(limits.ccl.why, "cell_v");
  for (int second = 62; second <= 72; ++second) {
    if (!lines(std::chrono::seconds(second)).empty()) return;
  }
  ADD_FAILURE() << "the log ends with a reason that is no longer the reason";
}

}  // namespace
}  // namespace bms::daemon
