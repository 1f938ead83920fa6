// What holds for every history, whatever a battery does.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "history/history.hpp"
#include "history/json.hpp"

namespace bms::history {
namespace {

using nlohmann::json;

std::optional<double> maybe(double value) { return *rc::gen::inRange(0, 8) == 0 ? std::nullopt : std::optional(value); }

double within(int low, int high) { return *rc::gen::inRange(low * 100, high * 100) / 100.0; }

/// Anything a driver could hand over, also what no battery does.
Reading any_reading() {
  Reading reading;
  reading.voltage_V = maybe(within(0, 60));
  reading.current_A = maybe(within(-200, 200));
  if (*rc::gen::inRange(0, 50) == 0) reading.current_A = std::numeric_limits<double>::quiet_NaN();
  reading.soc_pct = maybe(within(0, 100));
  reading.capacity_Ah = maybe(within(1, 300));
  for (int i = 0; i < 4; ++i) reading.cells_V.push_back(maybe(within(2, 4)));
  for (int i = 0; i < 2; ++i) reading.temps_C.push_back(maybe(within(-40, 90)));
  reading.aux_voltage_V = maybe(within(0, 16));
  if (*rc::gen::inRange(0, 4) != 0) {
    reading.alarms.emplace();
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      const auto condition = static_cast<Condition>(*rc::gen::inRange<int>(0, kConditionCount));
      reading.alarms->push_back({condition, *rc::gen::inRange(0, 2) == 0 ? AlarmLevel::warning : AlarmLevel::alarm});
    }
  }
  return reading;
}

struct Step {
  Reading reading;
  limits::Limits limits;
  double elapsed_s;
  bool arrives;

  static Step any() {
    Step step;
    step.reading = any_reading();
    step.elapsed_s = within(0, *rc::gen::inRange(0, 10) == 0 ? 200 : 3);
    step.arrives = *rc::gen::inRange(0, 5) != 0;
    step.limits.soc_pct = step.reading.soc_pct;
    step.limits.events.soc_synchronised = *rc::gen::inRange(0, 20) == 0;
    step.limits.alarms.low_cell_voltage = *rc::gen::inRange(0, 3);
    return step;
  }
  void take(State& state) const {
    history::step(state, {elapsed_s, arrives ? &reading : nullptr, &limits, {}, 1800000000});
  }
};

State any_history() {
  State state;
  for (int i = *rc::gen::inRange(0, 30); i > 0; --i) Step::any().take(state);
  return state;
}

double sum(const State& state, Field field) { return value(state, field).value_or(0); }

RC_GTEST_PROP(HistoryProperties, SumsAndCountersNeverFall, ()) {
  State state;
  for (int i = 0; i < 30; ++i) {
    const State before = state;
    Step::any().take(state);
    for (const auto field :
         {Field::total_drawn_Ah, Field::charge_cycles, Field::discharged_energy_kWh, Field::charged_energy_kWh,
          Field::not_observed_s, Field::automatic_syncs, Field::full_discharges, Field::low_voltage_alarms,
          Field::high_voltage_alarms, Field::deepest_discharge_Ah, Field::max_voltage_V, Field::max_cell_voltage_V}) {
      RC_ASSERT(std::isfinite(sum(state, field)));
      RC_ASSERT(sum(state, field) >= sum(before, field));
    }
    const auto low = value(before, Field::min_cell_voltage_V);
    RC_ASSERT(!low || *value(state, Field::min_cell_voltage_V) <= *low);
    RC_ASSERT(state.errors.size() <= kMostErrors);
  }
}

RC_GTEST_PROP(HistoryProperties, TimeIsObservedOrNot, ()) {
  State state;
  double total_s = 0;
  for (int i = 0; i < 30; ++i) {
    const Step step = Step::any();
    const bool begun = state.begun;
    step.take(state);
    if (begun) total_s += step.elapsed_s;
  }
  RC_ASSERT(state.not_observed_s + state.silence_s <= total_s + 1e-6);
}

RC_GTEST_PROP(HistoryProperties, AlarmsCountRisingEdgesOnly, ()) {
  State state;
  Reading reading;
  bool before = false;
  std::uint32_t edges = 0;
  for (const bool low : *rc::gen::container<std::vector<bool>>(60, rc::gen::arbitrary<bool>())) {
    reading.alarms.emplace();
    if (low) reading.alarms->push_back({Condition::pack_undervoltage, AlarmLevel::alarm});
    step(state, {1, &reading, nullptr, {}, {}});
    edges += low && !before ? 1 : 0;
    before = low;
  }
  RC_ASSERT(value(state, Field::low_voltage_alarms) == edges);
}

RC_GTEST_PROP(HistoryProperties, AResetTouchesItsFieldOnly, ()) {
  State state = any_history();
  const auto field = static_cast<Field>(*rc::gen::inRange<int>(0, kFieldCount));
  const State before = state;
  reset(state, field);
  RC_ASSERT(sum(state, field) == 0);
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto other = static_cast<Field>(i);
    if (other != field) RC_ASSERT(value(state, other) == value(before, other));
    if (other != field) RC_ASSERT(seen_at(state, other) == seen_at(before, other));
  }
  RC_ASSERT(state.active == before.active);
  RC_ASSERT(state.since_s == before.since_s);
  State all = before;
  reset_all(all, 1900000000);
  for (std::size_t i = 0; i < kFieldCount; ++i) RC_ASSERT(sum(all, static_cast<Field>(i)) == 0);
  RC_ASSERT(all.since_s == 1900000000);
}

RC_GTEST_PROP(HistoryProperties, SavingAndLoadingChangesNothing, ()) {
  const State state = any_history();
  const auto loaded = from_json(json::parse(to_json(state).dump()));
  RC_ASSERT(loaded.has_value());
  RC_ASSERT(*loaded == state);
}

/// Something that is not what stood there.
json any_damage() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return nullptr;
    case 1:
      return -1;
    case 2:
      return 1e300;
    case 3:
      return "text";
    case 4:
      return json::array({1, 2});
    case 5:
      return json::object({{"value", "x"}});
    case 6:
      return std::numeric_limits<double>::quiet_NaN();
    default:
      return 18446744073709551615U;
  }
}

RC_GTEST_PROP(HistoryProperties, ADamagedDocumentIsRefusedOrHarmless, ()) {
  json document = to_json(any_history());
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    auto entry = document.begin();
    std::advance(entry, *rc::gen::inRange<int>(0, static_cast<int>(document.size())));
    if (*rc::gen::inRange(0, 4) == 0) {
      document.erase(entry);
    } else {
      *entry = any_damage();
    }
  }
  auto loaded = from_json(document);
  if (!loaded) {
    RC_ASSERT(!loaded.error().empty());
    return;
  }
  for (int i = 0; i < 5; ++i) Step::any().take(*loaded);
  for (std::size_t i = 0; i < kFieldCount; ++i) RC_ASSERT(std::isfinite(sum(*loaded, static_cast<Field>(i))));
}

TEST(HistoryJson, RefusesWhatItDidNotWrite) {
  const json good = to_json({});
  EXPECT_TRUE(from_json(good));
  const auto refused = [&](const char* key, json value) {
    json bad = good;
    bad[key] = std::move(value);
    const auto loaded = from_json(bad);
    ASSERT_FALSE(loaded) << key;
    EXPECT_EQ(loaded.error().rfind(key, 0), 0U) << loaded.error();
  };
  refused("version", 2);
  refused("charged_kWh", -1);
  refused("charged_kWh", "1");
  refused("syncs", 1.5);
  refused("syncs", 4294967296);
  refused("errors", json::array({{{"condition", "bad_mood"}, {"unix_s", nullptr}}}));
  refused("errors", json(std::vector<json>(9, {{"condition", "internal"}, {"unix_s", nullptr}})));
  refused("min_cell", {{"value", nullptr}, {"unix_s", nullptr}});
  refused("active", 18446744073709551615U);
  refused("since_s", -5);
  refused("begun", 1);
  for (const json& document : {json(), json::array(), json("x"), json::object()}) EXPECT_FALSE(from_json(document));
}

}  // namespace
}  // namespace bms::history
