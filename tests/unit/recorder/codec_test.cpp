#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "recorder/codec.hpp"
#include "recorder/trend.hpp"

namespace bms::recorder {
namespace {

double any_number() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return kAbsent;
    case 1:
      return *rc::gen::inRange(-1000000, 1000000) / 1e3;
    case 2:
      return *rc::gen::inRange(-1000000, 1000000) / 1e6;
    case 3:
      return *rc::gen::inRange(-100, 100) * 0.1;  // rounding of a multiplication
    case 4:
      return *rc::gen::element(0.0, -0.0, 1e300, -1e300, 999999999.999, 1e9, 5e-324, INFINITY, 68719476735.0);
    default:
      return *rc::gen::arbitrary<double>();
  }
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

RC_GTEST_PROP(Codec, WhatGoesInComesOut, ()) {
  std::string bytes;
  std::vector<Record> records;
  Base base;
  std::int64_t last_ms = 1000;
  for (int i = 0; i < 12; ++i) {
    Record record;
    record.at_ms = last_ms + *rc::gen::inRange(0, 100000);
    record.reading = *rc::gen::arbitrary<bool>();
    record.has_step = *rc::gen::arbitrary<bool>();
    if (*rc::gen::inRange(0, 4) == 0) record.keyframe = "{\"engine\":{}}";
    if (*rc::gen::inRange(0, 4) == 0) record.rare = "{}";
    const bool other = i == 0 || *rc::gen::inRange(0, 4) == 0;
    record.row = other ? Row(*rc::gen::inRange<std::size_t>(0, 20), *rc::gen::inRange<std::size_t>(0, 4)) : base.row;
    for (double& value : record.row.values) {
      if (*rc::gen::inRange(0, 3) == 0) value = any_number();
    }
    encode(record, last_ms, base, bytes);
    last_ms = record.at_ms;
    base = {record.row, true};
    records.push_back(record);
  }
  Cursor cursor(bytes);
  base = {};
  last_ms = 1000;
  for (const Record& record : records) {
    const auto channel = cursor.varint();
    RC_ASSERT(channel == 0U);
    const auto again = decode(cursor, *channel, last_ms, base);
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->at_ms == record.at_ms && again->reading == record.reading && again->has_step == record.has_step);
    RC_ASSERT(again->keyframe == record.keyframe && again->rare == record.rare);
    RC_ASSERT(again->row.values.size() == record.row.values.size());
    for (std::size_t i = 0; i < record.row.values.size(); ++i) {
      RC_ASSERT(same(again->row.values[i], record.row.values[i]));
    }
    last_ms = again->at_ms;
    base = {again->row, true};
  }
  RC_ASSERT(cursor.done());
}

RC_GTEST_PROP(Codec, RubbishIsReadToItsEndAtMost, (const std::string& bytes)) {
  Cursor cursor(bytes);
  Base base;
  for (int i = 0; i < 1000 && !cursor.done(); ++i) {
    const auto channel = cursor.varint();
    if (!channel) break;
    const auto record = decode(cursor, 0, 0, base);
    if (!record) break;
    base = {record->row, true};
  }
}

TEST(Snapped, OnlyTheNoiseOfAMultiplicationGoes) {
  EXPECT_EQ(snapped(3312 * 0.001), 3.312);
  EXPECT_EQ(snapped(-33 * 0.1), -3.3);
  EXPECT_EQ(snapped(3.1234567), 3.1234567);
  EXPECT_FALSE(std::signbit(snapped(-0.0)));
  EXPECT_EQ(snapped(1e300), 1e300);
  EXPECT_TRUE(std::isnan(snapped(kAbsent)));
}

TEST(Trend, PointsAreFewHoweverLongItRuns) {
  Trend trend;
  Reading reading;
  for (std::int64_t s = 0; s < 3 * 86400; s += 7) {
    reading.current_A = s < 2 * 86400 ? 1 : 3;
    reading.cells_V = {3.3, s == 7 * 24686 ? 3.6 : 3.4};
    trend.add(s * 1000, &reading, nullptr);
    ASSERT_LE(trend.points(), Trend::kMostPoints);
  }
  const auto json = trend.to_json(3 * 86400 * 1000LL);
  ASSERT_EQ(json["t"].size(), Trend::kMostPoints);
  EXPECT_NEAR(json["t"].front().get<double>(), -96000, 400);
  EXPECT_EQ(json["current_A"].front(), 1);
  EXPECT_EQ(json["current_A"].back(), 3);
  EXPECT_EQ(json["min_cell_V"].back(), 3.3);
  const auto& highest = json["max_cell_V"];
  EXPECT_NE(std::find(highest.begin(), highest.end(), 3.6), highest.end()) << "a peak is not averaged away";
  EXPECT_FALSE(json.contains("cvl_V"));
}

TEST(Trend, AYoungOneHasFinePoints) {
  Trend trend;
  Reading reading;
  for (int s = 0; s < 600; ++s) {
    reading.soc_pct = s < 300 ? std::optional(50.0) : std::nullopt;
    trend.add(s * 1000, s < 500 ? &reading : nullptr, nullptr);
  }
  const auto json = trend.to_json(600000);
  EXPECT_EQ(json["t"].size(), 120U);
  EXPECT_EQ(json["soc_pct"][0], 50);
  EXPECT_EQ(json["soc_pct"].back(), nullptr);
}

}  // namespace
}  // namespace bms::recorder
