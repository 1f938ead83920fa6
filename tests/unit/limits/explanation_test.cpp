// "Why limited" (limit-engine chapter 11): everything that counts is listed, with its input, and where each limit goes.
#include <set>

#include "limits/json.hpp"
#include "limits/json_text.hpp"
#include "scenario.hpp"

namespace bms::limits {
namespace {

std::set<std::string> ids(const std::vector<Cause>& why) {
  std::set<std::string> all;
  for (const Cause& cause : why) all.emplace(cause.id);
  return all;
}

TEST(Explanation, EveryConstraintIsListedActiveOrNot) {
  Scenario s;
  s.base(cells(3.330)).run(1);
  const std::set<std::string> currents = {"cfg_max", "cell_v", "cell_hard",      "temp",      "mosfet",
                                          "soc",     "fet",    "bms_protection", "bms_limit", "comm"};
  std::set<std::string> charging = currents;
  charging.insert({"cell_diff", "pack_stop", "alternator"});
  std::set<std::string> discharging = currents;
  discharging.insert("soc_floor");
  EXPECT_EQ(ids(s[1].ccl.why), charging);
  EXPECT_EQ(ids(s[1].dcl.why), discharging);
  EXPECT_EQ(ids(s[1].cvl.why), (std::set<std::string>{"phase", "bounds", "cell_reg", "enforce", "bms_cvl", "comm"}));
  for (const auto* why : {&s[1].ccl.why, &s[1].dcl.why, &s[1].cvl.why}) {
    for (const Cause& cause : *why) {
      EXPECT_FALSE(cause.text().empty()) << cause.id;
      EXPECT_EQ(cause.value.has_value(), cause.status != Cause::Status::inactive) << cause.id;
    }
  }
}

TEST(Explanation, TheDocumentNamesInputsTargetsAndHolds) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.330)).at(10, cells(3.330, 3.500)).at(20, cells(3.330)).run(30);
  const auto limited = to_json(s[10], 10);
  const auto& cell = limited.at("why").at("ccl").at(0);
  EXPECT_EQ(cell.at("id"), "cell_v");
  EXPECT_EQ(cell.at("input"), 3.5);
  EXPECT_EQ(cell.at("unit"), "V");
  EXPECT_EQ(limited.at("ccl").at("target_A"), 40);
  const auto held = to_json(s[30], 30);
  EXPECT_EQ(held.at("ccl").at("state"), "hold");
  EXPECT_EQ(held.at("ccl").at("target_A"), 100);
  EXPECT_EQ(held.at("ccl").at("hold_s"), 20);
  EXPECT_EQ(held.at("why").at("ccl").at(0).at("id"), "cell_v") << "what caused the last restriction";
  EXPECT_EQ(held.at("why").at("ccl").at(0).at("recovering"), true);
}

TEST(Explanation, TheTextIsTheDocument) {
  Scenario s;
  s.base(R"("current_A": -30, )" + cells(3.330)).at(10, cells(3.330, 3.500)).at(20, cells(2.9)).run(60);
  for (const int t : {1, 10, 20, 30, 60}) {
    auto limits = s[t];
    limits.ccl.why.front().name = std::string_view("the \"old\" \\ one");
    limits.ccl.why.front().sentence = Sentence::request;
    auto document = to_json(limits, 0);
    document.erase("t");
    EXPECT_EQ(nlohmann::ordered_json::parse(json_text(limits)).dump(), document.dump());
  }
}

TEST(Explanation, AShortTextKeepsWhatActs) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.330)).at(10, cells(3.330, 3.500)).run(10);
  const auto all = nlohmann::json::parse(json_text(s[10])).at("why").at("ccl");
  const auto acting = nlohmann::json::parse(json_text(s[10], 2)).at("why").at("ccl");
  ASSERT_EQ(acting.size(), 2U);
  EXPECT_LT(acting.size(), all.size());
  EXPECT_EQ(acting.at(0), all.at(0));
  for (const auto& cause : acting) EXPECT_FALSE(cause.contains("status"));
}

TEST(Explanation, TheChargeVoltageSaysWhereItGoes) {
  Scenario s;
  s.base(R"("current_A": 30, )" + cells(3.330)).at(10, cells(3.330, 3.500)).at(20, cells(3.330)).run(300);
  EXPECT_EQ(s[5].cvl.shaping, Shaping::direct);
  EXPECT_NEAR(s[5].cvl.target_V, 55.20, 1e-9);
  EXPECT_NEAR(s[30].cvl.target_V, 55.20, 1e-9) << "when the regulation has come to rest";
  EXPECT_EQ(s[30].cvl.shaping, Shaping::hold);
  EXPECT_NEAR(s[30].cvl.hold_remaining_s, 50, 1e-9);
  EXPECT_EQ(s[100].cvl.shaping, Shaping::ramp);
  EXPECT_EQ(s[100].cvl.why.front().id, id::kCellReg);

  Scenario down;
  down.base(cells(3.447)).run(2000);
  EXPECT_EQ(down[1000].cvl.shaping, Shaping::ramp) << "from absorption to float";
  EXPECT_NEAR(down[1000].cvl.target_V, 54.0, 1e-9);

  Scenario lost;
  lost.base(cells(3.330)).at(50, R"("link": false)").at(120, R"("link": true)").run(250);
  EXPECT_NEAR(lost[110].cvl.target_V, 54.0, 1e-9);
  EXPECT_EQ(lost[121].cvl.shaping, Shaping::hold);
  EXPECT_EQ(lost[121].cvl.why.front().id, id::kComm);
  EXPECT_TRUE(lost[121].cvl.why.front().recovering);
}

TEST(Explanation, APhaseChangeKnowsWhatItSaw) {
  Scenario s;
  s.base(cells(3.400)).at(5, cells(3.440, 3.4505)).run(6);
  EXPECT_TRUE(s[5].events.phase_changed);
  EXPECT_NEAR(s[5].events.highest_cell_V, 3.4505, 1e-9);
  EXPECT_NEAR(s[5].events.pack_V, 15 * 3.440 + 3.4505, 1e-9);
  EXPECT_NEAR(s[5].events.spread_V, 0.0105, 1e-9);
}

TEST(TimeToSoc, PointsOnTheWayDown) {
  Scenario s;
  s.config().discharge_floor_soc = 15;
  s.base(R"("soc_pct": 60, "current_A": -20, )" + cells(3.300)).run(1);
  const auto& times = s[1].time_to_soc_s;
  EXPECT_EQ(times[0], std::nullopt) << "below the floor";
  EXPECT_EQ(times[1], std::nullopt);
  EXPECT_NEAR(times[2].value(), 0.4 * 100 / 20 * 3600, 1);
  EXPECT_NEAR(times[5].value(), 0.1 * 100 / 20 * 3600, 1);
  EXPECT_EQ(times[7], std::nullopt) << "not on the way";
  EXPECT_EQ(to_json(s[1], 1).at("time_to_soc_s").size(), 5U) << "60 is reached: 0 s";
}

TEST(TimeToSoc, PointsOnTheWayUpAndNoneAtRest) {
  Scenario up;
  up.base(R"("soc_pct": 60, "current_A": 25, )" + cells(3.330)).run(120);
  EXPECT_NEAR(up[120].time_to_soc_s[10].value(), 0.4 * 100 / 25 * 3600, 5);
  EXPECT_NEAR(up[120].time_to_soc_s[7].value(), 0.1 * 100 / 25 * 3600, 5);
  EXPECT_EQ(up[120].time_to_soc_s[5], std::nullopt);
  EXPECT_EQ(up[120].ttg_s, std::nullopt);
  Scenario rest;
  rest.base(cells(3.330)).run(120);
  for (const auto& time : rest[120].time_to_soc_s) EXPECT_EQ(time, std::nullopt);
}

}  // namespace
}  // namespace bms::limits
