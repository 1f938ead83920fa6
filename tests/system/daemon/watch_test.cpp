#include "support/terminal.hpp"
#include "system/daemon/rig.hpp"

// `dbus-bms status --watch` as it stands on a terminal of 80 columns, over ssh or not.
namespace bms {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Watch : public test::Rig {
 protected:
  std::unique_ptr<test::Terminal> watch(int rows, const std::string& locale, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{DBUS_BMS_PROGRAM, "status", "--watch"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto all = environment();
    all["LC_ALL"] = locale;
    return std::make_unique<test::Terminal>(arguments, 80, rows, all);
  }
  void start() {
    simulate(test::bus_driver(), "1,2,3", {"--soc", "61"});
    configure_rack(test::bus_driver(), "1,2,3");
    start_daemon();
    ASSERT_TRUE(appears("dbusbms_bank"));
  }
};

TEST_F(Watch, ABankOfThreeIsOneScreenAndNothingIsLeftOfTheFrameBefore) {
  start();
  auto screen = watch(24, "C.UTF-8");
  ASSERT_TRUE(screen->becomes([&] { return screen->frames() >= 3; })) << screen->text();
  EXPECT_FALSE(screen->overflown());
  const std::string text = screen->text();
  EXPECT_THAT(text, AllOf(HasSubstr("Battery bank"), HasSubstr("House 3"), HasSubstr("CVL"), HasSubstr("\u2588")));
  EXPECT_EQ(text.find("Battery bank"), text.rfind("Battery bank")) << text;
  EXPECT_EQ(screen->lines()[0][0].character, "B");
  EXPECT_TRUE(screen->lines()[0][0].bold);
  EXPECT_FALSE(screen->lines()[0][0].dim) << "the frame before ended with its colours put back";
  screen->type("\x03");
  EXPECT_EQ(screen->exit_code(), 0);
}

TEST_F(Watch, WhatDoesNotFitIsSaidAndAPlainTerminalGetsPlainCharacters) {
  start();
  auto small = watch(9, "C");
  ASSERT_TRUE(small->becomes([&] { return small->frames() >= 2; })) << small->text();
  EXPECT_FALSE(small->overflown());
  EXPECT_THAT(small->text(),
              AllOf(HasSubstr("more lines on a taller screen; Ctrl-C ends this"), Not(HasSubstr("\u2588"))));
  auto cells = watch(30, "C", {"rack_3"});
  ASSERT_TRUE(cells->becomes([&] { return cells->frames() >= 1; })) << cells->text();
  EXPECT_FALSE(cells->overflown());
  EXPECT_THAT(cells->text(), AllOf(HasSubstr("House 3"), HasSubstr("16 3.3"), HasSubstr("spread")));
}

}  // namespace
}  // namespace bms
