#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "bms/driver.hpp"
#include "source_dir.hpp"

// docs/batteries.md says what the drivers say of themselves.
namespace bms {
namespace {

std::map<std::string, std::string> rows_of(const std::string& file) {
  std::ifstream in(std::string(kSourceDir) + "/" + file);
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| `")) rows.emplace(line.substr(3, line.find('`', 3) - 3), line);
  }
  return rows;
}

void expect_in(const std::string& row, const std::string& text) {
  EXPECT_NE(row.find("| " + text + " |"), std::string::npos) << text << " is not in\n" << row;
}

TEST(BatteriesTable, AgreesWithTheDrivers) {
  const auto rows = rows_of("docs/batteries.md");
  for (const DriverInfo& info : drivers()) {
    ASSERT_TRUE(rows.contains(std::string(info.name))) << info.name;
    if (info.name == "example") continue;
    const std::string& row = rows.at(std::string(info.name));
    EXPECT_EQ(std::count(row.begin(), row.end(), '|'), 9) << row;
    const auto bauds = info.probe_bauds.empty() ? std::vector<unsigned>{info.baud} : info.probe_bauds;
    expect_in(row, fmt::format("{}", fmt::join(bauds, ", ")));
    expect_in(row, info.has_address ? fmt::format("{} to {}", info.address_min, info.address_max) : "none");
    std::string switched = info.can_switch_fets ? "charge, discharge" : "";
    if (info.can_set_soc) switched += switched.empty() ? "SoC" : ", SoC";
    expect_in(row, switched.empty() ? "nothing" : switched);
  }
}

TEST(BatteriesTable, TheReadmeHasEveryDriver) {
  const auto rows = rows_of("README.md");
  for (const DriverInfo& info : drivers()) EXPECT_TRUE(rows.contains(std::string(info.name))) << info.name;
}

}  // namespace
}  // namespace bms
