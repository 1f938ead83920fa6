#include "reading/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace bms {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Every number with a key of its own, in the order of the contract.
struct NumberKey {
  const char* key;
  std::optional<double> Reading::*member;
  double min;
  double max;
};
constexpr double kAny = 1e9;
constexpr NumberKey kNumbers[] = {
    {"voltage_V", &Reading::voltage_V, 0, 2000},
    {"current_A", &Reading::current_A, -10000, 10000},
    {"soc_pct", &Reading::soc_pct, 0, 100},
    {"soh_pct", &Reading::soh_pct, 0, 100},
    {"mos_temp_C", &Reading::mos_temp_C, -273.15, 1000},
    {"env_temp_C", &Reading::env_temp_C, -273.15, 1000},
    {"capacity_Ah", &Reading::capacity_Ah, 0, kAny},
    {"remaining_Ah", &Reading::remaining_Ah, -kAny, kAny},
    {"max_charge_current_A", &Reading::max_charge_current_A, 0, kAny},
    {"max_discharge_current_A", &Reading::max_discharge_current_A, 0, kAny},
    {"max_voltage_V", &Reading::max_voltage_V, 0, 2000},
    {"min_voltage_V", &Reading::min_voltage_V, 0, 2000},
    {"balance_current_A", &Reading::balance_current_A, -1000, 1000},
    {"heater_current_A", &Reading::heater_current_A, -1000, 1000},
    {"consumed_Ah", &Reading::consumed_Ah, -kAny, kAny},
    {"ttg_s", &Reading::ttg_s, 0, kAny},
    {"mid_voltage_V", &Reading::mid_voltage_V, 0, 2000},
    {"aux_voltage_V", &Reading::aux_voltage_V, -2000, 2000},
};

struct BoolKey {
  const char* key;
  std::optional<bool> Reading::*member;
};
constexpr BoolKey kBools[] = {{"charge_fet", &Reading::charge_fet},
                              {"discharge_fet", &Reading::discharge_fet},
                              {"balancing", &Reading::balancing},
                              {"heater_on", &Reading::heater_on}};

struct TextKey {
  const char* key;
  std::optional<std::string> Reading::*member;
};
constexpr TextKey kTexts[] = {{"model", &Reading::model},
                              {"serial", &Reading::serial},
                              {"hw", &Reading::hw},
                              {"sw", &Reading::sw},
                              {"device_name", &Reading::device_name}};

ordered_json row(const std::vector<std::optional<double>>& values, bool keep_absent) {
  ordered_json out = ordered_json::array();
  for (const auto& value : values) {
    if (value) {
      out.push_back(*value);
    } else if (keep_absent) {
      out.push_back(nullptr);
    }
  }
  return out;
}

[[noreturn]] void reject(std::string_view key, const json& value, std::string_view allowed) {
  throw std::invalid_argument(fmt::format("{}: {}: {}", key, value.dump(), allowed));
}

double number(std::string_view key, const json& value, double min, double max) {
  if (!value.is_number()) reject(key, value, "must be a number");
  const auto result = value.get<double>();
  if (!std::isfinite(result) || result < min || result > max) {
    reject(key, value, fmt::format("must be {:g} to {:g}", min, max));
  }
  return result;
}

std::vector<std::optional<double>> number_row(std::string_view key, const json& value, double min, double max) {
  if (value.is_null()) return {};
  if (!value.is_array() || value.size() > 256) reject(key, value, "must be a list of up to 256 numbers");
  std::vector<std::optional<double>> values;
  for (const auto& entry : value) {
    values.push_back(entry.is_null() ? std::nullopt : std::optional<double>(number(key, entry, min, max)));
  }
  return values;
}

std::vector<Alarm> alarm_list(const json& value) {
  if (!value.is_array()) reject("alarms", value, "must be a list of \"level:condition\"");
  std::vector<Alarm> alarms;
  for (const auto& entry : value) {
    const std::string text = entry.is_string() ? entry.get<std::string>() : "";
    const auto colon = text.find(':');
    const auto condition = colon == std::string::npos ? std::nullopt : condition_from_string(text.substr(colon + 1));
    const std::string level = text.substr(0, colon == std::string::npos ? 0 : colon);
    if (!condition || (level != "warning" && level != "alarm")) reject("alarms", entry, "must be \"level:condition\"");
    alarms.push_back({*condition, level == "alarm" ? AlarmLevel::alarm : AlarmLevel::warning});
  }
  return alarms;
}

void apply_lists(const std::string& key, const json& value, Reading& reading) {
  if (key == "cells_V") reading.cells_V = number_row(key, value, 0, 100);
  if (key == "temps_C") reading.temps_C = number_row(key, value, -273.15, 1000);
  if (key == "wire_resistance_mOhm") reading.wire_resistance_mOhm = number_row(key, value, 0, kAny);
  if (key == "balancing_cells") {
    reading.balancing_cells.clear();
    for (const auto& cell : number_row(key, value, 1, 256)) {
      if (cell) reading.balancing_cells.push_back(static_cast<int>(*cell));
    }
  }
  if (key == "alarms") {
    reading.alarms = value.is_null() ? std::nullopt : std::optional<std::vector<Alarm>>(alarm_list(value));
  }
  if (key == "cycles") {
    reading.cycles = value.is_null()
                         ? std::nullopt
                         : std::optional<std::int64_t>(static_cast<std::int64_t>(number(key, value, 0, kAny)));
  }
}

}  // namespace

ordered_json to_json(const Reading& reading, double t_s) {
  ordered_json out;
  out["t"] = t_s;
  for (const auto& entry : kNumbers) {
    if (const auto& value = reading.*entry.member) out[entry.key] = *value;
  }
  if (!reading.cells_V.empty()) out["cells_V"] = row(reading.cells_V, true);
  if (!reading.temps_C.empty()) out["temps_C"] = row(reading.temps_C, false);
  if (reading.cycles) out["cycles"] = *reading.cycles;
  for (const auto& entry : kBools) {
    if (const auto& value = reading.*entry.member) out[entry.key] = *value;
  }
  if (reading.balancing) out["balancing_cells"] = reading.balancing_cells;
  if (!reading.wire_resistance_mOhm.empty()) {
    out["wire_resistance_mOhm"] = row(reading.wire_resistance_mOhm, true);
  }
  if (reading.alarms) {
    auto& list = out["alarms"] = ordered_json::array();
    for (const Alarm& alarm : *reading.alarms) {
      list.push_back(fmt::format("{}:{}", to_string(alarm.level), to_string(alarm.condition)));
    }
  }
  for (const auto& entry : kTexts) {
    if (const auto& value = reading.*entry.member) out[entry.key] = *value;
  }
  if (!reading.history.empty()) out["history"] = reading.history;
  for (const auto& [name, value] : reading.extra) {
    std::visit([&, &key = name](const auto& content) { out["extra"][key] = content; }, value);
  }
  return out;
}

void apply_json(const json& changes, Reading& reading) {
  if (!changes.is_object()) throw std::invalid_argument("a line must hold one JSON object");
  for (const auto& [key, value] : changes.items()) {
    for (const auto& entry : kNumbers) {
      if (key != entry.key) continue;
      reading.*entry.member =
          value.is_null() ? std::nullopt : std::optional<double>(number(key, value, entry.min, entry.max));
    }
    for (const auto& entry : kBools) {
      if (key != entry.key) continue;
      if (!value.is_null() && !value.is_boolean()) reject(key, value, "must be true, false or null");
      reading.*entry.member = value.is_null() ? std::nullopt : std::optional<bool>(value.get<bool>());
    }
    for (const auto& entry : kTexts) {
      if (key != entry.key) continue;
      if (!value.is_null() && !value.is_string()) reject(key, value, "must be text or null");
      reading.*entry.member = value.is_null() ? std::nullopt : std::optional<std::string>(value.get<std::string>());
    }
    apply_lists(key, value, reading);
  }
}

}  // namespace bms
