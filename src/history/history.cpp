#include "history/history.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bms::history {
namespace {

constexpr double kLongestGap_s = 60;  ///< H4
constexpr double kAsPerAh = 3600;
constexpr double kJoulePerkWh = 3.6e6;
constexpr double kEmpty_pct = 0.5;
constexpr double kNoLongerEmpty_pct = 5;
/// A discharge shallower than this part of the capacity is the float current of a full battery.
constexpr double kWorthMentioning = 0.01;

constexpr std::array<std::string_view, kFieldCount> kNames = {"deepest_discharge_Ah",
                                                              "last_discharge_Ah",
                                                              "average_discharge_Ah",
                                                              "total_drawn_Ah",
                                                              "charge_cycles",
                                                              "full_discharges",
                                                              "automatic_syncs",
                                                              "low_voltage_alarms",
                                                              "high_voltage_alarms",
                                                              "low_starter_voltage_alarms",
                                                              "high_starter_voltage_alarms",
                                                              "min_voltage_V",
                                                              "max_voltage_V",
                                                              "min_cell_voltage_V",
                                                              "max_cell_voltage_V",
                                                              "min_starter_voltage_V",
                                                              "max_starter_voltage_V",
                                                              "min_temperature_C",
                                                              "max_temperature_C",
                                                              "since_full_charge_s",
                                                              "discharged_energy_kWh",
                                                              "charged_energy_kWh",
                                                              "not_observed_s",
                                                              "last_errors"};

constexpr std::uint64_t bit(Condition condition) { return std::uint64_t{1} << static_cast<unsigned>(condition); }
constexpr std::uint64_t kLowVoltage = bit(Condition::cell_undervoltage) | bit(Condition::pack_undervoltage);
constexpr std::uint64_t kHighVoltage = bit(Condition::cell_overvoltage) | bit(Condition::pack_overvoltage);

void lower(std::optional<Mark>& mark, double value, const std::optional<std::int64_t>& unix_s) {
  if (std::isfinite(value) && (!mark || value < mark->value)) mark = Mark{value, unix_s};
}

void raise(std::optional<Mark>& mark, double value, const std::optional<std::int64_t>& unix_s) {
  if (std::isfinite(value) && (!mark || value > mark->value)) mark = Mark{value, unix_s};
}

void take_extremes(State& state, const Reading& reading, const std::optional<std::int64_t>& unix_s) {
  const auto voltage = reading.voltage_V ? reading.voltage_V : cell_sum(reading);
  if (voltage) {
    lower(state.min_voltage, *voltage, unix_s);
    raise(state.max_voltage, *voltage, unix_s);
  }
  if (const auto cells = cell_extremes(reading)) {
    lower(state.min_cell, cells->min_V, unix_s);
    raise(state.max_cell, cells->max_V, unix_s);
  }
  if (reading.aux_voltage_V) {
    lower(state.min_starter, *reading.aux_voltage_V, unix_s);
    raise(state.max_starter, *reading.aux_voltage_V, unix_s);
  }
  for (const auto& temperature : reading.temps_C) {
    if (!temperature) continue;
    lower(state.min_temperature, *temperature, unix_s);
    raise(state.max_temperature, *temperature, unix_s);
  }
}

/// Integral over `dt_s` of what is positive of a straight line from `from` to `to`.
double positive_part(double from, double to, double dt_s) {
  if (from >= 0 && to >= 0) return (from + to) / 2 * dt_s;
  if (from <= 0 && to <= 0) return 0;
  const double high = std::max(from, to);
  return high / 2 * dt_s * high / (high - std::min(from, to));
}

void integrate(State& state, double power_W, double current_A, const std::optional<double>& capacity_Ah) {
  const double dt_s = state.silence_s;
  state.discharged_kWh += positive_part(-state.power_W, -power_W, dt_s) / kJoulePerkWh;
  state.charged_kWh += positive_part(state.power_W, power_W, dt_s) / kJoulePerkWh;
  const double drawn_Ah = positive_part(-state.current_A, -current_A, dt_s) / kAsPerAh;
  state.drawn_Ah += drawn_Ah;
  state.drawn_since_sync_Ah += drawn_Ah;
  if (capacity_Ah && *capacity_Ah > 0) {
    state.cycles += drawn_Ah / *capacity_Ah;
    if (state.drawn_since_sync_Ah >= kWorthMentioning * *capacity_Ah) state.synchronised = false;
  } else if (state.drawn_since_sync_Ah >= 1) {
    state.synchronised = false;
  }
}

void take_energy(State& state, const Reading& reading, const std::optional<double>& capacity_Ah) {
  const auto voltage = reading.voltage_V ? reading.voltage_V : cell_sum(reading);
  if (!voltage || !reading.current_A) return;
  const double power_W = *voltage * *reading.current_A;
  if (!std::isfinite(power_W) || !std::isfinite(*reading.current_A)) return;
  if (state.begun) {
    if (state.silence_s <= kLongestGap_s) {
      integrate(state, power_W, *reading.current_A, capacity_Ah);
    } else {
      state.not_observed_s += state.silence_s;
    }
  }
  state.begun = true;
  state.power_W = power_W;
  state.current_A = *reading.current_A;
  state.silence_s = 0;
}

void take_depth(State& state, const Sample& sample, const std::optional<double>& capacity_Ah) {
  const Reading& reading = *sample.reading;
  const auto soc = sample.limits != nullptr && sample.limits->soc_pct ? sample.limits->soc_pct : reading.soc_pct;
  std::optional<double> depth_Ah;
  if (reading.consumed_Ah) {
    depth_Ah = std::max(0.0, -*reading.consumed_Ah);
  } else if (soc && capacity_Ah) {
    depth_Ah = std::max(0.0, (100 - *soc) / 100 * *capacity_Ah);
  }
  if (depth_Ah && std::isfinite(*depth_Ah)) {
    state.cycle_depth_Ah = std::max(state.cycle_depth_Ah, *depth_Ah);
    state.deepest_Ah = std::max(state.deepest_Ah.value_or(0), *depth_Ah);
    state.last_Ah = std::max(state.last_Ah.value_or(0), *depth_Ah);
  }
  if (!soc) return;
  if (*soc <= kEmpty_pct && !state.empty) {
    ++state.full_discharges;
    state.empty = true;
  } else if (*soc >= kNoLongerEmpty_pct) {
    state.empty = false;
  }
}

/// A charge was completed. A second sign of the same charge (the counter, then the balance) is the same one.
void synchronise(State& state, const std::optional<double>& capacity_Ah) {
  state.since_full_s = 0;
  if (!state.synchronised) {
    ++state.syncs;
    if (state.cycle_depth_Ah > 0 && state.cycle_depth_Ah >= kWorthMentioning * capacity_Ah.value_or(100)) {
      state.depth_sum_Ah += state.cycle_depth_Ah;
      ++state.depth_count;
    }
    // From here on it is another discharge; what the last one was stays to be seen until it begins.
    state.cycle_depth_Ah = 0;
    state.last_Ah.reset();
  }
  state.synchronised = true;
  state.drawn_since_sync_Ah = 0;
}

std::uint64_t bits_of(const std::vector<Alarm>& alarms) {
  std::uint64_t bits = 0;
  for (const Alarm& alarm : alarms) {
    if (alarm.level == AlarmLevel::alarm) bits |= bit(alarm.condition);
  }
  return bits;
}

/// H2: only what comes up counts. What the BMS said stays in force until it says something else.
void take_alarms(State& state, const Sample& sample) {
  if (sample.reading != nullptr && sample.reading->alarms) state.told = bits_of(*sample.reading->alarms);
  std::uint64_t now = state.told;
  if (sample.limits != nullptr) {
    const limits::Alarms& own = sample.limits->alarms;
    if (own.low_cell_voltage > 1) now |= bit(Condition::cell_undervoltage);
    if (own.high_cell_voltage > 1) now |= bit(Condition::cell_overvoltage);
    if (own.bms_cable > 1) now |= bit(Condition::communication);
  }
  const std::uint64_t before = std::exchange(state.active, now);
  const auto rises = [&](std::uint64_t group) { return (now & group) != 0 && (before & group) == 0 ? 1U : 0U; };
  state.low_voltage += rises(kLowVoltage);
  state.high_voltage += rises(kHighVoltage);
  state.low_starter += rises(bit(Condition::starter_undervoltage));
  state.high_starter += rises(bit(Condition::starter_overvoltage));
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    const auto condition = static_cast<Condition>(i);
    if (rises(bit(condition)) == 0) continue;
    state.errors.insert(state.errors.begin(), Error{condition, sample.unix_s});
    if (state.errors.size() > kMostErrors) state.errors.resize(kMostErrors);
  }
}

}  // namespace

std::string_view to_string(Field field) { return kNames[static_cast<std::size_t>(field)]; }

std::optional<Field> field_from_string(std::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Field>(found - kNames.begin());
}

void step(State& state, const Sample& sample) {
  static_assert(kConditionCount <= 64, "the alarms in force are one word");
  const double elapsed_s = sample.elapsed_s > 0 && std::isfinite(sample.elapsed_s) ? sample.elapsed_s : 0;
  if (!state.since_s) state.since_s = sample.unix_s;
  if (state.since_full_s) *state.since_full_s += elapsed_s;
  if (state.begun) state.silence_s += elapsed_s;
  take_alarms(state, sample);
  auto capacity_Ah = sample.reading != nullptr ? sample.reading->capacity_Ah : std::nullopt;
  if (!capacity_Ah) capacity_Ah = sample.capacity_Ah;
  if (sample.reading != nullptr) {
    take_extremes(state, *sample.reading, sample.unix_s);
    take_energy(state, *sample.reading, capacity_Ah);
    take_depth(state, sample, capacity_Ah);
  }
  if (sample.limits != nullptr &&
      (sample.limits->events.soc_synchronised || sample.limits->events.absorption_balanced)) {
    synchronise(state, capacity_Ah);
  }
}

void restart(State& state, std::optional<double> elapsed_s) {
  if (!elapsed_s || !(*elapsed_s >= 0)) {
    state.begun = false;
    state.silence_s = 0;
    return;
  }
  if (state.since_full_s) *state.since_full_s += *elapsed_s;
  if (state.begun) state.silence_s += *elapsed_s;
}

}  // namespace bms::history
