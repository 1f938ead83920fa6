// Which stock pages of a GX open, for a battery by itself, a bank and a member of a bank: the conditions of gui-v2's
// battery pages as rules over the published items.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/battery_samples.hpp"
#include "support/gx_pages.hpp"
#include "victron/battery_paths.hpp"

namespace bms::victron {
namespace {

using testing::UnorderedElementsAre;

class GxPages : public testing::Test {
 protected:
  std::vector<std::string> pages() const {
    test::Shown shown{[&](const std::string& path) { return tree.find(path) != nullptr; },
                      [&](const std::string& path) { return is_valid(tree.value(path)); },
                      [&](const std::string& path, int value) { return tree.value(path) == Value(value); },
                      [&](const std::string& path) {
                        const auto* text = std::get_if<std::string>(&tree.value(path));
                        return text == nullptr ? std::string() : *text;
                      },
                      {}};
    for (const auto& [path, item] : tree.items()) shown.paths.emplace_back(path);
    return test::open_pages(shown);
  }

  ItemTree tree;
  Reading reading = sample_reading();
  limits::Limits limits = sample_limits();
};

TEST_F(GxPages, ASingleBatteryShowsEverythingButModules) {
  BatteryPaths paths(tree, sample_identity(), {});
  paths.update({.now = {}, .reading = &reading, .limits = &limits});
  EXPECT_THAT(pages(), UnorderedElementsAre("State", "Error", "State of health", "Temperature", "Consumed Ah",
                                            "Mid-point", "Details", "Alarms", "History", "IO", "System",
                                            "Individual battery", "Parameters", "Name", "Time to go"));
  EXPECT_EQ(tree.value("/System/NrOfBatteries"), Value(1));
  EXPECT_EQ(tree.value("/System/NrOfCellsPerBattery"), Value(16));
  EXPECT_EQ(tree.value("/Battery/1/Cell/16/Voltage"), Value(3.330));
  EXPECT_EQ(tree.value("/Battery/Request/Id"), Value(1));
}

TEST_F(GxPages, AMemberOfABankIsNoBms) {
  BatteryPaths paths(tree, sample_identity(), {.limits = false, .cell_page = false});
  paths.update({.now = {}, .reading = &reading, .limits = &limits});
  EXPECT_THAT(pages(),
              UnorderedElementsAre("State", "Error", "State of health", "Temperature", "Consumed Ah", "Mid-point",
                                   "Details", "Alarms", "History", "IO", "System", "Name", "Time to go"));
  EXPECT_FALSE(tree.is_branch("/Info")) << "not even the paths: present and invalid still wins monitor selection";
}

TEST_F(GxPages, AShuntIsAMonitorOnly) {
  Reading shunt;
  shunt.voltage_V = 13.2;
  shunt.current_A = 1.5;
  shunt.soc_pct = 80;
  shunt.consumed_Ah = -20;
  shunt.history = {{"charge_cycles", 12}};
  BatteryPaths paths(tree, sample_identity(), {.limits = false});
  paths.update({.now = {}, .reading = &shunt});
  EXPECT_THAT(pages(),
              UnorderedElementsAre("State", "Error", "Consumed Ah", "Alarms", "History", "Name", "Time to go"));
  EXPECT_FALSE(tree.is_branch("/Info"));
  EXPECT_EQ(tree.value("/ConsumedAmphours"), Value(-20.0));
}

TEST_F(GxPages, ABankShowsItsBatteriesCellsAndModuleAlarms) {
  Reading second = reading;
  second.serial = "4101";
  second.cells_V[4] = 3.2;
  second.alarms = std::vector<Alarm>{{Condition::cell_undervoltage, AlarmLevel::warning}};
  limits::Limits lost = limits;
  lost.freshness = limits::Freshness::lost;
  lost.blocked_by_loss = true;
  lost.alarms.bms_cable = 2;
  lost.allow_charge = false;
  const MemberView members[] = {
      {"rack_1", &reading, &limits}, {"rack_2", &second, &limits}, {"rack_3", nullptr, &lost}};
  Reading merged = reading;
  merged.cells_V.clear();
  BatteryPaths paths(tree, sample_identity(), {});
  paths.update({.now = {}, .reading = &merged, .limits = &limits, .members = members});
  EXPECT_THAT(pages(), UnorderedElementsAre("State", "Error", "State of health", "Temperature", "Consumed Ah",
                                            "Details", "Alarms", "Module alarms", "History", "IO", "System",
                                            "Individual battery", "Parameters", "Name", "Time to go"));
  EXPECT_EQ(tree.value("/System/NrOfBatteries"), Value(3));
  EXPECT_EQ(tree.value("/System/BatteriesParallel"), Value(3));
  EXPECT_EQ(tree.value("/System/NrOfModulesOnline"), Value(2));
  EXPECT_EQ(tree.value("/System/NrOfModulesOffline"), Value(1));
  EXPECT_EQ(tree.value("/System/NrOfModulesBlockingCharge"), Value(1));
  EXPECT_EQ(tree.value("/System/MinVoltageCellId"), Value(std::string("2C05")));
  EXPECT_EQ(tree.value("/Voltages/Diff"), Value(0.149));
  EXPECT_EQ(tree.value("/Battery/2/Serial"), Value(std::string("4101")));
  EXPECT_EQ(tree.value("/Battery/2/Cell/5/Voltage"), Value(3.2));
  EXPECT_EQ(tree.value("/Battery/2/Status"), Value((1 << 15) | (1 << 2)));
  EXPECT_EQ(tree.value("/Diagnostics/Module1/Alarms/LowCellVoltage"), Value(1));
  EXPECT_EQ(tree.value("/Diagnostics/Module2/Alarms/BmsCable"), Value(2));
  EXPECT_EQ(tree.value("/Alarms/LowCellVoltage"), Value(1)) << "only the top level notifies";
  EXPECT_EQ(tree.value("/Alarms/BmsCable"), Value(0)) << "one battery of three is not the bank";
}

}  // namespace
}  // namespace bms::victron
