#include <fmt/format.h>

#include "sim/battery.hpp"
#include "support/dialogue.hpp"
#include "system/daemon/rig.hpp"

// As many batteries on one line as the protocol allows, at the pace of its wire: each is published with its own
// values, and none is asked more often than another.
namespace bms {
namespace {

struct FullLine {
  std::string driver;
  unsigned first;  ///< addresses first .. first + count - 1
  unsigned count;
};
void PrintTo(const FullLine& line, std::ostream* out) { *out << line.driver; }

class OneLine : public test::Rig, public testing::WithParamInterface<FullLine> {
 protected:
  [[nodiscard]] std::string addresses() const {
    std::string list;
    for (unsigned i = 0; i < GetParam().count; ++i) list += (i > 0 ? "," : "") + std::to_string(GetParam().first + i);
    return list;
  }
  [[nodiscard]] static std::string suffix(unsigned address) { return fmt::format("dbusbms_rack_{:x}", address); }

  /// Of each battery: how often it was asked since the simulator began.
  std::vector<int> asked() {
    std::vector<int> counts;
    const auto truth = command(*simulators_.front(), {{"truth", true}}).at("truth");
    for (const auto& one : truth) counts.push_back(one.at("asked").get<int>());
    return counts;
  }
  /// The same since `before`.
  std::vector<int> asked_since(const std::vector<int>& before) {
    auto now = asked();
    for (std::size_t i = 0; i < now.size(); ++i) now[i] -= before[i];
    return now;
  }

  /// What the two first polls of a battery need, in questions.
  [[nodiscard]] static int questions_of_two_polls() {
    const DriverInfo& info = *find_driver(GetParam().driver);
    const auto driver = info.make({.address = GetParam().first, .cells = {}, .capacity_Ah = {}, .settings = {}});
    const auto device = info.simulate({GetParam().first, {}});
    sim::Battery battery({});
    test::Dialogue dialogue{*driver, test::answer_from(*device, battery.truth()), {}, {}, {}, {}};
    for (int poll = 0; poll < 2; ++poll) {
      if (!dialogue.run(driver->poll(TimePoint{} + std::chrono::seconds(poll)))) ADD_FAILURE() << "poll " << poll;
    }
    return static_cast<int>(dialogue.requests.size());
  }

  void start_all() {
    auto& simulator = simulate(GetParam().driver, addresses(), {"--frozen"});
    for (unsigned i = 0; i < GetParam().count; ++i) {
      command(simulator, {{"address", GetParam().first + i}, {"set", {{"soc_pct", 20 + 4 * i}}}});
    }
    configure_rack(GetParam().driver, addresses(), "[bank]\nenabled = no\n");
    start_daemon();
    const bool all = eventually(
        [&] {
          const auto there = services();
          const auto told = [](const auto& view) { return view.has("/Soc"); };
          return std::count_if(there.begin(), there.end(), told) == static_cast<std::ptrdiff_t>(GetParam().count);
        },
        std::chrono::seconds(180));
    ASSERT_TRUE(all) << daemon_->output();
  }
};

TEST_P(OneLine, EveryBatteryIsPublishedWithItsOwnValuesAndNoneIsPreferred) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  const auto truth = command(*simulators_.front(), {{"truth", true}}).at("truth");
  ASSERT_EQ(truth.size(), GetParam().count);
  for (unsigned i = 0; i < GetParam().count; ++i) {
    const auto view = service(suffix(GetParam().first + i));
    EXPECT_NEAR(view.number("/Soc").value_or(-1), truth.at(i).at("soc_pct").get<double>(), 0.051) << view.name;
    EXPECT_NEAR(view.number("/Soc").value_or(-1), 20 + 4 * i, 0.6) << view.name;
    EXPECT_EQ(view.number("/Connected"), 1);
  }
  const auto times = asked();
  const auto [fewest, most] = std::minmax_element(times.begin(), times.end());
  EXPECT_LE(*most - *fewest, questions_of_two_polls()) << "polls in turn never differ by more than one and a begun one";
}

INSTANTIATE_TEST_SUITE_P(Families, OneLine,
                         testing::Values(FullLine{"jk-pb", 1, 15}, FullLine{"daly", 1, 16},
                                         FullLine{"daly-modbus", 1, 16}, FullLine{"renogy", 0x30, 16},
                                         FullLine{"daren", 0, 16}, FullLine{"eg4", 0, 16}, FullLine{"eg4-ll", 1, 16}),
                         [](const auto& line) {
                           std::string text = line.param.driver;
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

class SilentOnALine : public OneLine {};

/// 15 of 16 answer; what the silent one costs is counted in questions, not in this machine's time.
TEST_P(SilentOnALine, IsAskedSoRarelyThatTheOthersKeepTheirRate) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  command(*simulators_.front(), {{"address", GetParam().first + 7}, {"fault", "silent"}});
  const int poll = questions_of_two_polls() / 2;
  const auto before = asked();
  constexpr int kPolls = 8;
  const auto others = [&] {
    auto gained = asked_since(before);
    gained.erase(gained.begin() + 7);
    return gained;
  };
  ASSERT_TRUE(eventually(
      [&] {
        const auto gained = others();
        return *std::min_element(gained.begin(), gained.end()) >= kPolls * poll;
      },
      std::chrono::seconds(180)));
  const auto gained = others();
  EXPECT_LE(*std::max_element(gained.begin(), gained.end()) - *std::min_element(gained.begin(), gained.end()),
            2 * poll);
  EXPECT_LT(asked_since(before)[7], *std::min_element(gained.begin(), gained.end()))
      << "three polls of all attempts, then one question now and then";
  EXPECT_FALSE(service(suffix(GetParam().first + 7)).name.empty()) << "the service of the silent one stays";
}

INSTANTIATE_TEST_SUITE_P(Families, SilentOnALine, testing::Values(FullLine{"jk-pb", 1, 15}),
                         [](const auto&) { return std::string("jk_pb"); });

}  // namespace
}  // namespace bms
