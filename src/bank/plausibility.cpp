#include "bank/plausibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bms {
namespace {

struct Bound {
  const char* name;
  std::optional<double> Reading::*member;
  double min;
  double max;
};

// Physical bounds; no battery this project knows comes near them.
constexpr Bound kBounds[] = {
    {"pack voltage", &Reading::voltage_V, 1, 1000},
    {"current", &Reading::current_A, -2000, 2000},
    {"SoC", &Reading::soc_pct, 0, 100},
    {"SoH", &Reading::soh_pct, 0, 100},
    {"MOSFET temperature", &Reading::mos_temp_C, -50, 200},
    {"ambient temperature", &Reading::env_temp_C, -50, 150},
    {"capacity", &Reading::capacity_Ah, 0.1, 100000},
    {"remaining capacity", &Reading::remaining_Ah, -1000, 100000},
    {"charge limit", &Reading::max_charge_current_A, 0, 10000},
    {"discharge limit", &Reading::max_discharge_current_A, 0, 10000},
    {"charge voltage limit", &Reading::max_voltage_V, 0, 1000},
    {"discharge voltage limit", &Reading::min_voltage_V, 0, 1000},
};
constexpr double kCellMin_V = 0.5;
constexpr double kCellMax_V = 5.0;
constexpr std::size_t kMostCells = 64;
constexpr double kTempMin_C = -50;
constexpr double kTempMax_C = 150;

std::optional<std::string> outside(const char* name, double value, double min, double max) {
  if (std::isfinite(value) && value >= min && value <= max) return std::nullopt;
  return fmt::format("{} {:g} is outside {:g} to {:g}", name, value, min, max);
}

std::optional<std::string> impossible_cells(const Reading& reading) {
  if (reading.cells_V.size() > kMostCells) return fmt::format("{} cells", reading.cells_V.size());
  bool any_alive = reading.cells_V.empty();
  for (std::size_t i = 0; i < reading.cells_V.size(); ++i) {
    const auto& cell = reading.cells_V[i];
    if (!cell) {
      any_alive = true;
      continue;
    }
    if (*cell == 0) continue;  // a disconnected sense wire is real
    any_alive = true;
    if (!outside("cell", *cell, kCellMin_V, kCellMax_V)) continue;
    return outside(fmt::format("cell {}", i + 1).c_str(), *cell, kCellMin_V, kCellMax_V);
  }
  if (!any_alive) return "all cells read 0 V";
  const auto sum = cell_sum(reading);
  if (sum && reading.voltage_V && std::abs(*sum - *reading.voltage_V) > 0.025 * *reading.voltage_V + 0.2) {
    return fmt::format("cells sum up to {:.3f} V, the pack reads {:.3f} V", *sum, *reading.voltage_V);
  }
  return std::nullopt;
}

/// How far a continuous quantity may move: `step` at once plus `rate` per second.
struct Slew {
  const char* name;
  std::optional<double> Reading::*member;
  double step;
  double rate;
};
constexpr Slew kSlews[] = {
    {"current", &Reading::current_A, 5, 0},
    {"SoC", &Reading::soc_pct, 0.55, 0.05},
    {"MOSFET temperature", &Reading::mos_temp_C, 0.55, 0.2},
    {"ambient temperature", &Reading::env_temp_C, 0.55, 0.1},
    {"remaining capacity", &Reading::remaining_Ah, 0.3, 0.1},
    {"balance current", &Reading::balance_current_A, 0.5, 0},
    {"consumed Ah", &Reading::consumed_Ah, 0.3, 0.1},
    {"mid-point voltage", &Reading::mid_voltage_V, 0.1, 0.02},
    {"auxiliary voltage", &Reading::aux_voltage_V, 0.2, 0.1},
};
constexpr double kTempStep_C = 0.55;
constexpr double kTempRate_C_s = 0.1;
constexpr double kCellStep_V = 0.012;  // a load step moves all cells further: then the repetition confirms it
constexpr double kCellRate_V_s = 0.002;
constexpr double kCellAlone_V = 0.004;      // one cell against the others: the noise of good front ends
constexpr double kSumAgainstPack_V = 0.15;  // cells against pack voltage, which may have a resolution of 0.1 V

/// Values that come from slow blocks of most protocols and change only when somebody changes a setting.
constexpr Slew kSettings[] = {
    {"capacity", &Reading::capacity_Ah, 0.005, 0},
    {"SoH", &Reading::soh_pct, 0.005, 0},
    {"charge limit", &Reading::max_charge_current_A, 0.005, 0},
    {"discharge limit", &Reading::max_discharge_current_A, 0.005, 0},
    {"charge voltage limit", &Reading::max_voltage_V, 0.005, 0},
    {"discharge voltage limit", &Reading::min_voltage_V, 0.005, 0},
};

std::optional<std::string> moved(const Slew& slew, const Reading& before, const Reading& after, double seconds) {
  const auto& from = before.*slew.member;
  const auto& to = after.*slew.member;
  if (from.has_value() != to.has_value()) return fmt::format("{} {}", slew.name, to ? "appeared" : "vanished");
  if (!from || std::abs(*to - *from) <= slew.step + slew.rate * seconds) return std::nullopt;
  return fmt::format("{} moved from {:g} to {:g}", slew.name, *from, *to);
}

std::optional<std::string> moved_row(const char* name, const std::vector<std::optional<double>>& before,
                                     const std::vector<std::optional<double>>& after, double limit) {
  if (before.size() != after.size()) return fmt::format("{} count from {} to {}", name, before.size(), after.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (before[i].has_value() != after[i].has_value()) return fmt::format("{} {} came or went", name, i + 1);
    if (after[i] && std::abs(*after[i] - *before[i]) > limit) {
      return fmt::format("{} {} moved from {:g} to {:g}", name, i + 1, *before[i], *after[i]);
    }
  }
  return std::nullopt;
}

/// Cells of one pack move together: one that moves alone, or a sum that does not follow the pack voltage, is suspect.
std::optional<std::string> moved_alone(const Reading& before, const Reading& after) {
  std::vector<double> steps;
  for (std::size_t i = 0; i < after.cells_V.size(); ++i) {
    if (before.cells_V[i] && after.cells_V[i]) steps.push_back(*after.cells_V[i] - *before.cells_V[i]);
  }
  if (steps.empty()) return std::nullopt;
  std::vector<double> sorted = steps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (std::abs(steps[i] - *middle) > kCellAlone_V) return fmt::format("a cell moved alone by {:.3f} V", steps[i]);
  }
  if (!before.voltage_V || !after.voltage_V || steps.size() != after.cells_V.size()) return std::nullopt;
  double sum = 0;
  for (const double step : steps) sum += step;
  const double pack = *after.voltage_V - *before.voltage_V;
  if (std::abs(sum - pack) <= kSumAgainstPack_V) return std::nullopt;
  return fmt::format("the cells moved by {:.3f} V, the pack by {:.3f} V", sum, pack);
}

std::optional<std::string> changed_state(const Reading& before, const Reading& after) {
  if (before.alarms != after.alarms) return "alarms changed";
  if (before.charge_fet != after.charge_fet) return "charge FET changed";
  if (before.discharge_fet != after.discharge_fet) return "discharge FET changed";
  if (before.balancing != after.balancing || before.balancing_cells != after.balancing_cells) {
    return "balancing changed";
  }
  if (before.heater_on != after.heater_on) return "heater changed";
  if (after.balancing == false && before.balance_current_A != after.balance_current_A) return "balance current changed";
  return std::nullopt;
}

std::optional<std::string> changed_slow_facts(const Reading& before, const Reading& after) {
  for (const Slew& setting : kSettings) {
    if (auto cause = moved(setting, before, after, 0)) return cause;
  }
  if (before.serial != after.serial) return "serial number changed";
  if (before.model != after.model || before.hw != after.hw || before.sw != after.sw) return "identity changed";
  if (before.device_name != after.device_name) return "device name changed";
  if (before.cycles != after.cycles) return "cycle count changed";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> impossible(const Reading& reading) {
  for (const Bound& bound : kBounds) {
    const auto& value = reading.*bound.member;
    if (!value) continue;
    if (auto cause = outside(bound.name, *value, bound.min, bound.max)) return cause;
  }
  for (const auto& temp : reading.temps_C) {
    if (!temp) continue;
    if (auto cause = outside("temperature", *temp, kTempMin_C, kTempMax_C)) return cause;
  }
  for (const int cell : reading.balancing_cells) {
    if (cell < 1 || static_cast<std::size_t>(cell) > kMostCells) return fmt::format("balancing cell {}", cell);
  }
  return impossible_cells(reading);
}

std::optional<std::string> jump(const Reading& before, const Reading& after, bool& slow_facts) {
  slow_facts = false;
  const double seconds = std::max(0.0, std::chrono::duration<double>(after.time - before.time).count());
  const auto cells = static_cast<double>(std::max<std::size_t>(1, after.cells_V.size()));
  const Slew voltage{"pack voltage", &Reading::voltage_V, kCellStep_V * std::max(4.0, cells),
                     kCellRate_V_s * std::max(4.0, cells)};
  if (auto cause = moved(voltage, before, after, seconds)) return cause;
  for (const Slew& slew : kSlews) {
    if (auto cause = moved(slew, before, after, seconds)) return cause;
  }
  if (auto cause = moved_row("cell", before.cells_V, after.cells_V, kCellStep_V + kCellRate_V_s * seconds)) {
    return cause;
  }
  if (auto cause = moved_alone(before, after)) return cause;
  if (auto cause = moved_row("temperature", before.temps_C, after.temps_C, kTempStep_C + kTempRate_C_s * seconds)) {
    return cause;
  }
  if (auto cause = moved_row("wire resistance", before.wire_resistance_mOhm, after.wire_resistance_mOhm, 0.5)) {
    return cause;
  }
  if (auto cause = changed_state(before, after)) return cause;
  auto cause = changed_slow_facts(before, after);
  slow_facts = cause.has_value();
  return cause;
}

JumpGate::Verdict JumpGate::accept(const Reading& reading) {
  past_ = reading;
  candidate_.reset();
  round_ = 0;
  return Verdict::accept;
}

JumpGate::Verdict JumpGate::judge(const Reading& reading) {
  constexpr int kMostRounds = 4;
  bool slow = false;
  std::optional<std::string> from_past = "first reading";
  if (past_) from_past = jump(*past_, reading, slow);
  if (!from_past) return accept(reading);
  reason_ = *from_past;
  slow_facts_ = slow;
  if (candidate_) {
    bool ignored = false;
    if (!jump(*candidate_, reading, ignored)) return accept(reading);
  }
  if (++round_ >= kMostRounds) {
    abandon();
    return Verdict::reject;
  }
  candidate_ = reading;
  return Verdict::repeat;
}

}  // namespace bms
