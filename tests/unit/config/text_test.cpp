#include "config/text.hpp"

#include <gmock/gmock.h>

#include <array>

#include "config/ini.hpp"

namespace bms::config::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, Numbers) {
  EXPECT_EQ(number(" 2.5 "), 2.5);
  EXPECT_EQ(number(".25"), .25);
  EXPECT_EQ(number("-1e-3"), -1e-3);
  for (const auto* wrong : {"", " ", "x", "1x", "1,5", "0x10", "nan", "inf", "1e999", "--1", "1 2"}) {
    EXPECT_EQ(number(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(whole("15"), 15U);
  EXPECT_EQ(whole("0xfF"), 255U);
  for (const auto* wrong : {"", "-1", "+1", "1.0", "0x", "0xg", "4294967296", "1 x"}) {
    EXPECT_EQ(whole(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(boolean("YES"), true);
  EXPECT_EQ(boolean("off"), false);
  EXPECT_EQ(boolean("2"), std::nullopt);
  EXPECT_THAT(list(" a, b ,,c"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(list("  "), IsEmpty());
}

TEST(Text, NearestSpelling) {
  constexpr std::array<std::string_view, 4> kWords = {"max_charge_a", "max_discharge_a", "port", "name"};
  EXPECT_EQ(nearest("max_chagre_a", kWords), "max_charge_a");
  EXPECT_EQ(nearest("MAX_DISCHARGE_A", kWords), "max_discharge_a");
  EXPECT_EQ(nearest("prot", kWords), "port");
  EXPECT_EQ(nearest("nme", kWords), "name");
  EXPECT_EQ(nearest("something_else", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest(std::string(10000, 'x'), kWords), "");
}

TEST(Text, CleanIsUtf8WithoutControls) {
  for (const auto* good : {"", "plain", "tab\there", "Häuschen", "€ 日本 🔋"}) EXPECT_TRUE(clean(good)) << good;
  for (const auto* bad : {"\x1b[0m", "\x7f", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80", "a\nb",
                          "\xe2\x82", "\xc2\x9b[31m"}) {
    EXPECT_FALSE(clean(bad)) << printable(bad);
  }
}

TEST(Text, PrintableIsShortAndHarmless) {
  EXPECT_EQ(printable("abc"), "abc");
  EXPECT_EQ(printable("a\x1b[0m"), "a\\x1b[0m");
  EXPECT_EQ(printable("H\xE4u"), "H\\xe4u");
  EXPECT_EQ(printable("Häu"), "Häu");
  EXPECT_EQ(printable(std::string(100, 'x'), 5), "xxxxx...");
  EXPECT_TRUE(clean(printable("ääääääää", 5)));
}

}  // namespace
}  // namespace bms::config::text
