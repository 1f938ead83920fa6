// Values that kill consumers cannot be published, whatever a driver, the configuration, the engine or a writer
// supplies: any mix of wild values goes in, and what comes out is held against the contract.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "support/battery_samples.hpp"
#include "support/effort.hpp"
#include "victron/battery_paths.hpp"
#include "victron/path_table.hpp"

namespace bms::victron {
namespace {

using namespace std::chrono_literals;

/// Sensible values and every kind of wild ones.
class Wild {
 public:
  explicit Wild(unsigned seed) : random_(seed) {}

  bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  double number(double sensible) {
    if (chance(0.6)) return sensible;
    constexpr double kWild[] = {std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::denorm_min(),
                                std::numeric_limits<double>::max(),
                                -1e300,
                                -1,
                                0,
                                -0.0,
                                65536,
                                4294967296.0,
                                1e-9};
    return kWild[below(std::size(kWild))];
  }
  std::optional<double> maybe(double sensible) {
    return chance(0.15) ? std::nullopt : std::optional<double>(number(sensible));
  }
  std::string text() {
    std::string text(chance(0.05) ? 40000 : below(20), 'x');
    for (char& c : text) c = static_cast<char>(below(256));
    return text;
  }
  Value value() {
    switch (below(4)) {
      case 0:
        return {};
      case 1:
        return number(10);
      case 2:
        return static_cast<std::int32_t>(random_());
      default:
        return text();
    }
  }

 private:
  std::mt19937 random_;
};

Reading wild_reading(Wild& wild) {
  Reading reading;
  for (auto member :
       {&Reading::voltage_V, &Reading::current_A, &Reading::soc_pct, &Reading::soh_pct, &Reading::mos_temp_C,
        &Reading::env_temp_C, &Reading::capacity_Ah, &Reading::remaining_Ah, &Reading::consumed_Ah, &Reading::ttg_s,
        &Reading::mid_voltage_V, &Reading::aux_voltage_V, &Reading::heater_current_A}) {
    reading.*member = wild.maybe(50);
  }
  for (std::size_t i = wild.below(40); i > 0; --i) reading.cells_V.push_back(wild.maybe(3.3));
  for (std::size_t i = wild.below(10); i > 0; --i) reading.temps_C.push_back(wild.maybe(20));
  for (std::size_t i = wild.below(4); i > 0; --i) reading.temp_names.push_back(wild.text());
  for (std::size_t i = wild.below(40); i > 0; --i) reading.wire_resistance_mOhm.push_back(wild.maybe(60));
  for (std::size_t i = wild.below(5); i > 0; --i)
    reading.balancing_cells.push_back(static_cast<int>(wild.below(500)) - 9);
  reading.balancing = wild.chance(0.5);
  if (wild.chance(0.5)) reading.cycles = static_cast<std::int64_t>(wild.number(100) > 0 ? 1e18 : -5);
  for (auto member : {&Reading::model, &Reading::serial, &Reading::hw, &Reading::sw, &Reading::device_name}) {
    if (wild.chance(0.7)) reading.*member = wild.text();
  }
  for (const char* key : {"min_voltage_V", "charge_cycles", "deepest_discharge_Ah", "since_full_charge_s"}) {
    reading.history[key] = wild.number(3);
  }
  if (wild.chance(0.5)) {
    reading.alarms.emplace();
    for (std::size_t i = wild.below(6); i > 0; --i) {
      reading.alarms->push_back({static_cast<Condition>(wild.below(kConditionCount)), AlarmLevel::alarm});
    }
  }
  return reading;
}

limits::Limits wild_limits(Wild& wild) {
  limits::Limits limits = sample_limits();
  limits.cvl.value_V = wild.number(55);
  limits.ccl.value_A = wild.number(50);
  limits.dcl.value_A = wild.number(50);
  limits.soc_pct = wild.maybe(50);
  limits.ttg_s = wild.maybe(3600);
  limits.blocked_by_loss = wild.chance(0.2);
  limits.alarms.low_soc = static_cast<int>(wild.below(5)) - 1;
  limits.alarms.bms_cable = static_cast<int>(wild.below(2000));
  limits.ccl.why.front().value = wild.maybe(1);
  return limits;
}

BatteryIdentity wild_identity(Wild& wild) {
  BatteryIdentity identity = sample_identity();
  identity.custom_name = wild.text();
  identity.serial = wild.text();
  identity.family = wild.text();
  return identity;
}

void expect_harmless(const ItemTree& tree) {
  for (const auto& [path, item] : tree.items()) {
    const Value& value = item.value;
    if (const auto* number = std::get_if<double>(&value)) {
      ASSERT_EQ(item.format.kind, Kind::number) << path;
      ASSERT_TRUE(std::isfinite(*number)) << path;
    } else if (std::holds_alternative<std::int32_t>(value)) {
      ASSERT_EQ(item.format.kind, Kind::integer) << path;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      ASSERT_EQ(item.format.kind, Kind::text) << path;
      ASSERT_LE(text->size(), kMaxText) << path;
      ASSERT_EQ(text->find('\0'), std::string::npos) << path;
    }
    ASSERT_EQ(normalised(item.format, value), value) << path << " would be published differently";
  }
  // What consumers never survive to be invalid.
  ASSERT_TRUE(std::holds_alternative<std::int32_t>(tree.value("/DeviceInstance")));
  ASSERT_TRUE(std::holds_alternative<std::string>(tree.value("/CustomName")));
  ASSERT_NE(tree.value("/ProductName"), Value(std::string()));
  ASSERT_TRUE(is_valid(tree.value("/ProductName")));
  if (is_valid(tree.value("/Info/MaxChargeVoltage"))) {
    for (const char* path : {"/Info/MaxChargeCurrent", "/Info/MaxDischargeCurrent"}) {
      const auto* limit = std::get_if<double>(&tree.value(path));
      ASSERT_NE(limit, nullptr) << path << " invalid means unlimited";
      ASSERT_GE(*limit, 0) << path;
    }
    ASSERT_GE(std::get<double>(tree.value("/Info/MaxChargeVoltage")), 1) << "chargers would regulate to this";
  }
  for (const auto& [key, item] : tree.below("/Alarms")) {
    if (!is_valid(item->value)) continue;
    ASSERT_LE(std::get<std::int32_t>(item->value), 2) << key;
  }
}

TEST(Harmless, WhateverDriverEngineAndConfigurationSupply) {
  for (unsigned seed = 1; seed <= test::effort(150U, 30U); ++seed) {
    SCOPED_TRACE(seed);
    Wild wild(seed);
    ItemTree tree;
    BatteryPaths paths(tree, wild_identity(wild),
                       {.user_settings = true, .mode = true, .clear_history = true, .remote = true});
    bool cvl_seen = false;
    for (int step = 0; step < 12; ++step) {
      const Reading reading = wild_reading(wild);
      const Reading other = wild_reading(wild);
      const limits::Limits limits = wild_limits(wild);
      const MemberView members[] = {{"a", &reading, &limits}, {"b", &other, nullptr}};
      const std::string notes[] = {wild.text()};
      const TimeToSoc ways[] = {{10, wild.maybe(60)}, {90, wild.maybe(60)}};
      const bool bank = wild.chance(0.3);
      paths.update({.now = TimePoint{} + step * 1s,
                    .reading = wild.chance(0.9) ? &reading : nullptr,
                    .limits = wild.chance(0.9) ? &limits : nullptr,
                    .low_voltage_V = wild.maybe(44),
                    .members = bank ? std::span<const MemberView>(members) : std::span<const MemberView>(),
                    .in_series = static_cast<int>(wild.below(5)) - 1,
                    .time_to_soc = ways,
                    .notes = notes});
      ASSERT_NO_FATAL_FAILURE(expect_harmless(tree));
      const bool cvl = is_valid(tree.value("/Info/MaxChargeVoltage"));
      ASSERT_TRUE(cvl || !cvl_seen) << "once valid, CVL stays valid";
      cvl_seen = cvl;
    }
  }
}

TEST(Harmless, WhateverAWriterSends) {
  Wild wild(7);
  for (const auto& row : path_table()) {
    for (int i = 0; i < 200; ++i) {
      const auto taken = converted(row.format, wild.value());
      if (!taken) continue;
      ASSERT_TRUE(is_valid(*taken)) << row.pattern;
      ASSERT_EQ(normalised(row.format, *taken), *taken) << row.pattern;
      ASSERT_EQ(std::holds_alternative<std::string>(*taken), row.format.kind == Kind::text) << row.pattern;
    }
  }
}

}  // namespace
}  // namespace bms::victron
