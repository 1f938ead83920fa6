#include "recorder/row.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace bms::recorder {
namespace {

using nlohmann::ordered_json;

struct Number {
  const char* key;
  std::optional<double> Reading::*member;
};
constexpr Number kNumbers[] = {
    {"voltage_V", &Reading::voltage_V},
    {"current_A", &Reading::current_A},
    {"soc_pct", &Reading::soc_pct},
    {"soh_pct", &Reading::soh_pct},
    {"mos_temp_C", &Reading::mos_temp_C},
    {"env_temp_C", &Reading::env_temp_C},
    {"capacity_Ah", &Reading::capacity_Ah},
    {"remaining_Ah", &Reading::remaining_Ah},
    {"max_charge_current_A", &Reading::max_charge_current_A},
    {"max_discharge_current_A", &Reading::max_discharge_current_A},
    {"max_voltage_V", &Reading::max_voltage_V},
    {"min_voltage_V", &Reading::min_voltage_V},
    {"consumed_Ah", &Reading::consumed_Ah},
    {"aux_voltage_V", &Reading::aux_voltage_V},
};
struct Flag {
  const char* key;
  std::optional<bool> Reading::*member;
};
constexpr Flag kFlags[] = {{"charge_fet", &Reading::charge_fet},
                           {"discharge_fet", &Reading::discharge_fet},
                           {"balancing", &Reading::balancing}};

// Order of Row::values.
constexpr std::size_t kFirstFlag = std::size(kNumbers);
constexpr std::size_t kWarnings = kFirstFlag + std::size(kFlags);
constexpr std::size_t kAlarms = kWarnings + 1;
constexpr std::size_t kBalancing = kAlarms + 1;
constexpr std::size_t kChargeOff = kBalancing + 1;
constexpr std::size_t kDischargeOff = kChargeOff + 1;
constexpr std::size_t kShunt = kDischargeOff + 1;  ///< 1: values of a shunt arrived
constexpr std::size_t kShuntSoc = kShunt + 1;
constexpr std::size_t kShuntCurrent = kShuntSoc + 1;
constexpr std::size_t kToldSoc = kShuntCurrent + 1;
constexpr std::size_t kOut = kToldSoc + 1;  ///< cvl, ccl, dcl, soc, states
constexpr std::size_t kOutCount = 5;
constexpr std::size_t kCells = kOut + kOutCount;

constexpr const char* kOutKeys[] = {"cvl_V", "ccl_A", "dcl_A", "soc_pct"};
constexpr std::size_t kMostText = 64;
constexpr unsigned kMostBalancing = 48;  ///< as many as a double counts bit by bit

double number(const std::optional<double>& value) { return value ? *value : kAbsent; }
double number(const std::optional<bool>& value) { return value ? (*value ? 1.0 : 0.0) : kAbsent; }
bool equal(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

ordered_json json_number(double value) { return std::isnan(value) ? ordered_json(nullptr) : ordered_json(value); }
ordered_json json_flag(double value) { return std::isnan(value) ? ordered_json(nullptr) : ordered_json(value != 0); }

std::uint64_t bits(double value) {
  return value >= 0 && value < 18014398509481984.0 ? static_cast<std::uint64_t>(value) : 0;
}

void alarm_list(ordered_json& out, std::uint64_t mask, AlarmLevel level) {
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    if ((mask >> i & 1U) != 0) {
      out.push_back(fmt::format("{}:{}", to_string(level), to_string(static_cast<Condition>(i))));
    }
  }
}

ordered_json alarms(const Row& row) {
  if (std::isnan(row.values[kAlarms])) return nullptr;
  ordered_json list = ordered_json::array();
  alarm_list(list, bits(row.values[kWarnings]), AlarmLevel::warning);
  alarm_list(list, bits(row.values[kAlarms]), AlarmLevel::alarm);
  return list;
}

ordered_json list_of(const Row& row, std::size_t begin, std::size_t count) {
  if (count == 0) return nullptr;
  ordered_json list = ordered_json::array();
  for (std::size_t i = begin; i < begin + count; ++i) list.push_back(json_number(row.values[i]));
  return list;
}

ordered_json outputs(const Row& row) {
  ordered_json out;
  for (std::size_t i = 0; i < std::size(kOutKeys); ++i) out[kOutKeys[i]] = json_number(row.values[kOut + i]);
  const auto states = bits(row.values[kOut + 4]);
  out["allow_charge"] = (states & 1U) != 0;
  out["allow_discharge"] = (states & 2U) != 0;
  out["pre_alarm"] = (states & 4U) != 0;
  out["phase"] = to_string(static_cast<limits::Phase>(states >> 4 & 3U));
  out["freshness"] = to_string(static_cast<limits::Freshness>(states >> 6 & 3U));
  return out;
}

/// Whether a part of two rows differs; rows of different layouts differ wherever the part is a list.
struct Difference {
  const Row& before;
  const Row& after;
  bool all;

  bool operator()(std::size_t begin, std::size_t count = 1) const {
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (all || !equal(before.values[i], after.values[i])) return true;
    }
    return false;
  }
};

}  // namespace

Row::Row(std::size_t cells_, std::size_t temperatures_)
    : cells(cells_), temperatures(temperatures_), values(kCells + cells_ + temperatures_, kAbsent) {}

double snapped(double value) {
  constexpr double kGrid = 1e6;
  constexpr double kNoise = 1e-9;
  const double near = std::round(value * kGrid) / kGrid;
  const bool noise = std::abs(near - value) <= kNoise * std::max(1.0, std::abs(value));
  return noise ? near + 0.0 : value;  // and minus zero is zero
}

void snap(Reading& reading) {
  for (const auto& [key, member] : kNumbers) {
    if (reading.*member) reading.*member = snapped(*(reading.*member));
  }
  for (auto* list : {&reading.cells_V, &reading.temps_C}) {
    for (auto& value : *list) {
      if (value) value = snapped(*value);
    }
  }
}

void coarsen(Reading& reading) {
  const auto to = [](std::optional<double>& value, double grid) {
    if (value) value = std::round(*value * grid) / grid + 0.0;
  };
  to(reading.voltage_V, 100);
  to(reading.current_A, 100);
  for (auto& cell : reading.cells_V) to(cell, 1000);
  for (auto& temperature : reading.temps_C) to(temperature, 10);
  to(reading.mos_temp_C, 10);
  to(reading.env_temp_C, 10);
  to(reading.remaining_Ah, 10);
  to(reading.consumed_Ah, 10);
}

void put(Row& row, const Reading& reading) {
  const std::size_t cells = std::min(reading.cells_V.size(), kMostCells);
  const std::size_t temperatures = std::min(reading.temps_C.size(), kMostCells);
  if (row.cells != cells || row.temperatures != temperatures) {
    Row other(cells, temperatures);
    std::copy_n(row.values.begin(), kCells, other.values.begin());
    row = std::move(other);
  }
  for (std::size_t i = 0; i < std::size(kNumbers); ++i) row.values[i] = number(reading.*kNumbers[i].member);
  for (std::size_t i = 0; i < std::size(kFlags); ++i) row.values[kFirstFlag + i] = number(reading.*kFlags[i].member);
  std::uint64_t masks[2] = {0, 0};
  for (const Alarm& alarm : reading.alarms.value_or(std::vector<Alarm>{})) {
    masks[alarm.level == AlarmLevel::alarm ? 1 : 0] |= std::uint64_t{1} << static_cast<unsigned>(alarm.condition);
  }
  row.values[kWarnings] = reading.alarms ? static_cast<double>(masks[0]) : kAbsent;
  row.values[kAlarms] = reading.alarms ? static_cast<double>(masks[1]) : kAbsent;
  std::uint64_t balancing = 0;
  for (const int cell : reading.balancing_cells) {
    if (cell >= 1 && static_cast<unsigned>(cell) <= kMostBalancing) balancing |= std::uint64_t{1} << (cell - 1);
  }
  row.values[kBalancing] = static_cast<double>(balancing);
  for (std::size_t i = 0; i < cells; ++i) row.values[kCells + i] = number(reading.cells_V[i]);
  for (std::size_t i = 0; i < temperatures; ++i) row.values[kCells + cells + i] = number(reading.temps_C[i]);
}

void put(Row& row, const limits::Limits& limits) {
  row.values[kOut] = limits.cvl.value_V;
  row.values[kOut + 1] = limits.ccl.value_A;
  row.values[kOut + 2] = limits.dcl.value_A;
  // To the tenth that is shown: the full precision of a counter would fill the memory.
  row.values[kOut + 3] = limits.soc_pct ? std::round(*limits.soc_pct * 10) / 10 : kAbsent;
  const unsigned states = (limits.allow_charge ? 1U : 0U) | (limits.allow_discharge ? 2U : 0U) |
                          (limits.pre_alarm ? 4U : 0U) | static_cast<unsigned>(limits.phase) << 4 |
                          static_cast<unsigned>(limits.freshness) << 6;
  row.values[kOut + 4] = states;
}

void put_inputs(Row& row, bool charge_off, bool discharge_off) {
  row.values[kChargeOff] = charge_off ? 1 : 0;
  row.values[kDischargeOff] = discharge_off ? 1 : 0;
}

void put(Row& row, const limits::ShuntValues* shunt) {
  row.values[kShunt] = shunt != nullptr ? 1 : 0;
  row.values[kShuntSoc] = shunt != nullptr ? number(shunt->soc_pct) : kAbsent;
  row.values[kShuntCurrent] = shunt != nullptr ? number(shunt->current_A) : kAbsent;
}

void put_soc(Row& row, const std::optional<double>& soc_pct) { row.values[kToldSoc] = number(soc_pct); }

ordered_json changes(const Row& before, const Row& after, bool first) {
  const Difference differ{before, after, first};
  ordered_json out = ordered_json::object();
  for (std::size_t i = 0; i < std::size(kNumbers); ++i) {
    if (differ(i) && !(first && std::isnan(after.values[i]))) out[kNumbers[i].key] = json_number(after.values[i]);
  }
  for (std::size_t i = 0; i < std::size(kFlags); ++i) {
    const double value = after.values[kFirstFlag + i];
    if (differ(kFirstFlag + i) && !(first && std::isnan(value))) out[kFlags[i].key] = json_flag(value);
  }
  if (differ(kWarnings, 2)) out["alarms"] = alarms(after);
  if (differ(kBalancing)) {
    ordered_json& list = out["balancing_cells"] = ordered_json::array();
    for (unsigned i = 0; i < kMostBalancing; ++i) {
      if ((bits(after.values[kBalancing]) >> i & 1U) != 0) list.push_back(i + 1);
    }
  }
  const bool list_differs = first || !before.same_layout(after);
  const Difference lists{before, after, list_differs};
  if (lists(kCells, after.cells) || (list_differs && before.cells != after.cells)) {
    out["cells_V"] = list_of(after, kCells, after.cells);
  }
  if (lists(kCells + after.cells, after.temperatures) || (list_differs && before.temperatures != after.temperatures)) {
    out["temps_C"] = list_of(after, kCells + after.cells, after.temperatures);
  }
  if (differ(kChargeOff)) out["charge_off"] = after.values[kChargeOff] == 1;
  if (differ(kDischargeOff)) out["discharge_off"] = after.values[kDischargeOff] == 1;
  if (differ(kShunt, 3) && after.values[kShunt] == 1) {
    out["shunt"] = {{"soc_pct", json_number(after.values[kShuntSoc])},
                    {"current_A", json_number(after.values[kShuntCurrent])}};
  } else if (differ(kShunt) && !first) {
    out["shunt"] = nullptr;
  }
  if (differ(kToldSoc) && !(first && std::isnan(after.values[kToldSoc]))) {
    out["bank_soc_pct"] = json_number(after.values[kToldSoc]);
  }
  if (differ(kOut, kOutCount)) out["out"] = outputs(after);
  return out;
}

Texts texts_of(const Reading& reading) {
  const auto clean = [](std::optional<std::string> text) {
    if (text && text->size() > kMostText) text->resize(kMostText);
    if (!text) return text;
    for (char& c : *text) {
      if (c < ' ' || c > '~') c = '?';
    }
    return text;
  };
  return {clean(reading.model), clean(reading.serial), clean(reading.hw), clean(reading.sw),
          clean(reading.device_name)};
}

nlohmann::json to_json(const Texts& texts) {
  nlohmann::json out = nlohmann::json::object();
  const auto add = [&out](const char* key, const std::optional<std::string>& text) {
    out[key] = text ? nlohmann::json(*text) : nlohmann::json(nullptr);
  };
  add("model", texts.model);
  add("serial", texts.serial);
  add("hw", texts.hw);
  add("sw", texts.sw);
  add("device_name", texts.device_name);
  return out;
}

}  // namespace bms::recorder
