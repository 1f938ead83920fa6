#include "history/history.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace bms::history {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A battery of 100 Ah that is stepped once a second.
struct Battery {
  State state;
  Reading reading;
  limits::Limits limits;
  std::int64_t unix_s = 1800000000;

  Battery() {
    reading.voltage_V = 50;
    reading.current_A = 0;
    reading.capacity_Ah = 100;
    reading.alarms.emplace();
  }
  void step(double elapsed_s = 1) {
    unix_s += static_cast<std::int64_t>(elapsed_s);
    history::step(state, {elapsed_s, &reading, &limits, {}, unix_s});
    limits.events = {};
  }
  void silent(double elapsed_s) { history::step(state, {elapsed_s, nullptr, &limits, {}, {}}); }
  void run(double current_A, int seconds) {
    reading.current_A = current_A;
    for (int i = 0; i < seconds; ++i) step();
  }
  void raise(Condition condition, AlarmLevel level = AlarmLevel::alarm) { reading.alarms = {{condition, level}}; }
  [[nodiscard]] double operator[](Field field) const { return value(state, field).value_or(kNan); }
};

TEST(History, NothingIsKnownBeforeTheFirstSample) {
  const State state;
  EXPECT_EQ(value(state, Field::deepest_discharge_Ah), std::nullopt);
  EXPECT_EQ(value(state, Field::min_voltage_V), std::nullopt);
  EXPECT_EQ(value(state, Field::since_full_charge_s), std::nullopt);
  EXPECT_EQ(value(state, Field::average_discharge_Ah), std::nullopt);
  EXPECT_EQ(value(state, Field::charged_energy_kWh), 0);
}

TEST(History, EnergiesAreTrapezoids) {
  Battery battery;
  battery.step();
  battery.reading.current_A = 20;
  battery.step(10);  // 0 to 1000 W in 10 s: 5 kJ
  battery.reading.current_A = -20;
  battery.step(10);  // through zero: 2.5 kJ each way
  EXPECT_NEAR(battery[Field::charged_energy_kWh], 7500 / 3.6e6, 1e-12);
  EXPECT_NEAR(battery[Field::discharged_energy_kWh], 2500 / 3.6e6, 1e-12);
  EXPECT_NEAR(battery[Field::total_drawn_Ah], 50.0 / 3600, 1e-12);
  EXPECT_NEAR(battery[Field::charge_cycles], 0.5 / 3600, 1e-12);
}

TEST(History, GapsOfMoreThanAMinuteAreNotIntegrated) {
  Battery battery;
  battery.run(-36, 1);
  battery.silent(59);
  battery.step();  // 60 s
  EXPECT_NEAR(battery[Field::total_drawn_Ah], 0.6, 1e-9);
  EXPECT_EQ(battery[Field::not_observed_s], 0);
  battery.silent(60);
  battery.step();
  EXPECT_NEAR(battery[Field::total_drawn_Ah], 0.6, 1e-9);
  EXPECT_EQ(battery[Field::not_observed_s], 61);
}

TEST(History, AMissingCurrentIsAGapToo) {
  Battery battery;
  battery.run(-36, 1);
  battery.reading.current_A.reset();
  for (int i = 0; i < 100; ++i) battery.step();
  battery.run(-36, 1);
  EXPECT_EQ(battery[Field::total_drawn_Ah], 0);
  EXPECT_EQ(battery[Field::not_observed_s], 101);
}

TEST(History, ExtremesHaveTheirTime) {
  Battery battery;
  battery.reading.cells_V = {3.30, std::nullopt, 3.25};
  battery.reading.temps_C = {12.0, std::nullopt, 15.0};
  battery.step();
  const auto first = battery.unix_s;
  battery.reading.cells_V = {3.40, 3.35, 3.31};
  battery.reading.temps_C = {11.0};
  battery.reading.voltage_V = 49;
  battery.step();
  EXPECT_EQ(battery[Field::min_cell_voltage_V], 3.25);
  EXPECT_EQ(seen_at(battery.state, Field::min_cell_voltage_V), first);
  EXPECT_EQ(battery[Field::max_cell_voltage_V], 3.40);
  EXPECT_EQ(seen_at(battery.state, Field::max_cell_voltage_V), first + 1);
  EXPECT_EQ(battery[Field::min_temperature_C], 11);
  EXPECT_EQ(battery[Field::max_temperature_C], 15);
  EXPECT_EQ(battery[Field::min_voltage_V], 49);
  EXPECT_EQ(battery[Field::max_voltage_V], 50);
  EXPECT_EQ(seen_at(battery.state, Field::total_drawn_Ah), std::nullopt);
}

TEST(History, AlarmsCountWhenTheyComeUp) {
  Battery battery;
  battery.raise(Condition::cell_undervoltage, AlarmLevel::warning);
  battery.step();
  EXPECT_EQ(battery[Field::low_voltage_alarms], 0) << "a warning is no alarm";
  battery.raise(Condition::cell_undervoltage);
  for (int i = 0; i < 5; ++i) battery.step();
  battery.reading.alarms = {{Condition::pack_undervoltage, AlarmLevel::alarm},
                            {Condition::cell_undervoltage, AlarmLevel::alarm}};
  battery.step();
  EXPECT_EQ(battery[Field::low_voltage_alarms], 1) << "cell and pack are one event";
  battery.reading.alarms.reset();
  battery.step();
  battery.silent(30);
  battery.raise(Condition::cell_undervoltage);
  battery.step();
  EXPECT_EQ(battery[Field::low_voltage_alarms], 1) << "while nobody tells, it has not ended";
  battery.reading.alarms.emplace();
  battery.step();
  battery.raise(Condition::cell_undervoltage);
  battery.step();
  EXPECT_EQ(battery[Field::low_voltage_alarms], 2);
  EXPECT_EQ(battery[Field::high_voltage_alarms], 0);
}

TEST(History, TheEnginesOwnAlarmsCountForABmsWithoutAny) {
  Battery battery;
  battery.reading.alarms.reset();
  for (const int level : {0, 2, 2, 1, 2}) {
    battery.limits.alarms.high_cell_voltage = level;
    battery.step();
  }
  EXPECT_EQ(battery[Field::high_voltage_alarms], 2);
}

TEST(History, LastErrorsAreNewestFirstAndFew) {
  Battery battery;
  for (int i = 0; i < 20; ++i) {
    battery.raise(i % 2 == 0 ? Condition::short_circuit : Condition::internal);
    battery.step();
  }
  ASSERT_EQ(battery.state.errors.size(), kMostErrors);
  EXPECT_EQ(battery.state.errors.front(), (Error{Condition::internal, battery.unix_s}));
  EXPECT_EQ(battery.state.errors[1], (Error{Condition::short_circuit, battery.unix_s - 1}));
}

TEST(History, DischargesAreMeasuredFromFull) {
  Battery battery;
  const auto discharge_to = [&](double soc_pct) {
    battery.limits.soc_pct = soc_pct;
    battery.run(-36, 200);  // 2 Ah
  };
  const auto charge = [&] {
    battery.limits.soc_pct = 100;
    battery.limits.events.soc_synchronised = true;
    battery.run(36, 1);
  };
  discharge_to(40);
  EXPECT_NEAR(battery[Field::deepest_discharge_Ah], 60, 1e-9);
  charge();
  discharge_to(80);
  EXPECT_NEAR(battery[Field::last_discharge_Ah], 20, 1e-9);
  EXPECT_NEAR(battery[Field::deepest_discharge_Ah], 60, 1e-9);
  EXPECT_NEAR(battery[Field::average_discharge_Ah], 60, 1e-9) << "only completed ones";
  charge();
  EXPECT_NEAR(battery[Field::average_discharge_Ah], 40, 1e-9);
  EXPECT_EQ(battery[Field::automatic_syncs], 2);
  battery.run(0, 90);
  EXPECT_EQ(battery[Field::since_full_charge_s], 90);
}

TEST(History, TwoSignsOfTheSameChargeAreOne) {
  Battery battery;
  battery.limits.soc_pct = 100;
  battery.limits.events.soc_synchronised = true;
  battery.run(5, 600);
  battery.limits.events.absorption_balanced = true;
  battery.step();
  EXPECT_EQ(battery[Field::automatic_syncs], 1);
  EXPECT_EQ(battery[Field::since_full_charge_s], 0);
  EXPECT_EQ(value(battery.state, Field::average_discharge_Ah), std::nullopt);
}

TEST(History, FullDischargesCountOnce) {
  Battery battery;
  for (const double soc_pct : {10.0, 0.0, 1.0, 0.0, 4.0, 0.2, 6.0, 0.0}) {
    battery.limits.soc_pct = soc_pct;
    battery.step();
  }
  EXPECT_EQ(battery[Field::full_discharges], 2);
}

TEST(History, AShuntsConsumedAmpHoursAreTheDepth) {
  State state;
  Reading shunt;
  shunt.consumed_Ah = -12.5;
  step(state, {1, &shunt, nullptr, {}, {}});
  EXPECT_EQ(value(state, Field::deepest_discharge_Ah), 12.5);
}

TEST(History, ARestartIsAGapOfItsLength) {
  Battery battery;
  battery.run(-36, 1);
  State known = battery.state;
  restart(known, 20);
  battery.state = known;
  battery.step(0);
  EXPECT_NEAR(battery[Field::total_drawn_Ah], 0.2, 1e-9);
  restart(battery.state, 3600);
  battery.step(0);
  EXPECT_EQ(battery[Field::not_observed_s], 3600);
  restart(battery.state, std::nullopt);
  battery.step(5);
  EXPECT_NEAR(battery[Field::total_drawn_Ah], 0.2, 1e-9) << "of a gap of unknown length nothing is known";
}

TEST(History, NamesAreThoseOfAReading) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    EXPECT_EQ(field_from_string(to_string(field)), field);
  }
  EXPECT_EQ(to_string(Field::charged_energy_kWh), "charged_energy_kWh");
  EXPECT_EQ(to_string(Field::last_errors), "last_errors");
  EXPECT_EQ(field_from_string("nonsense"), std::nullopt);
}

}  // namespace
}  // namespace bms::history
