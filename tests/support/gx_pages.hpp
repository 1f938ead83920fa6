#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace bms::test {

/// What gui-v2 asks a battery service before it opens a page.
struct Shown {
  std::function<bool(const std::string& path)> exists;
  std::function<bool(const std::string& path)> valid;
  std::function<bool(const std::string& path, int value)> equals;
  std::function<std::string(const std::string& path)> text;  ///< of a text item; empty when there is none
  std::vector<std::string> paths;
};

/// Rows and pages that the stock GX opens for a battery service: the conditions of gui-v2's battery pages.
inline std::vector<std::string> open_pages(const Shown& item) {
  std::vector<std::string> open;
  const auto when = [&](bool condition, const char* page) {
    if (condition) open.emplace_back(page);
  };
  const auto any = [&](std::initializer_list<const char*> paths) {
    return std::any_of(paths.begin(), paths.end(), [&](const char* path) { return item.valid(path); });
  };
  const auto any_below = [&](const std::string& folder) {
    return std::any_of(item.paths.begin(), item.paths.end(),
                       [&](const std::string& path) { return path.starts_with(folder) && item.valid(path); });
  };
  constexpr int kFiamm = 0xB012;
  when(item.valid("/Mode"), "Switch");
  when(item.valid("/State"), "State");
  when(item.valid("/ErrorCode"), "Error");
  when(item.valid("/Soh"), "State of health");
  when(item.valid("/Dc/0/Temperature"), "Temperature");
  when(item.valid("/AirTemperature"), "Air temperature");
  when(item.valid("/ConsumedAmphours"), "Consumed Ah");
  when(item.valid("/Dc/0/MidVoltage"), "Mid-point");
  when(item.exists("/TimeToGo"), "Time to go");
  when(any({"/System/MinCellVoltage", "/System/MaxCellVoltage", "/System/MinCellTemperature",
            "/System/MaxCellTemperature", "/System/NrOfModulesOnline", "/System/NrOfModulesOffline",
            "/System/NrOfModulesBlockingCharge", "/System/NrOfModulesBlockingDischarge", "/InstalledCapacity"}),
       "Details");
  when(!item.valid("/NumberOfBmses"), "Alarms");
  bool modules = false;
  for (int n = 0; n <= 9; ++n) {
    modules = modules || !item.text("/Diagnostics/Module" + std::to_string(n) + "/Id").empty();
  }
  when(modules, "Module alarms");
  when(any_below("/History/") && !item.equals("/ProductId", kFiamm), "History");
  when(item.equals("/Settings/HasSettings", 1), "Settings");
  when(item.valid("/Diagnostics/LastErrors/1/Error") || item.equals("/ProductId", kFiamm), "Diagnostics");
  when(item.valid("/Io/AllowToCharge"), "IO");
  when(item.valid("/System/NrOfBatteries"), "System");
  when(item.valid("/Battery/Request/Id"), "Individual battery");
  when(any({"/Info/MaxChargeVoltage", "/Info/MaxChargeCurrent", "/Info/MaxDischargeCurrent"}), "Parameters");
  when(item.valid("/Redetect"), "Redetect");
  when(item.valid("/NrOfDistributors") && !item.equals("/NrOfDistributors", 0), "Fuses");
  when(item.valid("/CustomName"), "Name");
  return open;
}

}  // namespace bms::test
