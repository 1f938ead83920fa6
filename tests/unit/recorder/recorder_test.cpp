// What was recorded replays to the same outputs, and it never takes more than its budget.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "installation.hpp"

namespace bms::recorder {
namespace {

using Output = Installation::Output;

std::vector<Output> of(const std::vector<Output>& outputs, const std::string& battery) {
  std::vector<Output> some;
  for (const auto& output : outputs) {
    if (output.battery == battery) some.push_back(output);
  }
  return some;
}

/// Each output of `replayed` is that of `original` at the same time, up to the last one; answers how many there were.
/// Times of an export count from the start of the recorder.
std::size_t expect_same_end(const std::vector<Output>& original, const std::vector<Output>& replayed,
                            std::int64_t start_ms) {
  if (replayed.size() > original.size()) {
    ADD_FAILURE() << replayed.size() << " of " << original.size() << " " << replayed.back().text;
    return 0;
  }
  const std::size_t skipped = original.size() - replayed.size();
  for (std::size_t i = 0; i < replayed.size(); ++i) {
    const Output& was = original[skipped + i];
    if (replayed[i].ms + start_ms == was.ms && replayed[i].text == was.text) continue;
    ADD_FAILURE() << "step " << i << " of " << replayed.size() << " of " << was.battery << " at " << was.ms << " ms, "
                  << replayed[i].ms + start_ms << " ms\n"
                  << was.text << "\n"
                  << replayed[i].text;
    return 0;
  }
  return replayed.size();
}

TEST(Recorder, HoursReplayToTheSameOutputs) {
  Installation boat({});
  boat.run(1700);
  EXPECT_GT(boat.outputs.back().ms, 2 * 3600000);
  const auto replayed = boat.replayed();
  ASSERT_EQ(replayed.size(), boat.outputs.size()) << (replayed.empty() ? "" : replayed.back().text);
  for (const char* battery : {"bow", "stern_2", "bank"}) {
    EXPECT_GT(expect_same_end(of(boat.outputs, battery), of(replayed, battery), boat.outputs.front().ms), 1699U);
  }
}

TEST(Recorder, AWindowThatBeginsMidLifeReplaysToo) {
  for (const unsigned seed : {2U, 3U}) {
    Installation boat({.budget_bytes = 120000, .chunk_bytes = 3000}, seed);
    boat.run(2500);
    EXPECT_LE(boat.recorder.bytes(), 120000U + 16384U);
    const auto replayed = boat.replayed();
    for (const char* battery : {"bow", "stern_2", "bank"}) {
      const auto all = of(boat.outputs, battery);
      const std::size_t same = expect_same_end(all, of(replayed, battery), boat.outputs.front().ms);
      EXPECT_GT(same, 200U) << battery;
      EXPECT_LT(same, all.size() - 200) << "the oldest part should be gone";
    }
  }
}

TEST(Recorder, OneBatteryAloneIsEnough) {
  Installation boat({});
  boat.run(300);
  const auto replayed = boat.replayed("stern_2");
  EXPECT_EQ(expect_same_end(of(boat.outputs, "stern_2"), replayed, boat.outputs.front().ms), 300U);
  EXPECT_EQ(boat.lines("stern_2").find("\"bow\""), std::string::npos);
}

TEST(Recorder, NothingOlderThanTheSpanIsKept) {
  Installation boat({.span = std::chrono::hours(3)});
  boat.longest_step_ms = 60000;
  boat.run(10);
  const auto kept_s = [&boat] {
    const std::string lines = boat.lines("bow");
    const auto time_after = [&lines](std::size_t at) { return std::stod(lines.substr(lines.find("\"t\":", at) + 4)); };
    return time_after(lines.rfind('\n', lines.size() - 2)) - time_after(lines.find('\n'));
  };
  while (boat.outputs.back().ms < 12 * 3600000LL) boat.run(100);
  EXPECT_LT(kept_s(), 6 * 3600);
  EXPECT_GT(kept_s(), 2.5 * 3600);
}

TEST(Recorder, StatesAreToldAnewWithAnotherConfiguration) {
  Installation boat({});
  boat.run(50);
  const auto count = [&boat] {
    const std::string lines = boat.lines();
    std::size_t found = 0;
    for (std::size_t at = 0; (at = lines.find("\"engine\"", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count(), 3U);
  boat.recorder.restate();
  boat.run(50);
  EXPECT_EQ(count(), 6U);
}

TEST(Recorder, LinesCarryWhatWasPublished) {
  Installation boat({});
  boat.run(100);
  std::istringstream lines(boat.lines("bow"));
  std::string text;
  nlohmann::json last;
  for (std::getline(lines, text); std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    if (line.contains("out")) last = line["out"];
  }
  EXPECT_EQ(last["ccl_A"], boat.last_of_bow().ccl.value_A);
  EXPECT_EQ(last["cvl_V"], boat.last_of_bow().cvl.value_V);
  EXPECT_EQ(last["phase"], to_string(boat.last_of_bow().phase));
}

TEST(Recorder, AnEmptyOneIsAHeaderOnly) {
  const Recorder recorder;
  std::ostringstream out;
  EXPECT_EQ(export_lines(archived(recorder), "", out), "");
  EXPECT_EQ(out.str(), "{\"t\":0,\"recording\":1}\n");
}

TEST(Recorder, DamagedArchivesAreRefused) {
  Installation boat({.chunk_bytes = 4000});
  boat.run(30);
  const std::string good = archived(boat.recorder);
  std::ostringstream out;
  EXPECT_NE(export_lines("rubbish", "", out), "");
  EXPECT_NE(export_lines("", "", out), "");
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    std::string bad = good;
    if (i % 3 == 0) {
      bad.resize(random() % bad.size());
    } else {
      bad[random() % bad.size()] ^= static_cast<char>(1U << random() % 8);
    }
    std::ostringstream lines;
    static_cast<void>(export_lines(bad, "", lines));  // whatever it says: no harm, no end of memory
    EXPECT_LT(lines.str().size(), 5000000U);
  }
}

/// An archive of one battery "a" with one record, as `header` and `keyframe` say.
std::string archive_with(const std::string& header, const std::string& keyframe) {
  std::string archive;
  ArchiveWriter writer([&](std::string_view bytes) { archive += bytes; }, header);
  Record record;
  record.keyframe = keyframe;
  std::string texts;
  std::string numbers;
  RecordWriter records(0);
  records.put(record, numbers, texts);
  writer.begin_group(0, true, 1);
  writer.texts(packed(texts), static_cast<std::uint32_t>(texts.size()));
  writer.numbers(numbers + records.tail());
  writer.end_group();
  return archive;
}

TEST(Recorder, WhatIsJsonButNoRecordingIsRefused) {
  const std::string header = R"({"channels":[{"name":"a"}]})";
  std::ostringstream out;
  EXPECT_EQ(export_lines(archive_with(header, R"({"state":{}})"), "", out), "");
  EXPECT_EQ(export_lines(archive_with(header, "[1]"), "", out), "damaged");
  EXPECT_EQ(export_lines(archive_with(header, "7"), "", out), "damaged");
  EXPECT_EQ(export_lines(archive_with(R"({"channels":[{"name":"a","bank":"yes"}]})", ""), "", out), "");
  EXPECT_EQ(export_lines(archive_with(R"({"channels":[{"name":7}]})", ""), "", out), "header damaged");
}

TEST(Recorder, TextsCannotClaimMoreThanZlibPacks) {
  std::string archive;
  ArchiveWriter writer([&](std::string_view bytes) { archive += bytes; }, R"({"channels":[{"name":"a"}]})");
  writer.begin_group(0, true, 0);
  writer.texts(packed("x"), 16U << 20U);
  writer.end_group();
  std::ostringstream out;
  EXPECT_EQ(export_lines(archive, "", out), "damaged");
}

/// Sixteen batteries, none of whose numbers ever rests: cells tremble by 0.6 mV (1 sigma) around a load that comes and
/// goes, the current by 0.3 A, answers come a few milliseconds early or late.
class Restless {
 public:
  explicit Restless(std::size_t batteries) {
    for (std::size_t i = 0; i < batteries; ++i) {
      channels_.push_back(recorder.add(fmt::format("rack_{}", i + 1)));
      Reading& reading = readings_.emplace_back();
      reading.cells_V.assign(16, 3.3);
      reading.alarms.emplace();
      reading.charge_fet = reading.discharge_fet = true;
      reading.capacity_Ah = 280;
    }
    bank_ = recorder.add_bank("bank", channels_);
    std::normal_distribution<double> normal;
    for (double& one : noise_) one = normal(random_);
    limits_.started = true;
  }

  void second(int t_s) {
    const double load_A = 30 * std::sin(t_s / 600.0) + t_s / 97 % 3 * 10;
    const double level_V = 3.30 + 0.02 * std::sin(t_s / 20000.0) + load_A * 0.0003;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      measure(readings_[i], t_s, load_A, level_V);
      const std::int64_t at_ms = t_s * 1000LL + static_cast<std::int64_t>(i) * 60 + static_cast<int>(random_() % 7);
      const TimePoint now = to_tick(TimePoint{std::chrono::milliseconds(at_ms)});
      limits::Input input;
      input.reading = &readings_[i];
      limits_.soc_pct = readings_[i].soc_pct;
      recorder.before(channels_[i], {}, {}, now);
      recorder.after(channels_[i], input, limits_, now);
      if (i + 1 < channels_.size()) continue;
      recorder.before_bank(bank_, {}, now);
      recorder.after_bank(bank_, {}, readings_[i], limits_, now);
    }
  }

  Recorder recorder;

 private:
  double noise() { return noise_[random_() % noise_.size()]; }

  void measure(Reading& reading, int t_s, double load_A, double level_V) {
    double sum_V = 0;
    for (std::size_t cell = 0; cell < reading.cells_V.size(); ++cell) {
      reading.cells_V[cell] = level_V + 0.002 * static_cast<double>(cell) + 0.0006 * noise();
      sum_V += *reading.cells_V[cell];
    }
    reading.voltage_V = sum_V + 0.003 * noise();
    reading.current_A = load_A + 0.3 * noise();
    reading.temps_C = {21 + 0.1 * (t_s / 300 % 7), 22.0};
    reading.soc_pct = 50 + 0.1 * (t_s / 600 % 200);
    reading.remaining_Ah = 140 + t_s * 0.0005;
    coarsen(reading);
    snap(reading);
  }

  std::mt19937 random_{5};
  std::array<double, 4096> noise_{};
  std::vector<std::size_t> channels_;
  std::size_t bank_ = 0;
  std::vector<Reading> readings_;
  limits::Limits limits_;
};

#ifdef __SANITIZE_ADDRESS__
constexpr int kHours = 2;  // ten times as slow
#else
constexpr int kHours = 24;
#endif

TEST(Recorder, ADayOfSixteenRestlessBatteriesAndTheirBankFits) {
  Restless bank(16);
  for (int t_s = 0; t_s < kHours * 3600; ++t_s) bank.second(t_s);
  RecordProperty("kilobytes", static_cast<int>(bank.recorder.bytes() / 1024));
  EXPECT_EQ(bank.recorder.kept_from(), TimePoint{}) << "nothing had to go";
  EXPECT_LE(bank.recorder.bytes(), Options{}.budget_bytes);
  EXPECT_LE(bank.recorder.bytes() * 24 / kHours, (kHours == 24 ? 1U : 2U) * Options{}.budget_bytes);
}

TEST(Recorder, ADayOfOneRestlessBatteryTakesHalfAMegabyte) {
  Restless battery(1);
  for (int t_s = 0; t_s < 4 * 3600; ++t_s) battery.second(t_s);
  EXPECT_LT(battery.recorder.bytes() * 6, 800U << 10U);
}

}  // namespace
}  // namespace bms::recorder
