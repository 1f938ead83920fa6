#include "victron/battery_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "victron/alarm_map.hpp"
#include "victron/path_table.hpp"

namespace bms::victron {
namespace {

/// Always there, so that consumers that take their list of paths when the service appears know them.
constexpr std::string_view kStandardPaths[] = {
    "/Dc/0/Voltage",
    "/Dc/0/Current",
    "/Dc/0/Power",
    "/Dc/0/Temperature",
    "/Soc",
    "/Soh",
    "/Capacity",
    "/InstalledCapacity",
    "/ConsumedAmphours",
    "/TimeToGo",
    "/State",
    "/ErrorCode",
    "/Balancing",
    "/System/MinCellVoltage",
    "/System/MaxCellVoltage",
    "/System/MinVoltageCellId",
    "/System/MaxVoltageCellId",
    "/System/MinCellTemperature",
    "/System/MaxCellTemperature",
    "/System/MinTemperatureCellId",
    "/System/MaxTemperatureCellId",
    "/System/NrOfModulesOnline",
    "/System/NrOfModulesOffline",
    "/System/NrOfModulesBlockingCharge",
    "/System/NrOfModulesBlockingDischarge",
    "/System/NrOfBatteries",
    "/System/BatteriesParallel",
    "/System/BatteriesSeries",
    "/System/NrOfCellsPerBattery",
    "/Alarms/BmsCable",
    "/Io/AllowToCharge",
    "/Io/AllowToDischarge",
    "/Link/Freshness",
    "/History/ChargeCycles",
};
constexpr std::string_view kLimits[] = {
    "/Info/MaxChargeVoltage",
    "/Info/MaxChargeCurrent",
    "/Info/MaxDischargeCurrent",
    "/Info/BatteryLowVoltage",
    "/Info/ChargeMode",
    "/Info/ChargeLimitation",
    "/Info/DischargeLimitation",
    "/Info/Explanation",
    "/Info/ChargeVoltageLimitation",
    "/Info/Notes",
    "/Info/PreAlarm",
    "/Info/ChargeRequest",
    "/Info/FullChargeRequest",
    "/Info/SocSource",
    "/Balancer/Status",
};
/// Numbers of a Reading that are published as they are.
struct NumberPath {
  std::string_view path;
  std::optional<double> Reading::*member;
};
constexpr NumberPath kMeasurements[] = {
    {"/Dc/0/Current", &Reading::current_A},        {"/Dc/1/Voltage", &Reading::aux_voltage_V},
    {"/AirTemperature", &Reading::env_temp_C},     {"/Soh", &Reading::soh_pct},
    {"/InstalledCapacity", &Reading::capacity_Ah}, {"/System/MOSTemperature", &Reading::mos_temp_C},
};

Value text_or_invalid(const std::string& text) { return text.empty() ? Value{} : Value(text); }
Value text_or_invalid(const std::optional<std::string>& text) { return text ? text_or_invalid(*text) : Value{}; }

template <class Paths>
void add_all(ItemTree& tree, const Paths& paths) {
  for (const auto path : paths) tree.add(path, path_info(path)->format);
}

}  // namespace

BatteryPaths::BatteryPaths(ItemTree& tree, const BatteryIdentity& identity, Options options)
    : tree_(tree), identity_(identity), options_(options) {
  put("/Mgmt/ProcessName", std::string("dbus-bms"));
  put("/Mgmt/ProcessVersion", identity.process_version);
  put("/Mgmt/Connection", identity.connection);
  if (identity.insecure_connection) put("/Mgmt/InsecureConnection", 1);
  put("/DeviceInstance", identity.instance);
  put("/ProductId", kProductId);
  put("/ProductName", identity.product_name.empty() ? std::string("Battery") : identity.product_name);
  put("/Connected", 1);
  put("/CustomName", identity.custom_name);
  put("/Family", text_or_invalid(identity.family));
  put("/Manufacturer", text_or_invalid(identity.manufacturer));
  for (const auto path : {"/FirmwareVersion", "/HardwareVersion", "/Serial", "/DeviceName"}) {
    tree_.add(path, path_info(path)->format);
  }
  add_all(tree_, kStandardPaths);
  if (options_.limits) add_all(tree_, kLimits);
  add_writable();
}

Item* BatteryPaths::find(std::string_view path) {
  if (asked_ < order_.size() && order_[asked_]->path == path) return order_[asked_++];
  Item* item = tree_.find(path);
  if (item == nullptr) return item;
  order_.resize(asked_);
  order_.push_back(item);
  ++asked_;
  return item;
}

void BatteryPaths::put(std::string_view path, Value value) {
  Item* item = find(path);
  if (item == nullptr) {
    if (!is_valid(value)) return;
    const PathInfo* info = path_info(path);
    assert(info != nullptr && "not in path_table()");
    item = info == nullptr ? nullptr : tree_.add(path, info->format);
  }
  tree_.set(item, std::move(value));
}

void BatteryPaths::put(Item*& item, fmt::format_string<std::size_t> pattern, std::size_t number, Value value) {
  if (item == nullptr && is_valid(value)) {
    const std::string path = fmt::vformat(fmt::string_view(pattern), fmt::make_format_args(number));
    item = tree_.add(path, path_info(path)->format);
  }
  tree_.set(item, std::move(value));
}

void BatteryPaths::update(const BatteryView& view) {
  static const Reading kNothing;
  asked_ = 0;
  const Reading& reading = view.reading == nullptr ? kNothing : *view.reading;
  const bool lost = view.limits != nullptr && view.limits->blocked_by_loss;
  const bool old = view.freshness && *view.freshness != limits::Freshness::fresh;
  const bool known = view.reading != nullptr && !lost && !old;
  put_identity(reading);
  put_measurements(view, known);
  put_charge_state(view, known);
  put_mid_point(reading, known);
  put_temperatures(reading, known);
  put_cells(reading, known);
  put_extremes(view);
  put_composition(view);
  put_switches(view);
  if (view.limits != nullptr && options_.limits) put_limits(*view.limits, view);
  put_alarms(view);
  put_history(view);
  put_link(view);
  put_estimates(view);
  put_members(view);
}

void BatteryPaths::put_identity(const Reading& reading) {
  if (identity_.product_name.empty() && reading.model) {
    // An empty product name would hide the battery from the whole system.
    Value model = normalised({.kind = Kind::text}, *reading.model);
    if (model != Value(std::string())) put("/ProductName", std::move(model));
  }
  if (reading.sw) put("/FirmwareVersion", text_or_invalid(reading.sw));
  if (reading.hw) put("/HardwareVersion", text_or_invalid(reading.hw));
  if (reading.device_name) put("/DeviceName", text_or_invalid(reading.device_name));
  put("/Serial", identity_.serial.empty() ? text_or_invalid(reading.serial) : Value(identity_.serial));
}

void BatteryPaths::put_measurements(const BatteryView& view, bool known) {
  static const Reading kNothing;
  const Reading& reading = known ? *view.reading : kNothing;
  for (const auto& [path, member] : kMeasurements) put(path, value_of(reading.*member));
  const auto volts = reading.voltage_V ? reading.voltage_V : cell_sum(reading);
  put("/Dc/0/Voltage", value_of(volts));
  put("/Dc/0/Power", volts && reading.current_A ? Value(*volts * *reading.current_A) : Value{});
  put("/Dc/0/Temperature", value_of(mean_temperature(reading)));
  put("/Balancing", value_of(reading.balancing));
  put("/Heating", value_of(reading.heater_on));
  const auto& heater_A = reading.heater_current_A;
  put("/Info/HeatingCurrent", value_of(heater_A));
  put("/Info/HeatingPower", heater_A && volts ? Value(*heater_A * *volts) : Value{});
}

void BatteryPaths::put_charge_state(const BatteryView& view, bool known) {
  static const Reading kNothing;
  const Reading& reading = known ? *view.reading : kNothing;
  const auto* limits = known ? view.limits : nullptr;
  const auto soc = limits != nullptr && limits->soc_pct ? limits->soc_pct : reading.soc_pct;
  put("/Soc", value_of(soc));
  auto remaining = reading.remaining_Ah;
  if (!remaining && soc && reading.capacity_Ah) remaining = *soc / 100 * *reading.capacity_Ah;
  put("/Capacity", value_of(remaining));
  // Consumers scale it into unsigned registers: a positive number would wrap.
  auto consumed = reading.consumed_Ah;
  if (!consumed && remaining && reading.capacity_Ah) consumed = *remaining - *reading.capacity_Ah;
  put("/ConsumedAmphours", consumed ? Value(std::min(*consumed, 0.0)) : Value{});
  const auto seconds = limits != nullptr ? limits->ttg_s : reading.ttg_s;
  put("/TimeToGo", seconds ? Value(std::min(*seconds, 864000.0)) : Value{});
}

void BatteryPaths::put_temperatures(const Reading& reading, bool known) {
  if (!reading.temps_C.empty()) put("/Settings/HasTemperature", 1);
  const std::size_t count = std::max(reading.temps_C.size(), temperatures_.size());
  temperatures_.resize(count);
  sensor_names_.resize(count);
  for (std::size_t i = 0; i < reading.temps_C.size(); ++i) {
    put(temperatures_[i], "/System/Temperature{}", i + 1, known ? value_of(reading.temps_C[i]) : Value{});
    if (temperatures_[i] != nullptr) put(sensor_names_[i], "/System/Temperature{}Name", i + 1, sensor_name(reading, i));
  }
}

void BatteryPaths::put_cells(const Reading& reading, bool known) {
  constexpr std::size_t kMaxCells = 256;
  const auto grow = [&](std::vector<Item*>& items, const char* pattern) {
    while (items.size() < std::min(reading.cells_V.size(), kMaxCells)) {
      const std::string path = fmt::format(fmt::runtime(pattern), items.size() + 1);
      items.push_back(tree_.add(path, path_info(path)->format));
    }
  };
  grow(cells_, "/Voltages/Cell{}");
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    tree_.set(cells_[i], known && i < reading.cells_V.size() ? value_of(reading.cells_V[i]) : Value{});
  }
  if (reading.balancing) grow(balances_, "/Balances/Cell{}");
  for (std::size_t i = 0; i < balances_.size(); ++i) {
    const auto& active = reading.balancing_cells;
    const bool on = std::find(active.begin(), active.end(), static_cast<int>(i) + 1) != active.end();
    tree_.set(balances_[i], known ? Value(on ? 1 : 0) : Value{});
  }
  if (!known) {
    put("/Voltages/Sum", Value{});
    put("/Voltages/Diff", Value{});
    return;
  }
  put("/Voltages/Sum", value_of(cell_sum(reading)));
  if (const auto extremes = cell_extremes(reading)) put("/Voltages/Diff", extremes->max_V - extremes->min_V);
  const auto& resistances = reading.wire_resistance_mOhm;
  resistances_.resize(std::max(resistances_.size(), resistances.size()));
  for (std::size_t i = 0; i < resistances.size(); ++i) {
    put(resistances_[i], "/WireResistance/Cell{}", i + 1, value_of(resistances[i]));
  }
}

void BatteryPaths::put_switches(const BatteryView& view) {
  static const Reading kNothing;
  const Reading& reading = view.reading == nullptr ? kNothing : *view.reading;
  const auto* limits = view.limits;
  put("/Io/AllowToCharge", limits != nullptr ? Value(limits->allow_charge ? 1 : 0) : value_of(reading.charge_fet));
  put("/Io/AllowToDischarge",
      limits != nullptr ? Value(limits->allow_discharge ? 1 : 0) : value_of(reading.discharge_fet));
  const bool known = limits == nullptr || !limits->blocked_by_loss;
  put("/Io/ChargeFet", known ? value_of(reading.charge_fet) : Value{});
  put("/Io/DischargeFet", known ? value_of(reading.discharge_fet) : Value{});
  constexpr int kRunning = 9;
  constexpr int kError = 10;
  constexpr int kStandby = 14;
  const bool open = !reading.charge_fet.value_or(true) && !reading.discharge_fet.value_or(true);
  put("/State", !known ? kError : open ? kStandby : kRunning);
  constexpr int kSettingsInvalid = 119;
  put("/ErrorCode", limits != nullptr && limits->alarms.configuration > 0 ? kSettingsInvalid : 0);
}

void BatteryPaths::put_alarms(const BatteryView& view) {
  std::vector<AlarmSource> sources;
  const auto add = [&](const Reading* reading, const limits::Limits* limits) {
    sources.push_back({reading == nullptr ? std::nullopt : reading->alarms,
                       limits == nullptr ? std::nullopt : std::optional(limits->alarms)});
  };
  sources.reserve(view.members.size() + 1);
  add(view.reading, view.limits);
  for (const auto& member : view.members) add(member.reading, member.limits);
  if (sources == alarms_shown_) return;
  alarms_shown_ = std::move(sources);
  AlarmLevels levels = alarm_levels(view.reading, view.limits);
  for (const auto& member : view.members) {
    // The cable of one member is not the cable of the bank; NrOfModulesOffline and its module alarm tell.
    for (const auto& [name, level] : alarm_levels(member.reading, member.limits)) {
      if (name != "BmsCable") levels[name] = std::max(levels[name], level);
    }
  }
  for (const auto& [name, level] : levels) {
    const std::string path = fmt::format("/Alarms/{}", name);
    const auto standard = standard_alarms();
    const bool appears = level > 0 || std::find(standard.begin(), standard.end(), name) != standard.end();
    if (appears || tree_.find(path) != nullptr) put(path, level);
  }
  // What was raised once and is not mentioned any more is over, or no longer known.
  const bool told = view.reading != nullptr && view.reading->alarms.has_value();
  for (const auto& [key, item] : tree_.below("/Alarms")) {
    if (!levels.contains(key) && is_valid(item->value)) put(item->path, told ? Value(0) : Value{});
  }
}

void BatteryPaths::put_link(const BatteryView& view) {
  const auto freshness = view.limits != nullptr ? std::optional(view.limits->freshness) : view.freshness;
  if (freshness) put("/Link/Freshness", std::string(limits::to_string(*freshness)));
  if (view.link == nullptr) return;
  constexpr double kFresh_s = 5;
  if (view.link->last_good) {
    const double age = std::chrono::duration<double>(view.now - *view.link->last_good).count();
    put("/Link/Age", age < kFresh_s ? 0.0 : std::floor(age));
  }
  // A counter that changes with every poll would make a signal of its own for a battery at rest.
  constexpr auto kPeriod = std::chrono::seconds(10);
  if (link_shown_ && view.now - *link_shown_ < kPeriod) return;
  link_shown_ = view.now;
  const auto shown = [](std::uint64_t counter) { return static_cast<double>(counter & 0x7FFFFFFFU); };
  put("/Link/Good", shown(view.link->good));
  put("/Link/Repeated", shown(view.link->repeated));
  constexpr std::pair<std::string_view, Fault> kFaults[] = {{"/Link/Timeout", Fault::timeout},
                                                            {"/Link/Short", Fault::short_frame},
                                                            {"/Link/Crc", Fault::crc},
                                                            {"/Link/Foreign", Fault::foreign},
                                                            {"/Link/Refused", Fault::refused},
                                                            {"/Link/Implausible", Fault::implausible},
                                                            {"/Link/Io", Fault::io}};
  for (const auto& [path, fault] : kFaults) put(path, shown(view.link->count(fault)));
}

}  // namespace bms::victron
