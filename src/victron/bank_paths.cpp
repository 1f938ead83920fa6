// Extremes, composition and the single batteries of a bank, as items.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "victron/alarm_map.hpp"
#include "victron/battery_paths.hpp"
#include "victron/path_table.hpp"

namespace bms::victron {
namespace {

/// Has values that may be shown.
bool known(const MemberView& member) {
  return member.reading != nullptr && (member.limits == nullptr || !member.limits->blocked_by_loss);
}

bool answers(const MemberView& member) {
  return member.reading != nullptr &&
         (member.limits == nullptr ||
          (member.limits->freshness != limits::Freshness::lost && member.limits->freshness != limits::Freshness::none));
}

bool blocks(const MemberView& member, bool limits::Limits::*allowed, std::optional<bool> Reading::*fet) {
  if (member.limits != nullptr && !(member.limits->*allowed)) return true;
  return member.reading != nullptr && !(member.reading->*fet).value_or(true);
}

/// A battery by itself is its own and only member.
std::vector<MemberView> members_of(const BatteryView& view) {
  if (!view.members.empty()) return {view.members.begin(), view.members.end()};
  return {{.name = {}, .reading = view.reading, .limits = view.limits}};
}

}  // namespace

void BatteryPaths::put_extremes(const BatteryView& view) {
  Extremes cells;
  Extremes temperatures;
  const auto members = members_of(view);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!known(members[i])) continue;
    const std::size_t number = view.members.empty() ? 0 : i + 1;
    cells.add(members[i].reading->cells_V, number);
    temperatures.add(members[i].reading->temps_C, number);
  }
  auto shown = extremes_shown_.begin();
  const auto show = [&](const std::optional<Extreme>& extreme, std::string_view path, std::string_view id_path,
                        std::string (*id)(const Extreme&)) {
    const Extreme before = std::exchange(*shown++, extreme.value_or(Extreme{}));
    put(path, extreme ? Value(extreme->value) : Value{});
    if (extreme && extreme->battery == before.battery && extreme->number == before.number) return;
    put(id_path, extreme ? Value(id(*extreme)) : Value{});
  };
  show(cells.min, "/System/MinCellVoltage", "/System/MinVoltageCellId", cell_id);
  show(cells.max, "/System/MaxCellVoltage", "/System/MaxVoltageCellId", cell_id);
  show(temperatures.min, "/System/MinCellTemperature", "/System/MinTemperatureCellId", sensor_id);
  show(temperatures.max, "/System/MaxCellTemperature", "/System/MaxTemperatureCellId", sensor_id);
  if (!view.members.empty() && cells.min) put("/Voltages/Diff", cells.max->value - cells.min->value);
}

void BatteryPaths::put_composition(const BatteryView& view) {
  int online = 0;
  int no_charge = 0;
  int no_discharge = 0;
  std::size_t cells = 0;
  const auto members = members_of(view);
  for (const auto& member : members) {
    if (answers(member)) ++online;
    if (blocks(member, &limits::Limits::allow_charge, &Reading::charge_fet)) ++no_charge;
    if (blocks(member, &limits::Limits::allow_discharge, &Reading::discharge_fet)) ++no_discharge;
    if (member.reading != nullptr) cells = std::max(cells, member.reading->cells_V.size());
  }
  // A shunt is no composition of anything: these pages of the GX stay closed.
  if (cells == 0 && view.members.empty() && !options_.limits) return;
  const int count = static_cast<int>(members.size());
  const int series = std::clamp(view.in_series, 1, count);
  put("/System/NrOfModulesOnline", online);
  put("/System/NrOfModulesOffline", count - online);
  put("/System/NrOfModulesBlockingCharge", no_charge);
  put("/System/NrOfModulesBlockingDischarge", no_discharge);
  put("/System/NrOfBatteries", count);
  put("/System/BatteriesSeries", series);
  put("/System/BatteriesParallel", count / series);
  put("/System/NrOfCellsPerBattery", cells == 0 ? Value{} : Value(static_cast<std::int32_t>(cells)));
}

void BatteryPaths::put_members(const BatteryView& view) {
  const auto members = members_of(view);
  const bool bank = !view.members.empty();
  for (std::size_t i = 0; i < members.size(); ++i) put_member(i + 1, members[i], bank);
}

void BatteryPaths::put_member(std::size_t number, const MemberView& member, bool in_bank) {
  static const Reading kNothing;
  const bool shown = known(member);
  const Reading& reading = shown ? *member.reading : kNothing;
  // gui-v2 looks at single-digit modules only.
  if (in_bank && number <= 10) {
    const std::string module = fmt::format("/Diagnostics/Module{}", number - 1);
    put(module + "/Id", std::string(member.name));
    const AlarmLevels levels = alarm_levels(member.reading, member.limits);
    for (const auto& [name, level] : levels) put(fmt::format("{}/Alarms/{}", module, name), level);
    for (const auto& [key, item] : tree_.below(module + "/Alarms")) {
      if (!levels.contains(key)) put(item->path, 0);
    }
  }
  const std::size_t cells = member.reading == nullptr ? 0 : member.reading->cells_V.size();
  if (!options_.cell_page || (!in_bank && cells == 0)) return;
  if (tree_.find("/Battery/Request/Id") == nullptr) put("/Battery/Request/Id", 1);
  if (members_.size() < number) members_.resize(number);
  MemberItems& items = members_[number - 1];
  if (!member.name.empty()) put(items.name, "/Battery/{}/Name", number, std::string(member.name));
  if (member.reading != nullptr) {
    const auto text = [](const std::optional<std::string>& known) { return known ? Value(*known) : Value{}; };
    put(items.serial, "/Battery/{}/Serial", number, text(member.reading->serial));
    put(items.firmware, "/Battery/{}/FwVersion", number, text(member.reading->sw));
    put(items.status, "/Battery/{}/Status", number, status_bits(*member.reading, member.limits));
  }
  const auto* limits = shown ? member.limits : nullptr;
  put(items.capacity, "/Battery/{}/Capacity", number, value_of(reading.capacity_Ah));
  put(items.soc, "/Battery/{}/Soc", number,
      value_of(limits != nullptr && limits->soc_pct ? limits->soc_pct : reading.soc_pct));
  put(items.voltage, "/Battery/{}/Voltage", number, value_of(reading.voltage_V));
  put(items.current, "/Battery/{}/Current", number, value_of(reading.current_A));
  put(items.temperature, "/Battery/{}/Temperature", number, value_of(mean_temperature(reading)));
  while (items.cells.size() < std::min<std::size_t>(cells, 256)) {
    const std::string path = fmt::format("/Battery/{}/Cell/{}/Voltage", number, items.cells.size() + 1);
    items.cells.push_back(tree_.add(path, path_info(path)->format));
  }
  for (std::size_t i = 0; i < items.cells.size(); ++i) {
    tree_.set(items.cells[i], i < reading.cells_V.size() ? value_of(reading.cells_V[i]) : Value{});
  }
}

}  // namespace bms::victron
