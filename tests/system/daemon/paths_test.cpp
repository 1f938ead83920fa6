#include <cmath>

#include "support/gx_pages.hpp"
#include "system/daemon/foreign_program.hpp"
#include "system/daemon/writer_rig.hpp"
#include "victron/path_table.hpp"

// Everything a running daemon publishes, item by item, for each kind of service: is it listed, is it of the listed
// type, does its text carry the unit, and which pages of a GX open for it.
namespace bms {
namespace {

using test::Json;
using testing::IsSupersetOf;
using testing::UnorderedElementsAreArray;
using victron::Kind;

/// What consumers expect of a battery with BMS: written down here, not taken from our own table.
struct Expected {
  const char* path;
  const char* signature;
  const char* unit;
};
constexpr Expected kMandatory[] = {
    {"/Mgmt/ProcessName", "s", ""}, {"/Mgmt/ProcessVersion", "s", ""}, {"/Mgmt/Connection", "s", ""},
    {"/DeviceInstance", "i", ""},   {"/ProductId", "i", ""},           {"/ProductName", "s", ""},
    {"/FirmwareVersion", "s", ""},  {"/HardwareVersion", "s", ""},     {"/Connected", "i", ""},
    {"/Serial", "s", ""},           {"/CustomName", "s", ""},          {"/Dc/0/Voltage", "d", "V"},
    {"/Dc/0/Current", "d", "A"},    {"/Dc/0/Power", "d", "W"},         {"/Soc", "d", "%"},
};
constexpr Expected kBattery[] = {
    {"/Dc/0/Temperature", "d", "\u00b0C"},
    {"/Soh", "d", "%"},
    {"/Capacity", "d", "Ah"},
    {"/InstalledCapacity", "d", "Ah"},
    {"/ConsumedAmphours", "d", "Ah"},
    {"/TimeToGo", "i", "s"},
    {"/State", "i", ""},
    {"/ErrorCode", "i", ""},
    {"/System/MinCellVoltage", "d", "V"},
    {"/System/MaxCellVoltage", "d", "V"},
    {"/System/MinVoltageCellId", "s", ""},
    {"/System/MaxVoltageCellId", "s", ""},
    {"/System/MinCellTemperature", "d", "\u00b0C"},
    {"/System/MaxCellTemperature", "d", "\u00b0C"},
    {"/System/MinTemperatureCellId", "s", ""},
    {"/System/MaxTemperatureCellId", "s", ""},
    {"/System/NrOfModulesOnline", "i", ""},
    {"/System/NrOfModulesOffline", "i", ""},
    {"/System/NrOfModulesBlockingCharge", "i", ""},
    {"/System/NrOfModulesBlockingDischarge", "i", ""},
    {"/System/NrOfBatteries", "i", ""},
    {"/System/BatteriesParallel", "i", ""},
    {"/System/BatteriesSeries", "i", ""},
    {"/System/NrOfCellsPerBattery", "i", ""},
    {"/Voltages/Diff", "d", "V"},
    {"/Balancing", "i", ""},
    {"/Io/AllowToCharge", "i", ""},
    {"/Io/AllowToDischarge", "i", ""},
    {"/History/ChargeCycles", "i", ""},
    {"/Alarms/LowVoltage", "i", ""},
    {"/Alarms/HighVoltage", "i", ""},
    {"/Alarms/LowCellVoltage", "i", ""},
    {"/Alarms/HighCellVoltage", "i", ""},
    {"/Alarms/LowSoc", "i", ""},
    {"/Alarms/HighChargeCurrent", "i", ""},
    {"/Alarms/HighDischargeCurrent", "i", ""},
    {"/Alarms/CellImbalance", "i", ""},
    {"/Alarms/HighChargeTemperature", "i", ""},
    {"/Alarms/LowChargeTemperature", "i", ""},
    {"/Alarms/HighTemperature", "i", ""},
    {"/Alarms/LowTemperature", "i", ""},
    {"/Alarms/InternalFailure", "i", ""},
    {"/Alarms/BmsCable", "i", ""},
    {"/Link/Freshness", "s", ""},
};
constexpr Expected kOfABms[] = {
    {"/Info/MaxChargeVoltage", "d", "V"},
    {"/Info/MaxChargeCurrent", "d", "A"},
    {"/Info/MaxDischargeCurrent", "d", "A"},
    {"/Info/BatteryLowVoltage", "d", "V"},
    {"/Info/ChargeRequest", "i", ""},
    {"/Info/ChargeMode", "s", ""},
    {"/Info/ChargeLimitation", "s", ""},
    {"/Info/DischargeLimitation", "s", ""},
    {"/Info/Explanation", "s", ""},
    {"/Battery/Request/Id", "i", ""},
    {"/Battery/1/Serial", "s", ""},
    {"/Battery/1/Capacity", "d", "Ah"},
    {"/Battery/1/FwVersion", "s", ""},
    {"/Battery/1/Status", "i", ""},
    {"/Battery/1/Voltage", "d", "V"},
    {"/Battery/1/Current", "d", "A"},
    {"/Battery/1/Temperature", "d", "\u00b0C"},
    {"/Battery/1/Cell/16/Voltage", "d", "V"},
    {"/Settings/MaxChargeCurrent", "d", "A"},
    {"/Settings/FloatCellVoltage", "d", "V"},
};
constexpr Expected kWithCells[] = {
    {"/Voltages/Cell1", "d", "V"}, {"/Voltages/Cell16", "d", "V"}, {"/Voltages/Sum", "d", "V"},
    {"/Balances/Cell1", "i", ""},  {"/Dc/0/MidVoltage", "d", "V"}, {"/System/MOSTemperature", "d", "\u00b0C"},
};

/// Present always; not every device tells them, and a battery that is not discharging has no time to go.
bool may_be_unknown(std::string_view path) {
  return path == "/FirmwareVersion" || path == "/HardwareVersion" || path == "/Serial" || path == "/TimeToGo";
}

class PublishedPaths : public test::WriterRig {
 protected:
  static std::string name(const std::string& suffix) { return "com.victronenergy.battery." + suffix; }
  Json items(const std::string& suffix) {
    const auto answer = client().call(name(suffix), "/", "GetItems");
    EXPECT_EQ(answer.signature, "a{sa{sv}}") << suffix;
    return answer.value;
  }

  static std::string signature_of(const victron::Format& format) {
    return format.kind == Kind::number ? "d" : format.kind == Kind::integer ? "i" : "s";
  }
  static void check_item(const std::string& path, const Json& item) {
    SCOPED_TRACE(path + " " + item.dump());
    const auto* info = victron::path_info(path);
    ASSERT_NE(info, nullptr) << "is not listed in docs/dbus-paths.md";
    for (const auto& [key, value] : item.items()) {
      EXPECT_TRUE(key == "Value" || key == "Text" || key == "Min" || key == "Max" || key == "Default");
    }
    const std::string signature = item["Value"][0];
    ASSERT_EQ(item["Text"][0], "s");
    const std::string text = item["Text"][1];
    if (signature == "ai") {
      EXPECT_TRUE(item["Value"][1].empty());
      EXPECT_EQ(text, "---");
      return;
    }
    EXPECT_EQ(signature, signature_of(info->format));
    EXPECT_TRUE(text.ends_with(info->format.unit));
    if (signature == "d") {
      ASSERT_TRUE(item["Value"][1].is_number()) << "NaN and infinity become null";
    }
    EXPECT_EQ(item.contains("Min"), item.contains("Max"));
    if (item.contains("Min")) {
      EXPECT_EQ(info->format.access, victron::Access::writable);
      EXPECT_EQ(item["Min"][0], signature);
      EXPECT_EQ(item["Max"][0], signature);
    }
  }
  void check(const std::string& suffix, std::initializer_list<std::span<const Expected>> tables) {
    SCOPED_TRACE(suffix);
    const Json all = items(suffix);
    std::set<std::string> paths;
    for (const auto& [path, item] : all.items()) {
      check_item(path, item);
      paths.insert(path);
    }
    for (const auto& path : paths) {
      const auto next = paths.lower_bound(path + "/");
      EXPECT_FALSE(next != paths.end() && next->starts_with(path + "/")) << path << " is a value and a branch";
    }
    for (const auto& table : tables) {
      for (const auto& [path, signature, unit] : table) {
        ASSERT_TRUE(all.contains(path)) << path;
        if (may_be_unknown(path) && all[path]["Value"][0] == "ai") continue;
        EXPECT_EQ(all[path]["Value"][0], signature) << path << " " << all[path];
        EXPECT_TRUE(all[path]["Text"][1].get<std::string>().ends_with(unit)) << path << " " << all[path];
        // The single question has the same answer.
        const auto single = client().call(name(suffix), path, "GetValue");
        EXPECT_EQ(single.value[0], signature) << path;
      }
    }
  }

  std::vector<std::string> pages(const std::string& suffix) {
    const Json all = items(suffix);
    const auto valid = [&](const std::string& path) { return all.contains(path) && all[path]["Value"][0] != "ai"; };
    test::Shown shown{[&](const std::string& path) { return all.contains(path); },
                      valid,
                      [&](const std::string& path, int value) { return valid(path) && all[path]["Value"][1] == value; },
                      [&](const std::string& path) {
                        return valid(path) && all[path]["Value"][0] == "s" ? all[path]["Value"][1].get<std::string>()
                                                                           : std::string();
                      },
                      {}};
    for (const auto& [path, item] : all.items()) shown.paths.push_back(path);
    return test::open_pages(shown);
  }

  /// What is announced while things happen is of the same kind.
  void check_signals() {
    client().signals.clear();
    ASSERT_TRUE(test::run_until(loop_, [&] { return client().signals.size() >= 2; }));
    EXPECT_TRUE(client().other_signals.empty());
    for (const auto& signal : client().signals) {
      EXPECT_EQ(signal.path, "/");
      for (const auto& [path, item] : signal.items.items()) check_item(path, item);
    }
  }
};

const std::vector<std::string> kPagesOfABattery = {
    "State",   "Error",  "State of health", "Temperature", "Consumed Ah", "Mid-point", "Time to go",
    "Details", "Alarms", "History",         "IO",          "System",      "Name"};

TEST_F(PublishedPaths, OfABatteryByItselfWithOutputsARemoteInputAndControl) {
  const test::ForeignProgram settings(bus_.address(), "com.victronenergy.settings", {{"/Settings/Relay/Function", 2}});
  const test::ForeignProgram system(bus_.address(), "com.victronenergy.system", {{"/Relay/0/State", 0}});
  simulate("jk-pb", "1", {"--soc", "60", "--current", "-20"});
  configure_rack("jk-pb", "1",
                 "[daemon]\nallow_control = yes\n[output:load]\nfunction = load-disconnect\ntarget = relay:0\n"
                 "[remote]\nsource = dbus\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  check("dbusbms_rack", {kMandatory, kBattery, kOfABms, kWithCells});
  EXPECT_TRUE(items("dbusbms_rack").contains("/Remote"));
  auto expected = kPagesOfABattery;
  expected.insert(expected.end(), {"Switch", "Individual battery", "Parameters"});
  EXPECT_THAT(pages("dbusbms_rack"), UnorderedElementsAreArray(expected));
  command(*simulators_.front(), {{"set", {{"alarms", {"alarm:cell_overvoltage", "warning:low_soc"}}}}});
  check_signals();
  ASSERT_TRUE(becomes("/Alarms/HighCellVoltage", 2));
  expected.emplace_back("Diagnostics");
  EXPECT_TRUE(eventually([&] { return pages("dbusbms_rack").size() == expected.size(); }));
  EXPECT_THAT(pages("dbusbms_rack"), UnorderedElementsAreArray(expected)) << "the last errors have a page";
  check("dbusbms_rack", {kMandatory, kBattery, kOfABms, kWithCells});
}

TEST_F(PublishedPaths, OfABankAndItsMembers) {
  simulate("jk-pb", "1,2", {"--soc", "60", "--current", "-20"});
  configure_rack("jk-pb", "1,2", "[bank]\nbank_max_charge_a = 200\n");
  start_daemon();
  for (const char* suffix : {"dbusbms_bank", "dbusbms_rack_1", "dbusbms_rack_2"}) ASSERT_TRUE(appears(suffix));
  ASSERT_TRUE(eventually([&] { return number("/System/NrOfModulesOnline", "dbusbms_bank") == 2; }));
  check("dbusbms_bank", {kMandatory, kBattery, kOfABms});
  constexpr Expected kOfABank[] = {{"/Battery/2/Cell/16/Voltage", "d", "V"},
                                   {"/Diagnostics/Module0/Id", "s", ""},
                                   {"/Diagnostics/Module1/Alarms/LowCellVoltage", "i", ""}};
  check("dbusbms_bank", {kOfABank});
  check("dbusbms_rack_1", {kMandatory, kBattery, kWithCells});
  check("dbusbms_rack_2", {kMandatory, kBattery, kWithCells});
  const auto of_bank = pages("dbusbms_bank");
  EXPECT_THAT(of_bank, IsSupersetOf({"Details", "Alarms", "Module alarms", "History", "IO", "System", "Name",
                                     "Individual battery", "Parameters", "Time to go"}));
  EXPECT_THAT(pages("dbusbms_rack_1"), UnorderedElementsAreArray(kPagesOfABattery));
  for (const char* member : {"dbusbms_rack_1", "dbusbms_rack_2"}) {
    const Json all = items(member);
    for (const auto& [path, item] : all.items()) {
      EXPECT_FALSE(path.starts_with("/Info/")) << path << ": present and invalid still wins the choice of the monitor";
    }
  }
  command(*simulators_.front(), {{"address", 1}, {"set", {{"current_A", -35}}}});
  check_signals();
}

TEST_F(PublishedPaths, OfAShuntAndOfABatteryThatTakesItsSocFromAnotherService) {
  const test::ForeignProgram foreign(bus_.address(), "com.victronenergy.battery.ttyS5",
                                     {{"/Connected", 1}, {"/Dc/0/Voltage", 53}, {"/Dc/0/Current", 0}, {"/Soc", 63}});
  simulate("jk-pb", "1", {"--soc", "60"});
  simulate("smartshunt", "", {"--soc", "64"}, "shuntline");
  configure_rack("jk-pb", "1",
                 "soc_from = other\n[battery:other]\ndriver = dbus\nservice = com.victronenergy.battery.ttyS5\n"
                 "[battery:shunt]\ndriver = smartshunt\nport = " +
                     path("shuntline") + "\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  ASSERT_TRUE(appears("dbusbms_shunt"));
  ASSERT_TRUE(becomes("/Soc", 63));
  check("dbusbms_rack", {kMandatory, kBattery, kOfABms, kWithCells});
  check("dbusbms_shunt", {kMandatory});
  const auto of_shunt = pages("dbusbms_shunt");
  EXPECT_THAT(of_shunt, IsSupersetOf({"Alarms", "History", "Name", "Time to go", "Consumed Ah"}));
  for (const char* page : {"Parameters", "System", "Individual battery", "IO", "Settings", "Module alarms"}) {
    EXPECT_THAT(of_shunt, testing::Not(testing::Contains(page)));
  }
  const Json shunt = items("dbusbms_shunt");
  for (const auto& [path, item] : shunt.items()) EXPECT_FALSE(path.starts_with("/Info/")) << path;
}

}  // namespace
}  // namespace bms
