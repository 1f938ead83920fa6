#include "history/history.hpp"

namespace bms::history {
namespace {

std::optional<Mark> State::*mark_of(Field field) {
  switch (field) {
    case Field::min_voltage_V:
      return &State::min_voltage;
    case Field::max_voltage_V:
      return &State::max_voltage;
    case Field::min_cell_voltage_V:
      return &State::min_cell;
    case Field::max_cell_voltage_V:
      return &State::max_cell;
    case Field::min_starter_voltage_V:
      return &State::min_starter;
    case Field::max_starter_voltage_V:
      return &State::max_starter;
    case Field::min_temperature_C:
      return &State::min_temperature;
    case Field::max_temperature_C:
      return &State::max_temperature;
    default:
      return nullptr;
  }
}

std::uint32_t State::*counter_of(Field field) {
  switch (field) {
    case Field::full_discharges:
      return &State::full_discharges;
    case Field::automatic_syncs:
      return &State::syncs;
    case Field::low_voltage_alarms:
      return &State::low_voltage;
    case Field::high_voltage_alarms:
      return &State::high_voltage;
    case Field::low_starter_voltage_alarms:
      return &State::low_starter;
    case Field::high_starter_voltage_alarms:
      return &State::high_starter;
    default:
      return nullptr;
  }
}

double State::*sum_of(Field field) {
  switch (field) {
    case Field::total_drawn_Ah:
      return &State::drawn_Ah;
    case Field::charge_cycles:
      return &State::cycles;
    case Field::discharged_energy_kWh:
      return &State::discharged_kWh;
    case Field::charged_energy_kWh:
      return &State::charged_kWh;
    case Field::not_observed_s:
      return &State::not_observed_s;
    default:
      return nullptr;
  }
}

}  // namespace

std::optional<double> value(const State& state, Field field) {
  if (const auto mark = mark_of(field)) return state.*mark ? std::optional((state.*mark)->value) : std::nullopt;
  if (const auto counter = counter_of(field)) return static_cast<double>(state.*counter);
  if (const auto sum = sum_of(field)) return state.*sum;
  switch (field) {
    case Field::deepest_discharge_Ah:
      return state.deepest_Ah;
    case Field::last_discharge_Ah:
      return state.last_Ah;
    case Field::average_discharge_Ah:
      return state.depth_count > 0 ? std::optional(state.depth_sum_Ah / state.depth_count) : std::nullopt;
    case Field::since_full_charge_s:
      return state.since_full_s;
    default:
      return static_cast<double>(state.errors.size());
  }
}

std::optional<std::int64_t> seen_at(const State& state, Field field) {
  const auto mark = mark_of(field);
  return mark != nullptr && state.*mark ? (state.*mark)->unix_s : std::nullopt;
}

void reset(State& state, Field field) {
  if (const auto mark = mark_of(field)) (state.*mark).reset();
  if (const auto counter = counter_of(field)) state.*counter = 0;
  if (const auto sum = sum_of(field)) state.*sum = 0;
  switch (field) {
    case Field::deepest_discharge_Ah:
      state.deepest_Ah.reset();
      break;
    case Field::last_discharge_Ah:
      state.last_Ah.reset();
      break;
    case Field::average_discharge_Ah:
      state.depth_sum_Ah = 0;
      state.depth_count = 0;
      break;
    case Field::since_full_charge_s:
      state.since_full_s.reset();
      break;
    case Field::last_errors:
      state.errors.clear();
      break;
    default:
      break;
  }
}

void reset_all(State& state, std::optional<std::int64_t> unix_s) {
  for (std::size_t i = 0; i < kFieldCount; ++i) reset(state, static_cast<Field>(i));
  state.since_s = unix_s;
}

}  // namespace bms::history
