#include "victron/path_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bms::victron {
namespace {

constexpr Format text() { return {.kind = Kind::text}; }
constexpr Format count(double max = 2147483647.0) { return {.kind = Kind::integer, .min = 0, .max = max}; }
constexpr Format flag() { return count(1); }
constexpr Format alarm() { return count(2); }
constexpr Format seconds(double max = 2147483647.0) {
  return {.kind = Kind::integer, .unit = "s", .min = 0, .max = max};
}
constexpr Format number(const char* unit, int decimals, double min, double max) {
  return {.decimals = static_cast<std::uint8_t>(decimals), .unit = unit, .min = min, .max = max};
}
constexpr Format writable(Format format) {
  format.access = Access::writable;
  return format;
}
/// The range is that of the configuration's schema, see setting_format().
constexpr Format setting(const char* unit, int decimals) { return number(unit, decimals, -1e6, 1e6); }
constexpr Format volts() { return number("V", 2, 0, 2000); }
constexpr Format cell_volts() { return number("V", 3, 0, 10); }
constexpr Format amps() { return number("A", 2, -10000, 10000); }
constexpr Format amps_limit() { return number("A", 1, 0, 10000); }
constexpr Format celsius() { return number("\u00b0C", 1, -100, 200); }
constexpr Format percent() { return number("%", 1, 0, 100); }
constexpr Format amp_hours() { return number("Ah", 1, 0, 1e6); }
constexpr Format drawn() { return number("Ah", 1, -1e7, 0); }

constexpr PathInfo kPaths[] = {
    // Identity
    {"/Mgmt/ProcessName", text(), "`dbus-bms`"},
    {"/Mgmt/ProcessVersion", text(), "version of dbus-bms"},
    {"/Mgmt/Connection", text(), "port and address of the battery"},
    {"/Mgmt/InsecureConnection", flag(), "1: a radio link, not to be used for shared sensing"},
    {"/DeviceInstance", count(), "instance from `com.victronenergy.settings`; constant while the service is up"},
    {"/ProductId", count(), "one number for all batteries of dbus-bms"},
    {"/ProductName", text(), "model of the battery"},
    {"/FirmwareVersion", text(), "firmware of the BMS"},
    {"/HardwareVersion", text(), "hardware of the BMS"},
    {"/Connected", flag(), "1 as long as the service is on the bus, see /Alarms/BmsCable and /Link for the link"},
    {"/Serial", text(), "serial number of the BMS"},
    {"/CustomName", writable(text()), "name given by the user; kept in `com.victronenergy.settings`"},
    {"/DeviceName", text(), "name stored in the BMS"},
    {"/Manufacturer", text(), "maker of the BMS"},
    {"/Family", text(), "driver that talks to the BMS"},
    // Measurements
    {"/Dc/0/Voltage", volts(), "pack voltage"},
    {"/Dc/0/Current", amps(), "pack current, charging > 0"},
    {"/Dc/0/Power", number("W", 0, -1e6, 1e6), "voltage times current, charging > 0"},
    {"/Dc/0/Temperature", celsius(), "mean of the battery's sensors"},
    {"/Dc/0/MidVoltage", volts(), "mid-point voltage: of a shunt, else the sum of the lower half of the cells"},
    {"/Dc/0/MidVoltageDeviation", number("%", 1, -200, 200), "upper minus lower half, of the whole"},
    {"/Dc/1/Voltage", number("V", 2, -100, 2000), "starter or auxiliary battery (shunts)"},
    {"/AirTemperature", celsius(), "ambient or board temperature"},
    {"/Soc", percent(), "state of charge, of the source in use"},
    {"/Soh", percent(), "state of health"},
    {"/Capacity", amp_hours(), "remaining capacity"},
    {"/InstalledCapacity", amp_hours(), "full-charge capacity"},
    {"/ConsumedAmphours", drawn(), "drawn since full, zero or negative"},
    {"/TimeToGo", seconds(864000), "to the discharge floor; invalid while not discharging"},
    {"/TimeToSoC/<n>", seconds(), "until n % is reached, to the minute; invalid when not on this way"},
    {"/Notes", text(), "as /Info/Notes, on services without limits"},
    {"/Mode", writable({.kind = Kind::integer, .min = 3, .max = 252}),
     "3 on, 252 standby: both MOSFETs; only with `allow_control` and a BMS that can; the BMS confirms first"},
    {"/State", count(20), "9 running, 10 error (battery lost), 14 standby (both MOSFETs open)"},
    {"/ErrorCode", count(255), "0, or 119: the configuration is wrong and built-in limits are in force"},
    {"/Balancing", flag(), "1: some cell is being balanced"},
    {"/Balancer/Status", count(3), "0 unknown, 1 balanced, 2 balancing, 3 imbalance"},
    {"/Heating", flag(), "1: the heater is on"},
    // Limits
    {"/Info/MaxChargeVoltage", number("V", 2, 1, 2000), "charge voltage limit (CVL); absent on members of a bank"},
    {"/Info/MaxChargeCurrent", amps_limit(), "charge current limit (CCL); absent on members of a bank"},
    {"/Info/MaxDischargeCurrent", amps_limit(), "discharge current limit (DCL); absent on members of a bank"},
    {"/Info/BatteryLowVoltage", volts(), "voltage below which nothing may discharge"},
    {"/Info/ChargeMode", text(), "charge phase: Start, Bulk, Absorption, Float; top balance"},
    {"/Info/ChargeVoltageLimitation", text(), "why CVL is what it is"},
    {"/Info/ChargeLimitation", text(), "why CCL is what it is"},
    {"/Info/DischargeLimitation", text(), "why DCL is what it is"},
    {"/Info/Explanation", text(),
     "JSON, as `dbus-bms limits` prints it: all constraints of CVL, CCL and DCL with value and sentence"},
    {"/Info/Notes", text(), "what a user should know beyond the limits, sentences separated by `; `"},
    {"/Info/ChargeRequest", flag(), "1: cells so low that discharging has stopped; an ESS charges from the grid"},
    {"/Info/FullChargeRequest", flag(), "1: a top-balance charge is due or going on"},
    {"/Info/MaxChargeCellVoltage", cell_volts(), "CVL per cell"},
    {"/Info/HeatingCurrent", amps(), "current of the heater"},
    {"/Info/HeatingPower", number("W", 0, -1e6, 1e6), "power of the heater"},
    {"/Info/AlarmBattery", text(), "bank: the battery with the worst alarm"},
    {"/Info/PreAlarm", flag(), "1: discharging will stop soon"},
    {"/Info/SocSource", text(), "where /Soc comes from: bms, counter, shunt; of a bank weighted, minimum, shunt"},
    // Composition and extremes
    {"/System/MinCellVoltage", cell_volts(), "lowest cell"},
    {"/System/MaxCellVoltage", cell_volts(), "highest cell"},
    {"/System/MinVoltageCellId", text(), "which cell: `C07`; in a bank `2C07`, battery and cell"},
    {"/System/MaxVoltageCellId", text(), "which cell: `C07`; in a bank `2C07`, battery and cell"},
    {"/System/MinCellTemperature", celsius(), "coldest sensor of the battery"},
    {"/System/MaxCellTemperature", celsius(), "warmest sensor of the battery"},
    {"/System/MinTemperatureCellId", text(), "which sensor: `T1`; in a bank `2T1`, battery and sensor"},
    {"/System/MaxTemperatureCellId", text(), "which sensor: `T1`; in a bank `2T1`, battery and sensor"},
    {"/System/NrOfModulesOnline", count(), "batteries that answer"},
    {"/System/NrOfModulesOffline", count(), "batteries that do not answer"},
    {"/System/NrOfModulesBlockingCharge", count(), "batteries that allow no charging"},
    {"/System/NrOfModulesBlockingDischarge", count(), "batteries that allow no discharging"},
    {"/System/NrOfBatteries", count(), "batteries in this service: 1, or those of the bank"},
    {"/System/BatteriesParallel", count(), "strings in parallel"},
    {"/System/BatteriesSeries", count(), "batteries in series per string"},
    {"/System/NrOfCellsPerBattery", count(), "cells of the largest battery"},
    {"/System/MOSTemperature", celsius(), "power stage of the BMS"},
    {"/System/Temperature<n>", celsius(), "sensor n"},
    {"/System/Temperature<n>Name", text(), "name of sensor n"},
    {"/Voltages/Cell<n>", cell_volts(), "voltage of cell n"},
    {"/Voltages/Sum", volts(), "sum of the cells"},
    {"/Voltages/Diff", cell_volts(), "highest minus lowest cell"},
    {"/Balances/Cell<n>", flag(), "1: cell n is being balanced"},
    {"/WireResistance/Cell<n>", number("m\u03a9", 0, 0, 1e6), "balance wire of cell n, where the BMS measures it"},
    {"/Battery/Request/Id", writable({.kind = Kind::integer, .min = 1, .max = 255}),
     "battery the GX page \"individual battery\" shows"},
    {"/Battery/<n>/Name", text(), "name of battery n"},
    {"/Battery/<n>/Serial", text(), "serial number of battery n"},
    {"/Battery/<n>/FwVersion", text(), "firmware of battery n"},
    {"/Battery/<n>/Capacity", amp_hours(), "full-charge capacity of battery n"},
    {"/Battery/<n>/Soc", percent(), "state of charge of battery n"},
    {"/Battery/<n>/Voltage", volts(), "voltage of battery n"},
    {"/Battery/<n>/Current", amps(), "current of battery n, charging > 0"},
    {"/Battery/<n>/Temperature", celsius(), "mean of the sensors of battery n"},
    {"/Battery/<n>/Status", count(131071),
     "bit mask: balance and alarm conditions of battery n as the GX page shows them"},
    {"/Battery/<n>/Cell/<m>/Voltage", cell_volts(), "cell m of battery n"},
    {"/Diagnostics/Module<n>/Id", text(), "name of battery n + 1 of a bank, for its alarms"},
    {"/Diagnostics/Module<n>/Alarms/*", alarm(), "alarms of battery n + 1 of a bank, names as below /Alarms"},
    {"/Diagnostics/LastErrors/<n>/Error", count(255),
     "the last four alarms that came up, newest first, by Victron's error numbers; the GX page \"Diagnostics\""},
    {"/Diagnostics/LastErrors/<n>/Time", count(), "unix time of it"},
    // Alarms
    {"/Alarms/LowVoltage", alarm(), "pack voltage low"},
    {"/Alarms/HighVoltage", alarm(), "pack voltage high"},
    {"/Alarms/LowCellVoltage", alarm(), "a cell is low; also from our own thresholds"},
    {"/Alarms/HighCellVoltage", alarm(), "a cell is high; also from our own thresholds"},
    {"/Alarms/LowSoc", alarm(), "state of charge low; also from our own thresholds"},
    {"/Alarms/StateOfHealth", alarm(), "state of health low"},
    {"/Alarms/HighChargeCurrent", alarm(), "charge current high"},
    {"/Alarms/HighDischargeCurrent", alarm(), "discharge current high"},
    {"/Alarms/HighCurrent", alarm(), "short circuit"},
    {"/Alarms/CellImbalance", alarm(), "cells differ"},
    {"/Alarms/HighChargeTemperature", alarm(), "too warm to charge"},
    {"/Alarms/LowChargeTemperature", alarm(), "too cold to charge"},
    {"/Alarms/HighTemperature", alarm(), "too warm (discharging, surroundings)"},
    {"/Alarms/LowTemperature", alarm(), "too cold (discharging, surroundings)"},
    {"/Alarms/HighInternalTemperature", alarm(), "power stage too warm"},
    {"/Alarms/BatteryTemperatureSensor", alarm(), "a temperature sensor failed"},
    {"/Alarms/InternalFailure", alarm(), "the BMS reports a fault of its own"},
    {"/Alarms/FuseBlown", alarm(), "fuse"},
    {"/Alarms/BmsCable", alarm(), "1: no answers for more than three polls; 2: battery lost"},
    {"/Alarms/Contactor", alarm(), "MOSFET, contactor or pre-charge fault"},
    {"/Alarms/MidVoltage", alarm(), "mid-point deviation"},
    {"/Alarms/LowStarterVoltage", alarm(), "starter battery low"},
    {"/Alarms/HighStarterVoltage", alarm(), "starter battery high"},
    // Switches
    {"/Io/AllowToCharge", flag(), "charging is allowed (limits and charge MOSFET)"},
    {"/Io/AllowToDischarge", flag(), "discharging is allowed (limits and discharge MOSFET)"},
    {"/Io/ChargeFet", flag(), "charge MOSFET conducts"},
    {"/Io/DischargeFet", flag(), "discharge MOSFET conducts"},
    // History
    {"/History/DeepestDischarge", drawn(), "zero or negative"},
    {"/History/LastDischarge", drawn(), "zero or negative"},
    {"/History/AverageDischarge", drawn(), "zero or negative"},
    {"/History/TotalAhDrawn", drawn(), "zero or negative"},
    {"/History/ChargeCycles", count(), "charge cycles"},
    {"/History/FullDischarges", count(), "full discharges"},
    {"/History/AutomaticSyncs", count(), "times the state of charge was set to 100 %"},
    {"/History/LowVoltageAlarms", count(), "low voltage alarms"},
    {"/History/HighVoltageAlarms", count(), "high voltage alarms"},
    {"/History/LowStarterVoltageAlarms", count(), "low starter voltage alarms"},
    {"/History/HighStarterVoltageAlarms", count(), "high starter voltage alarms"},
    {"/History/MinimumVoltage", volts(), "lowest pack voltage"},
    {"/History/MaximumVoltage", volts(), "highest pack voltage"},
    {"/History/MinimumCellVoltage", cell_volts(), "lowest cell voltage"},
    {"/History/MaximumCellVoltage", cell_volts(), "highest cell voltage"},
    {"/History/MinimumStarterVoltage", number("V", 2, -100, 2000), "lowest starter voltage"},
    {"/History/MaximumStarterVoltage", number("V", 2, -100, 2000), "highest starter voltage"},
    {"/History/MinimumTemperature", celsius(), "lowest temperature"},
    {"/History/MaximumTemperature", celsius(), "highest temperature"},
    {"/History/TimeSinceLastFullCharge", seconds(), "since the last full charge"},
    {"/History/DischargedEnergy", number("kWh", 2, 0, 1e9), "energy drawn"},
    {"/History/ChargedEnergy", number("kWh", 2, 0, 1e9), "energy charged"},
    {"/History/MinimumVoltageTime", count(), "unix time of the lowest pack voltage"},
    {"/History/MaximumVoltageTime", count(), "unix time of the highest pack voltage"},
    {"/History/MinimumCellVoltageTime", count(), "unix time of the lowest cell voltage"},
    {"/History/MaximumCellVoltageTime", count(), "unix time of the highest cell voltage"},
    {"/History/MinimumTemperatureTime", count(), "unix time of the lowest temperature"},
    {"/History/MaximumTemperatureTime", count(), "unix time of the highest temperature"},
    {"/History/LastErrors", text(), "the last alarms that came up, newest first, separated by `; `"},
    {"/History/NotObserved", seconds(), "sum of the gaps of more than 60 s of which nothing is known"},
    {"/History/Since", count(), "unix time since when the history counts"},
    {"/History/Reset", writable(text()), "a write resets one value (`max_voltage_V`, ...) or `all`"},
    {"/History/Clear", writable(flag()), "any write clears the history"},
    {"/History/CanBeCleared", flag(), "1: /History/Clear works"},
    // Settings of the service
    {"/Settings/HasTemperature", flag(), "1: there are temperatures"},
    {"/Settings/HasMidVoltage", flag(), "1: there is a mid-point"},
    {"/Settings/HasStarterVoltage", flag(), "1: there is a starter or auxiliary battery"},
    {"/Settings/MaxChargeCurrent", writable(setting("A", 1)), "`max_charge_a`; on a bank `bank_max_charge_a`"},
    {"/Settings/MaxDischargeCurrent", writable(setting("A", 1)), "`max_discharge_a`; on a bank `bank_max_discharge_a`"},
    {"/Settings/AbsorptionCellVoltage", writable(setting("V", 3)), "`cell_v_max`"},
    {"/Settings/FloatCellVoltage", writable(setting("V", 3)), "`cell_v_float`"},
    {"/Settings/LowSocWarning", writable(setting("%", 1)), "`soc_low_warning`; on a bank of all its batteries"},
    {"/Settings/DischargeFloor", writable(setting("%", 1)), "`discharge_floor_soc`; on a bank of all its batteries"},
    {"/Settings/ChangedFromFile", text(), "which of these differ from config.ini, and what is there; empty: none"},
    {"/Settings/RestoreDefaults", writable(flag()), "a write of 1 takes all of them back to config.ini"},
    {"/Settings/ResetSocTo", writable(percent()),
     "a write sets the state of charge: of the own counter, else, with `allow_control`, of the BMS or shunt"},
    {"/Settings/SyncSoc", writable(flag()), "a write of 1 sets the state of charge to 100 %"},
    {"/Settings/Rebulk", writable(flag()), "a write of 1 ends float"},
    {"/Settings/TopBalance", writable(flag()), "a write of 1 asks for a top-balance charge"},
    {"/Settings/ClearAlarms", writable(flag()), "a write of 1 takes back notes that stay until seen"},
    {"/Settings/ForceChargingOff", writable(flag()),
     "1: CCL 0, and with `allow_control` the charge MOSFET off; shown when the BMS has answered"},
    {"/Settings/ForceDischargingOff", writable(flag()),
     "1: DCL 0, and with `allow_control` the discharge MOSFET off; shown when the BMS has answered"},
    {"/Remote", writable(flag()), "remote on/off input of the `[remote]` section"},
    // Link
    {"/Link/Freshness", text(), "fresh, stale, lost: age of the newest values"},
    {"/Link/Age", seconds(), "since the last complete answer; 0 below 5 s"},
    {"/Link/Good", count(), "complete answers; counters are renewed every 10 s"},
    {"/Link/Repeated", count(), "questions asked again"},
    {"/Link/Timeout", count(), "no answer"},
    {"/Link/Short", count(), "answers that ended early"},
    {"/Link/Crc", count(), "answers with a wrong check sum"},
    {"/Link/Foreign", count(), "answers to other questions (echo, late answers)"},
    {"/Link/Refused", count(), "the BMS answered with an error"},
    {"/Link/Implausible", count(), "values that cannot be true"},
    {"/Link/Io", count(), "port closed, failed, or opened anew because nothing answered"},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "<n>" and "<m>" stand for one or more digits, a final "*" for one more element.
bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern == "*") return !path.empty() && path.find('/') == std::string_view::npos;
    if (pattern.front() == '<') {
      const auto digits = static_cast<std::size_t>(std::find_if_not(path.begin(), path.end(), is_digit) - path.begin());
      if (digits == 0) return false;
      path.remove_prefix(digits);
      pattern.remove_prefix(3);
      continue;
    }
    if (path.empty() || pattern.front() != path.front()) return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::number:
      return "d";
    case Kind::integer:
      return "i";
    case Kind::text:
      break;
  }
  return "s";
}

}  // namespace

std::span<const PathInfo> path_table() { return kPaths; }

const PathInfo* path_info(std::string_view path) {
  const auto* row = std::find_if(std::begin(kPaths), std::end(kPaths),
                                 [&](const PathInfo& info) { return matches(info.pattern, path); });
  return row == std::end(kPaths) ? nullptr : row;
}

std::string path_table_markdown() {
  std::string table = "| path | type | unit | | meaning |\n|---|---|---|---|---|\n";
  for (const auto& row : kPaths) {
    table += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.pattern, type_name(row.format.kind), row.format.unit,
                         row.format.access == Access::writable ? "w" : "", row.meaning);
  }
  return table;
}

}  // namespace bms::victron
