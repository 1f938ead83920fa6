// What survives a restart (G8, S5), and what a damaged document does: nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limits/engine.hpp"
#include "limits/state_json.hpp"

namespace bms::limits {
namespace {

Reading good_reading() {
  Reading reading;
  reading.cells_V.assign(16, 3.330);
  reading.temps_C = {25};
  reading.mos_temp_C = 30;
  reading.soc_pct = 60;
  reading.current_A = 10;
  reading.capacity_Ah = 100;
  reading.serial = "A1\xFF";
  return reading;
}

struct Engine {
  Config config = {};
  State state = {};
  Limits limits = {};
  TimePoint now{};

  const Limits& step(const Reading& reading, double seconds = 1) {
    now += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    Input input;
    input.reading = &reading;
    limits::step(config, {}, state, input, now, limits);
    return limits;
  }
};

TEST(LimitsState, ShortRestartStartsWithWhatWasPublished) {
  Engine engine;
  Reading hot = good_reading();
  hot.temps_C = {50};
  engine.step(hot);
  ASSERT_NEAR(engine.limits.ccl.value_A, 12.5, 0.01);
  State state = *state_from_json(to_json(engine.state), engine.now);
  restart(state, 100);
  engine.state = state;
  engine.step(good_reading());
  EXPECT_TRUE(engine.limits.started);
  EXPECT_NEAR(engine.limits.ccl.value_A, 12.5, 0.01) << "not above what was published 100 s ago";
  EXPECT_EQ(engine.limits.ccl.target_A, 50);

  restart(state, 700);
  engine.state = state;
  engine.state.charge.stored_A.reset();
  engine.step(good_reading());
  EXPECT_EQ(engine.limits.ccl.value_A, 50) << "long ago: the first valid snapshot decides";
}

TEST(LimitsState, RestartKeepsFloatAndTheCounter) {
  Engine engine;
  engine.config.soc_source = SocSource::counter;
  engine.step(good_reading());
  engine.state.phases.phase = Phase::floating;
  engine.state.soc.counter_pct = 42;
  restart(engine.state, std::nullopt);
  engine.step(good_reading());
  EXPECT_EQ(engine.limits.phase, Phase::floating);
  EXPECT_NEAR(engine.limits.cvl.value_V, 54.0, 0.01);
  EXPECT_EQ(engine.limits.soc_pct, 42);
}

TEST(LimitsState, AnotherSerialIsANewBattery) {
  Engine engine;
  engine.step(good_reading());
  engine.state.soc.counter_pct = 42;
  Reading other = good_reading();
  other.serial = "B2";
  engine.step(other);
  EXPECT_TRUE(engine.limits.events.new_device);
  EXPECT_EQ(engine.state.soc.counter_pct, 60);
}

TEST(LimitsState, DamagedDocumentsAreRefusedWithTheirKey) {
  Engine engine;
  engine.step(good_reading());
  const nlohmann::json good = to_json(engine.state);
  ASSERT_TRUE(state_from_json(good, engine.now).has_value());
  const auto refused = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json damaged = good;
    damaged[nlohmann::json::json_pointer(pointer)] = value;
    const auto result = state_from_json(damaged, engine.now);
    return result ? std::string("accepted") : result.error();
  };
  EXPECT_THAT(refused("/version", 2), testing::HasSubstr("version"));
  EXPECT_THAT(refused("/cells", 100000), testing::HasSubstr("cells"));
  EXPECT_THAT(refused("/cells", "16"), testing::HasSubstr("cells"));
  EXPECT_THAT(refused("/charge/out_A", -1), testing::HasSubstr("out_A"));
  EXPECT_THAT(refused("/charge/out_A", 1e300), testing::HasSubstr("out_A"));
  EXPECT_THAT(refused("/phases/phase", 77), testing::HasSubstr("phase"));
  EXPECT_THAT(refused("/regulation/trim_V", 5), testing::HasSubstr("trim_V"));
  EXPECT_THAT(refused("/charge/restriction/id", "nonsense"), testing::HasSubstr("id"));
  EXPECT_THAT(refused("/soc/counter_pct", 120), testing::HasSubstr("soc"));
  EXPECT_THAT(refused("/inputs", nullptr), testing::HasSubstr("inputs"));
  EXPECT_FALSE(state_from_json(nlohmann::json::array(), engine.now).has_value());
}

TEST(LimitsState, EveryMissingKeyIsNoticed) {
  Engine engine;
  engine.step(good_reading());
  const nlohmann::json good = to_json(engine.state);
  for (const auto& [key, value] : good.items()) {
    nlohmann::json damaged = good;
    damaged.erase(key);
    EXPECT_FALSE(state_from_json(damaged, engine.now).has_value()) << key;
  }
}

}  // namespace
}  // namespace bms::limits
