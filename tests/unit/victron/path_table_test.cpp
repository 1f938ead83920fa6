#include "victron/path_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "source_dir.hpp"

namespace bms::victron {
namespace {

TEST(PathTable, PatternsFindTheirPaths) {
  EXPECT_EQ(path_info("/Voltages/Cell16")->pattern, "/Voltages/Cell<n>");
  EXPECT_EQ(path_info("/Battery/12/Cell/3/Voltage")->pattern, "/Battery/<n>/Cell/<m>/Voltage");
  EXPECT_EQ(path_info("/Diagnostics/Module3/Alarms/LowSoc")->pattern, "/Diagnostics/Module<n>/Alarms/*");
  EXPECT_EQ(path_info("/System/Temperature2Name")->pattern, "/System/Temperature<n>Name");
  for (const char* path : {"/Voltages/Cell", "/Voltages/Cell1x", "/Nope", "/Diagnostics/Module3/Alarms/a/b", "/"}) {
    EXPECT_EQ(path_info(path), nullptr) << path;
  }
}

TEST(PathTable, PatternsAreUnique) {
  std::set<std::string_view> seen;
  for (const auto& row : path_table()) EXPECT_TRUE(seen.insert(row.pattern).second) << row.pattern;
}

TEST(PathTable, NoPathIsBothValueAndBranch) {
  for (const auto& row : path_table()) {
    for (const auto& other : path_table()) {
      EXPECT_FALSE(other.pattern.starts_with(std::string(row.pattern) + "/")) << row.pattern << " " << other.pattern;
    }
  }
}

// The documentation is the table. After a change: DBUS_BMS_WRITE_DOCS=1 unit_victron --gtest_filter=PathTable.*
TEST(PathTable, IsTheDocumentation) {
  const std::string file = std::string(kSourceDir) + "/docs/dbus-paths.md";
  std::stringstream content;
  content << std::ifstream(file).rdbuf();
  const std::string mark = "<!-- table -->\n";
  const auto start = content.str().find(mark);
  ASSERT_NE(start, std::string::npos) << file;
  const std::string head = content.str().substr(0, start + mark.size());
  if (std::getenv("DBUS_BMS_WRITE_DOCS") != nullptr)
    std::ofstream(file) << head << path_table_markdown();
  else
    EXPECT_EQ(content.str().substr(start + mark.size()), path_table_markdown());
}

}  // namespace
}  // namespace bms::victron
