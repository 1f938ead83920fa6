#include "config/changes.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bms::config {
namespace {

using testing::ElementsAre;

Changes between(std::string_view before, std::string_view after) {
  return compare(load(before).config, load(after).config);
}

constexpr std::string_view kBase =
    "[battery:a]\ndriver = pack\nport = /dev/a\naddress = 1, 2\n[battery:b]\ndriver = pack\nport = /dev/b\n";

std::string base_and(std::string_view more) { return std::string(kBase) + std::string(more); }

TEST(Changes, NoneWhenOnlyTheTextDiffers) {
  EXPECT_TRUE(between(kBase, base_and("# a comment\n[limits]\nmax_charge_a = 50\n")).none());
}

TEST(Changes, LimitsAlone) {
  const auto changes = between(kBase, base_and("[limits:a_2]\nmax_charge_a = 5\n"));
  EXPECT_THAT(changes.limits, ElementsAre("a_2"));
  EXPECT_TRUE(changes.changed.empty());
  EXPECT_FALSE(changes.bank);
}

TEST(Changes, Batteries) {
  const auto changes = between(kBase,
                               "[battery:a]\ndriver = pack\nport = /dev/a\naddress = 2, 3\n"
                               "[battery:b]\ndriver = pack\nport = /dev/c\n");
  EXPECT_THAT(changes.added, ElementsAre("a_3"));
  EXPECT_THAT(changes.removed, ElementsAre("a_1"));
  EXPECT_THAT(changes.changed, testing::UnorderedElementsAre("a_2", "b"));  // a_2 is now "a 1" on the GX
  EXPECT_TRUE(changes.bank);
}

TEST(Changes, Sections) {
  EXPECT_TRUE(between(kBase, base_and("[daemon]\nlog_level = debug\n")).daemon);
  EXPECT_TRUE(between(kBase, base_and("[bank]\nenabled = no\n")).bank);
  EXPECT_TRUE(between(kBase, base_and("[output:x]\nfunction = pre-alarm\ntarget = relay:0\n")).outputs);
  EXPECT_TRUE(between(kBase, base_and("[remote]\nsource = dbus\n")).outputs);
  EXPECT_TRUE(between(kBase, base_and("[web]\nlisten = 127.0.0.1:8088\n")).web);
}

}  // namespace
}  // namespace bms::config
