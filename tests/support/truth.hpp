#pragma once

#include <algorithm>
#include <random>

#include "bms/reading.hpp"

/// Batteries to be simulated: everything a protocol may ask for, from a seed.
namespace bms::test {

struct TruthShape {
  std::size_t cells = 16;
  std::size_t sensors = 4;
};

/// A lithium iron phosphate battery in some state, consistent in itself: pack voltage is the sum of the cells, the
/// remaining capacity follows from SoC.
inline Reading random_truth(std::mt19937& random, TruthShape shape = {}) {
  const auto between = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
  const auto whole = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  Reading truth;
  const double level = between(2.9, 3.5);
  double sum = 0;
  for (std::size_t i = 0; i < shape.cells; ++i) {
    truth.cells_V.emplace_back(std::round((level + between(-0.05, 0.05)) * 1000) / 1000);
    sum += *truth.cells_V.back();
  }
  truth.voltage_V = sum;
  truth.current_A = between(-150, 150);
  truth.soc_pct = between(0, 100);
  truth.soh_pct = between(70, 100);
  truth.capacity_Ah = between(50, 300);
  truth.remaining_Ah = *truth.capacity_Ah * *truth.soc_pct / 100;
  truth.cycles = whole(0, 5000);
  for (std::size_t i = 0; i < shape.sensors; ++i) truth.temps_C.emplace_back(between(-18, 55));
  truth.mos_temp_C = between(-15, 90);
  truth.env_temp_C = between(-15, 60);
  for (std::size_t i = 0; i < shape.cells; ++i) {
    if (whole(0, 9) == 0) truth.balancing_cells.push_back(static_cast<int>(i + 1));
  }
  truth.balancing = !truth.balancing_cells.empty();
  truth.charge_fet = whole(0, 4) != 0;
  truth.discharge_fet = whole(0, 4) != 0;
  truth.heater_on = whole(0, 9) == 0;
  truth.max_charge_current_A = whole(0, 200);
  truth.max_discharge_current_A = whole(0, 200);
  truth.alarms.emplace();
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    if (whole(0, 7) != 0) continue;
    truth.alarms->push_back({static_cast<Condition>(i), whole(0, 1) == 0 ? AlarmLevel::warning : AlarmLevel::alarm});
  }
  return truth;
}

/// The next moment of the same battery: everything that moves has moved a little.
inline void drift(std::mt19937& random, Reading& truth) {
  const auto between = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
  double sum = 0;
  for (auto& cell : truth.cells_V) {
    cell = std::round((*cell + between(-0.003, 0.003)) * 1000) / 1000;
    sum += *cell;
  }
  truth.voltage_V = sum;
  *truth.current_A += between(-1, 1);
  *truth.soc_pct = std::clamp(*truth.soc_pct + between(-0.1, 0.1), 0.0, 100.0);
  truth.remaining_Ah = *truth.capacity_Ah * *truth.soc_pct / 100;
  for (auto& temp : truth.temps_C) *temp += between(-0.1, 0.1);
}

}  // namespace bms::test
