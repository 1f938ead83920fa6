// What a user may write on the GX, and what is estimated beside the measurements.
#include <algorithm>
#include <cmath>

#include "victron/battery_paths.hpp"
#include "victron/part_values.hpp"
#include "victron/path_table.hpp"
#include "victron/setting_paths.hpp"

namespace bms::victron {

void BatteryPaths::add_writable() {
  // Commands rest at 0 and settings get their values from the owner before the service appears.
  const auto flags = [&](std::initializer_list<std::string_view> paths) {
    for (const auto path : paths) tree_.add(path, path_info(path)->format, 0);
  };
  if (options_.user_settings) {
    for (const auto& setting : setting_paths()) {
      if (setting.charging && !options_.limits) continue;
      tree_.add(setting.path, setting_format(setting, options_.bank));
    }
    put("/Settings/ChangedFromFile", std::string());
    flags({"/Settings/RestoreDefaults", "/Settings/ClearAlarms", "/Settings/ForceChargingOff",
           "/Settings/ForceDischargingOff"});
    if (options_.limits) flags({"/Settings/Rebulk", "/Settings/TopBalance"});
  }
  if (options_.user_settings || options_.set_soc) {
    tree_.add("/Settings/ResetSocTo", path_info("/Settings/ResetSocTo")->format);
    flags({"/Settings/SyncSoc"});
  }
  if (options_.mode) tree_.add("/Mode", path_info("/Mode")->format, 3);
  if (options_.clear_history) {
    flags({"/History/Clear"});
    put("/History/CanBeCleared", 1);
  }
  if (options_.remote) tree_.add("/Remote", path_info("/Remote")->format);
}

/// The mid-point a shunt measures; else, with all of an even number of cells known, the one between the two middle
/// cells. The deviation is the one of the BMV manual: upper minus lower half, in % of the whole.
void BatteryPaths::put_mid_point(const Reading& reading, bool known) {
  std::optional<double> middle = reading.mid_voltage_V;
  auto whole = reading.voltage_V;
  const auto sum = cell_sum(reading);
  if (!middle && sum && reading.cells_V.size() % 2 == 0) {
    middle = 0;
    for (std::size_t i = 0; i < reading.cells_V.size() / 2; ++i) *middle += *reading.cells_V[i];
    whole = sum;
  }
  if (middle) put("/Settings/HasMidVoltage", 1);
  put("/Dc/0/MidVoltage", known ? value_of(middle) : Value{});
  const bool sensible = known && middle && whole && *whole > 0;
  Value deviation = sensible ? Value((*whole - 2 * *middle) / *whole * 100) : Value{};
  if (sensible && reading.mid_voltage_V) {  // a shunt tells its own
    const auto told = reading.extra.find("mid_deviation_pct");
    const auto* number = told == reading.extra.end() ? nullptr : std::get_if<double>(&told->second);
    if (number != nullptr) deviation = *number;
  }
  put("/Dc/0/MidVoltageDeviation", std::move(deviation));
  if (reading.aux_voltage_V) put("/Settings/HasStarterVoltage", 1);
}

void BatteryPaths::put_estimates(const BatteryView& view) {
  const bool lost = view.limits != nullptr && view.limits->blocked_by_loss;
  times_to_soc_.resize(std::max(times_to_soc_.size(), view.time_to_soc.size()));
  for (std::size_t i = 0; i < view.time_to_soc.size(); ++i) {
    const auto& [soc_pct, seconds] = view.time_to_soc[i];
    // To the minute: a value that differs every second would be a change of its own at every poll.
    constexpr double kStep_s = 60;
    const bool known = !lost && seconds && std::isfinite(*seconds);
    put(times_to_soc_[i], "/TimeToSoC/{}", static_cast<std::size_t>(soc_pct),
        known ? Value(std::round(*seconds / kStep_s) * kStep_s) : Value{});
  }
  if (!options_.limits) {
    static const limits::Limits kNone;
    const auto notes = joined_notes(view.limits == nullptr ? kNone : *view.limits, view.notes);
    if (!notes.empty() || tree_.find("/Notes") != nullptr) put("/Notes", notes);
  }
}

}  // namespace bms::victron
