#include "victron/item_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace bms::victron {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Format kVolt = {.decimals = 2, .unit = "V", .min = 0, .max = 1000};
constexpr Format kCellVolt = {.decimals = 3, .unit = "V", .min = 0, .max = 10};
constexpr Format kFlag = {.kind = Kind::integer, .min = 0, .max = 1};
constexpr Format kText = {.kind = Kind::text};

std::vector<std::string> changed_paths(ItemTree& tree) {
  std::vector<std::string> paths;
  for (const Item* item : tree.take_changes()) paths.emplace_back(item->path);
  return paths;
}

TEST(ItemTree, ChangesBelowTheDisplayResolutionAreNoChanges) {
  ItemTree tree;
  Item* volts = tree.add("/Dc/0/Voltage", kVolt, 53.201);
  Item* cell = tree.add("/Voltages/Cell1", kCellVolt, 3.3301);
  tree.take_changes();
  EXPECT_FALSE(tree.set(volts, 53.204));
  EXPECT_FALSE(tree.set(cell, 3.3304));
  EXPECT_THAT(changed_paths(tree), IsEmpty());
  EXPECT_TRUE(tree.set(volts, 53.206));
  EXPECT_TRUE(tree.set(cell, 3.3306));
  EXPECT_EQ(volts->value, Value(53.21));
  EXPECT_EQ(volts->text(), "53.21V");
  EXPECT_EQ(cell->text(), "3.331V");
  EXPECT_THAT(changed_paths(tree), ElementsAre("/Dc/0/Voltage", "/Voltages/Cell1"));
}

TEST(ItemTree, EachChangedItemIsTakenOnce) {
  ItemTree tree;
  Item* soc = tree.add("/Soc", {.decimals = 1, .unit = "%", .min = 0, .max = 100});
  EXPECT_THAT(changed_paths(tree), ElementsAre("/Soc")) << "a new path is announced";
  tree.set(soc, 50.0);
  tree.set(soc, 51.0);
  EXPECT_TRUE(tree.has_changes());
  EXPECT_THAT(changed_paths(tree), ElementsAre("/Soc"));
  EXPECT_FALSE(tree.has_changes());
  tree.set(soc, {});
  EXPECT_THAT(changed_paths(tree), ElementsAre("/Soc")) << "becoming invalid is a change";
}

TEST(ItemTree, WhatKillsConsumersBecomesInvalid) {
  ItemTree tree;
  Item* volts = tree.add("/Dc/0/Voltage", kVolt, 12.0);
  Item* flag = tree.add("/Io/AllowToCharge", kFlag, 1);
  Item* name = tree.add("/ProductName", kText, "Battery");
  const Value bad[] = {std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity(),
                       -0.1,
                       1000.1,
                       1e300,
                       std::string("12"),
                       {}};
  for (const Value& value : bad) {
    tree.set(volts, 12.0);
    tree.set(volts, value);
    EXPECT_FALSE(is_valid(volts->value));
    EXPECT_EQ(volts->text(), "---");
  }
  tree.set(flag, 2);
  EXPECT_FALSE(is_valid(flag->value));
  tree.set(name, 7);
  EXPECT_FALSE(is_valid(name->value));
}

TEST(ItemTree, APathKeepsItsType) {
  ItemTree tree;
  Item* volts = tree.add("/Dc/0/Voltage", kVolt, 12);
  Item* flag = tree.add("/Io/AllowToCharge", kFlag, 1.0);
  EXPECT_TRUE(std::holds_alternative<double>(volts->value));
  EXPECT_TRUE(std::holds_alternative<std::int32_t>(flag->value));
  tree.set(volts, -0.001);
  EXPECT_FALSE(is_valid(volts->value));
  Item* amps = tree.add("/Dc/0/Current", {.unit = "A"}, -0.001);
  EXPECT_EQ(amps->text(), "0.00A") << "no negative zero";
}

TEST(ItemTree, TextsBecomeCleanUtf8) {
  ItemTree tree;
  Item* serial = tree.add("/Serial", kText);
  tree.set(serial, std::string("AB\xff\x01\xc3\xa4\xed\xa0\x80Z\0n", 12));
  EXPECT_EQ(serial->value, Value(std::string("AB?\xc3\xa4???Zn")));
  tree.set(serial, std::string(kMaxText + 100, 'x'));
  EXPECT_EQ(std::get<std::string>(serial->value).size(), kMaxText);
}

TEST(ItemTree, TextsCannotPlayWithATerminal) {
  // U+0085 and U+009B are control characters as well, of one byte in the terminal's eyes.
  EXPECT_EQ(normalised(kText, std::string("a\xC2\x85\xC2\x9B"
                                          "31m\x1B[0m\x7F")),
            Value(std::string("a31m[0m")));
  EXPECT_EQ(normalised(kText, std::string("20 \xC2\xB0"
                                          "C")),
            Value(std::string("20 \xC2\xB0"
                              "C")));
}

TEST(ItemTree, NoPathIsBothValueAndBranch) {
  ItemTree tree;
  ASSERT_NE(tree.add("/Dc/0/Voltage", kVolt), nullptr);
  EXPECT_EQ(tree.add("/Dc/0", kVolt), nullptr);
  EXPECT_EQ(tree.add("/Dc", kVolt), nullptr);
  EXPECT_EQ(tree.add("/Dc/0/Voltage/Raw", kVolt), nullptr);
  EXPECT_EQ(tree.add("/Dc/0/Voltage", kVolt), nullptr);
  EXPECT_NE(tree.add("/Dc0", kVolt), nullptr);
  for (const char* path : {"", "/", "Soc", "/Soc/", "//Soc", "/So c", "/S-c", "/\xc3\xa4"}) {
    EXPECT_EQ(tree.add(path, kVolt), nullptr) << path;
  }
}

TEST(ItemTree, BranchesListTheirLeavesWithRelativeKeys) {
  ItemTree tree;
  for (const char* path : {"/Dc/0/Voltage", "/Dc/0/Current", "/Dc/1/Voltage", "/Soc", "/Dc0"}) tree.add(path, kVolt);
  std::vector<std::string> keys;
  for (const auto& [key, item] : tree.below("/Dc")) keys.emplace_back(key);
  EXPECT_THAT(keys, ElementsAre("0/Current", "0/Voltage", "1/Voltage"));
  EXPECT_EQ(tree.below("/").size(), 5U);
  EXPECT_EQ(tree.below("/").front().first, "Dc/0/Current");
  EXPECT_TRUE(tree.is_branch("/"));
  EXPECT_TRUE(tree.is_branch("/Dc/1"));
  EXPECT_FALSE(tree.is_branch("/Soc"));
  EXPECT_FALSE(tree.is_branch("/D"));
  EXPECT_THAT(tree.branches(), ElementsAre("/Dc", "/Dc/0", "/Dc/1"));
}

TEST(Converted, NumbersAreConvertedWhereNothingIsLost) {
  EXPECT_EQ(converted(kVolt, 12), Value(12.0));
  EXPECT_EQ(converted(kFlag, 1.0), Value(1));
  EXPECT_EQ(converted(kFlag, 0.5), std::nullopt);
  EXPECT_EQ(converted(kFlag, 2), std::nullopt);
  EXPECT_EQ(converted(kFlag, std::numeric_limits<double>::quiet_NaN()), std::nullopt);
  EXPECT_EQ(converted(kFlag, std::string("1")), std::nullopt);
  EXPECT_EQ(converted(kFlag, Value{}), std::nullopt);
  EXPECT_EQ(converted({.kind = Kind::integer, .min = -1e12, .max = 1e12}, 3e9), std::nullopt);
}

TEST(Converted, ANameIsNeverANumber) {
  EXPECT_EQ(converted(kText, std::string("House")), Value(std::string("House")));
  EXPECT_EQ(converted(kText, 5), std::nullopt);
  EXPECT_EQ(converted(kText, 5.0), std::nullopt);
  EXPECT_EQ(converted(kText, Value{}), std::nullopt);
  EXPECT_EQ(converted(kText, std::string(kMaxWrittenText + 1, 'x')), std::nullopt);
}

}  // namespace
}  // namespace bms::victron
