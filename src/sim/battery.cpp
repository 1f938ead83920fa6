#include "sim/battery.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bms::sim {
namespace {

// The plant of the closed-loop acceptance test: SoC in %, V per cell.
constexpr std::pair<double, double> kOcv[] = {{0, 2.60},  {2, 2.90},    {5, 3.10},    {10, 3.20},  {20, 3.26},
                                              {40, 3.29}, {60, 3.305},  {70, 3.33},   {90, 3.335}, {95, 3.345},
                                              {97, 3.36}, {98.5, 3.39}, {99.3, 3.44}, {100, 3.55}, {101, 4.20}};
constexpr double kCellResistance_Ohm = 0.0006;

double to_millivolts(double volts) { return std::round(volts * 1000) / 1000; }

}  // namespace

double lfp_ocv_V(double soc_pct) {
  const double soc = std::clamp(soc_pct, 0.0, 101.0);
  for (std::size_t i = 1; i < std::size(kOcv); ++i) {
    const auto& [x0, y0] = kOcv[i - 1];
    const auto& [x1, y1] = kOcv[i];
    if (soc <= x1) return y0 + (y1 - y0) * (soc - x0) / (x1 - x0);
  }
  return kOcv[std::size(kOcv) - 1].second;
}

Battery::Battery(const BatterySpec& spec) : spread_V_(spec.spread_V) {
  truth_.cells_V.resize(static_cast<std::size_t>(spec.cells));
  truth_.capacity_Ah = spec.capacity_Ah;
  truth_.remaining_Ah = spec.capacity_Ah * spec.soc_pct / 100;
  truth_.current_A = spec.current_A;
  truth_.temps_C = {spec.temperature_C, spec.temperature_C + 0.5};
  truth_.mos_temp_C = spec.temperature_C + 5;
  truth_.env_temp_C = spec.temperature_C;
  truth_.soh_pct = 100;
  truth_.cycles = 12;
  truth_.charge_fet = true;
  truth_.discharge_fet = true;
  truth_.balancing = false;
  truth_.max_charge_current_A = 100;
  truth_.max_discharge_current_A = 150;
  truth_.max_voltage_V = to_millivolts(3.45 * spec.cells);
  truth_.min_voltage_V = to_millivolts(2.7 * spec.cells);
  truth_.alarms.emplace();
  truth_.model = "SIM";
  truth_.serial = spec.serial;
  truth_.hw = "1.0";
  truth_.sw = "1.0";
  truth_.wire_resistance_mOhm.assign(static_cast<std::size_t>(spec.cells), 60.0);
  update();
}

void Battery::advance(double seconds) {
  const double capacity = truth_.capacity_Ah.value_or(100);
  double current = truth_.current_A.value_or(0);
  const bool blocked = (current > 0 && truth_.charge_fet == false) || (current < 0 && truth_.discharge_fet == false);
  if (blocked) current = 0;
  const double remaining = truth_.remaining_Ah.value_or(0) + current * std::clamp(seconds, 0.0, 3600.0) / 3600;
  truth_.remaining_Ah = std::clamp(remaining, 0.0, capacity);
  update();
}

void Battery::update() {
  const double capacity = truth_.capacity_Ah.value_or(100);
  const double soc = 100 * truth_.remaining_Ah.value_or(0) / capacity;
  truth_.soc_pct = soc;
  truth_.consumed_Ah = truth_.remaining_Ah.value_or(0) - capacity;
  if (hold_voltages_) return;
  const auto count = truth_.cells_V.size();
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) - 0.5 : 0;
    const double cell = lfp_ocv_V(soc) + truth_.current_A.value_or(0) * kCellResistance_Ohm + spread_V_ * place;
    truth_.cells_V[i] = to_millivolts(cell);
    sum += *truth_.cells_V[i];
  }
  truth_.voltage_V = to_millivolts(sum);
  truth_.mid_voltage_V = to_millivolts(sum / 2);
}

}  // namespace bms::sim
