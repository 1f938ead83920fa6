#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <random>

#include "recorder/codec.hpp"
#include "recorder/range_coder.hpp"
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

Record any_record(const std::vector<Record>& before) {
  Record record;
  record.channel =
      *rc::gen::inRange<std::size_t>(0, *rc::gen::element(std::size_t{1}, std::size_t{3}, std::size_t{1024}));
  record.at_ms = (before.empty() ? 1000 : before.back().at_ms) + *rc::gen::inRange(0, 10000) * kTick_ms;
  record.reading = *rc::gen::arbitrary<bool>();
  record.has_step = *rc::gen::arbitrary<bool>();
  if (*rc::gen::inRange(0, 4) == 0) record.keyframe = "{\"engine\":{}}";
  if (*rc::gen::inRange(0, 4) == 0) record.rare = "{}";
  const bool other = before.empty() || *rc::gen::inRange(0, 4) == 0;
  record.row =
      other ? Row(*rc::gen::inRange<std::size_t>(0, 20), *rc::gen::inRange<std::size_t>(0, 4)) : before.back().row;
  for (double& value : record.row.values) {
    if (*rc::gen::inRange(0, 3) == 0) value = any_number();
  }
  return record;
}

void expect_same(const Record& in, const std::optional<Record>& out) {
  RC_ASSERT(out.has_value());
  RC_ASSERT(out->channel == in.channel && out->at_ms == in.at_ms);
  RC_ASSERT(out->reading == in.reading && out->has_step == in.has_step);
  RC_ASSERT(out->keyframe == in.keyframe && out->rare == in.rare);
  RC_ASSERT(out->row.same_layout(in.row) && out->row.values.size() == in.row.values.size());
  for (std::size_t i = 0; i < in.row.values.size(); ++i) RC_ASSERT(same(out->row.values[i], in.row.values[i]));
}

RC_GTEST_PROP(Codec, WhatGoesInComesOut, ()) {
  RecordWriter writer(1000);
  std::string numbers;
  std::string texts;
  std::vector<Record> records;
  for (int i = 0; i < 12; ++i) {
    records.push_back(any_record(records));
    writer.put(records.back(), numbers, texts);
  }
  numbers += writer.tail();
  RecordReader reader(1000, numbers, texts);
  for (const Record& record : records) expect_same(record, reader.next());
  for (int i = 0; i < 10000; ++i) {
    if (!reader.next()) return;
  }
  RC_FAIL("it goes on behind its end");
}

RC_GTEST_PROP(Codec, RubbishIsReadToItsEndAtMost, (const std::string& numbers, const std::string& texts)) {
  RecordReader reader(0, numbers, texts);
  for (int i = 0; i < 100000; ++i) {
    if (!reader.next()) return;
  }
  RC_FAIL("it goes on for ever");
}

/// A long recording in which nothing changes for a while and then everything: carries run through many bytes.
TEST(RangeCoder, DecisionsOfEveryProbabilityComeBack) {
  std::mt19937_64 random(11);
  RangeEncoder encoder;
  std::vector<Bit> models(50);
  std::vector<bool> decisions;
  std::vector<std::uint64_t> plain;
  std::string bytes;
  for (int i = 0; i < 300000; ++i) {
    const std::size_t model = random() % models.size();
    decisions.push_back(random() % 1000 < model * model / 3 && i % 50000 > 20000);
    encoder.bit(models[model], decisions.back());
    if (i % 1000 == 0) encoder.direct(64, plain.emplace_back(random() % 2 == 0 ? ~0ULL : random()));
    if (i % 77 == 0) bytes += encoder.take();
  }
  bytes += encoder.take() + encoder.tail();
  RangeDecoder decoder(bytes);
  random.seed(11);
  models.assign(50, {});
  std::size_t next = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::size_t model = random() % models.size();
    static_cast<void>(random());
    const auto at = static_cast<std::size_t>(i);
    ASSERT_EQ(decoder.bit(models[model]), decisions[at]) << i;
    if (i % 1000 != 0) continue;
    ASSERT_EQ(decoder.direct(64), plain[next++]) << i;
    if (random() % 2 != 0) static_cast<void>(random());
  }
  EXPECT_FALSE(decoder.overrun());
}

TEST(Snapped, OnlyTheNoiseOfAMultiplicationGoes) {
  EXPECT_EQ(snapped(3312 * 0.001), 3.312);
  EXPECT_EQ(snapped(-33 * 0.1), -3.3);
  EXPECT_EQ(snapped(3.1234567), 3.1234567);
  EXPECT_FALSE(std::signbit(snapped(-0.0)));
  EXPECT_EQ(snapped(1e300), 1e300);
  EXPECT_TRUE(std::isnan(snapped(kAbsent)));
}

TEST(Coarsened, NothingThatIsShownGoes) {
  Reading reading;
  reading.voltage_V = 53.1234;
  reading.current_A = -0.0049;
  reading.cells_V = {3.3125, std::nullopt};
  reading.temps_C = {-1.26};
  reading.soc_pct = 61.237;
  coarsen(reading);
  EXPECT_EQ(reading.voltage_V, 53.12);
  EXPECT_EQ(reading.current_A, 0);
  EXPECT_FALSE(std::signbit(*reading.current_A));
  EXPECT_EQ(reading.cells_V.front(), 3.313);
  EXPECT_EQ(reading.cells_V.back(), std::nullopt);
  EXPECT_EQ(reading.temps_C.front(), -1.3);
  EXPECT_EQ(reading.soc_pct, 61.237);
}

TEST(Trend, PointsAreFewHoweverLongItRuns) {
  Trend trend;
  Reading reading;
  constexpr std::int64_t kDay = 86400;
  constexpr std::int64_t kStep = 7;
  for (std::int64_t s = 0; s < 3 * kDay; s += kStep) {
    reading.current_A = s < 2 * kDay ? 1 : 3;
    reading.cells_V = {3.3, s == 24686 * kStep ? 3.6 : 3.4};
    trend.add(s * 1000, &reading, nullptr);
    ASSERT_LE(trend.points(), Trend::kMostPoints);
  }
  const auto json = trend.to_json(3 * kDay * 1000);
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
  for (std::int64_t s = 0; s < 600; ++s) {
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
