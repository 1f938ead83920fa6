// What was recorded replays to the same outputs, and it never takes more than its budget.
#include <gtest/gtest.h>

#include "installation.hpp"
#include "support/effort.hpp"
#include "support/restless.hpp"

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
  EXPECT_NE(boat.lines("bank").find("\"settings\":{\"bank_max_charge_a\""), std::string::npos);
  EXPECT_NE(boat.lines("bow").find("\"settings\":{\"cell_v_float\""), std::string::npos);
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

constexpr int kHours = test::effort(24, 1);

TEST(Recorder, ADayOfSixteenRestlessBatteriesAndTheirBankFits) {
  Recorder recorder;
  test::Restless bank(16, recorder);
  for (int t_s = 0; t_s < kHours * 3600; ++t_s) bank.second(t_s);
  RecordProperty("kilobytes", static_cast<int>(recorder.bytes() / 1024));
  EXPECT_EQ(recorder.kept_from(), TimePoint{}) << "nothing had to go";
  EXPECT_LE(recorder.bytes(), Options{}.budget_bytes);
  EXPECT_LE(recorder.bytes() * 24 / kHours, (kHours == 24 ? 1U : 2U) * Options{}.budget_bytes);
}

TEST(Recorder, ADayOfOneRestlessBatteryTakesHalfAMegabyte) {
  Recorder recorder;
  test::Restless battery(1, recorder);
  for (int t_s = 0; t_s < 4 * 3600; ++t_s) battery.second(t_s);
  EXPECT_LT(recorder.bytes() * 6, 800U << 10U);
}

}  // namespace
}  // namespace bms::recorder
