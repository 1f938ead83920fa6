#include "limits/samples.hpp"

#include <cmath>

namespace bms::limits {
namespace {

constexpr double kCellMin_V = 1.0;
constexpr double kCellMax_V = 4.5;
constexpr double kTempMin_C = -40;
constexpr double kTempMax_C = 100;
constexpr std::size_t kMaxSensors = 64;
constexpr double kMaxCurrent_A = 5000;  ///< beyond any battery; 0xFFFF patterns land above it
constexpr double kMaxVoltage_V = 1500;
constexpr double kMaxCapacity_Ah = 100000;

bool outside(double value, double min, double max) { return !(value >= min && value <= max); }

/// Impossible cells, or another number of them than this battery has: the sample as a whole is worthless (G10).
bool good_cells(State& state, const Reading& reading) {
  for (const auto& cell : reading.cells_V) {
    if (cell && outside(*cell, kCellMin_V, kCellMax_V)) {
      ++state.discards.cell_range;
      return false;
    }
  }
  if (!reading.cells_V.empty() && state.cells != 0 && reading.cells_V.size() != static_cast<std::size_t>(state.cells)) {
    ++state.discards.cell_count;
    return false;
  }
  return true;
}

void take_cells(State& state, const Reading& reading) {
  Inputs& in = state.inputs;
  if (reading.cells_V.empty()) return;
  in.cells.resize(reading.cells_V.size());
  bool first = true;
  in.v_sum = 0;
  in.cells_complete = true;
  for (std::size_t i = 0; i < in.cells.size(); ++i) {
    auto& cell = in.cells[i];
    if (reading.cells_V[i]) cell.set(*reading.cells_V[i], state.clock_s);
    in.cells_complete = in.cells_complete && cell.known;
    if (!cell.known) continue;
    in.v_sum += cell.value;
    in.oldest_cell_s = first ? cell.at_s : std::min(in.oldest_cell_s, cell.at_s);
    if (first || cell.value > in.v_max) {
      in.v_max = cell.value;
      in.max_cell = static_cast<std::uint16_t>(i + 1);
    }
    if (first || cell.value < in.v_min) {
      in.v_min = cell.value;
      in.min_cell = static_cast<std::uint16_t>(i + 1);
    }
    first = false;
  }
}

/// A temperature that jumps is believed only after it was repeated (G10): a torn frame is a lightning, heat is not.
void take_temperature(const Config& config, State& state, Sensor& sensor, const std::optional<double>& value) {
  if (!value) return;
  if (outside(*value, kTempMin_C, kTempMax_C)) {
    ++state.discards.temperature;
    return;
  }
  const bool jump = sensor.accepted.known && above(std::abs(*value - sensor.accepted.value), config.jump_temp_c);
  if (jump) {
    const bool agrees = sensor.agreeing > 0 && at_most(std::abs(*value - sensor.candidate), config.jump_temp_c);
    sensor.agreeing = agrees ? sensor.agreeing + 1 : 1;
    sensor.candidate = *value;
    if (sensor.agreeing < config.jump_samples) {
      ++state.discards.jump;
      return;
    }
  }
  sensor.agreeing = 0;
  sensor.accepted.set(*value, state.clock_s);
}

void take_number(State& state, Last<double>& last, const std::optional<double>& value, double min, double max) {
  if (!value) return;
  if (outside(*value, min, max)) {
    ++state.discards.number;
    return;
  }
  last.set(*value, state.clock_s);
}

/// The BMS's own current limits: a negative one can only mean "none allowed" (C7).
void take_limit(State& state, Last<double>& last, const std::optional<double>& value) {
  if (!value) return;
  if (!std::isfinite(*value)) {
    ++state.discards.number;
    return;
  }
  last.set(std::max(0.0, *value), state.clock_s);
}

void take_states(State& state, const Reading& reading) {
  Inputs& in = state.inputs;
  if (reading.charge_fet) in.charge_fet.set(*reading.charge_fet, state.clock_s);
  if (reading.discharge_fet) in.discharge_fet.set(*reading.discharge_fet, state.clock_s);
  in.charging_balancer = reading.balancing.value_or(!reading.balancing_cells.empty());
  if (!reading.alarms) return;
  std::uint64_t mask = 0;
  for (const Alarm& alarm : *reading.alarms) {
    if (alarm.level == AlarmLevel::alarm) mask |= std::uint64_t{1} << static_cast<unsigned>(alarm.condition);
  }
  in.protections.set(mask, state.clock_s);
}

/// What a device calls its serial number, fit to be stored: short and printable.
std::string clean_serial(const std::string& serial) {
  constexpr std::size_t kMaxSerial = 64;
  std::string clean = serial.substr(0, kMaxSerial);
  for (char& c : clean) {
    if (c < ' ' || c > '~') c = '?';
  }
  return clean;
}

/// L6: a battery that answers with another serial number, or came back with another number of cells.
bool is_new_device(const Device& device, const State& state, const Reading& reading) {
  if (reading.serial && !reading.serial->empty() && !state.inputs.serial.empty() &&
      clean_serial(*reading.serial) != state.inputs.serial) {
    return true;
  }
  return device.cells == 0 && state.cells != 0 && state.freshness == Freshness::lost && !reading.cells_V.empty() &&
         reading.cells_V.size() != static_cast<std::size_t>(state.cells);
}

}  // namespace

Arrival take_sample(const Config& config, const Device& device, State& state, const Reading& reading) {
  static_assert(kConditionCount <= 64, "the protections are one word");
  if (is_new_device(device, state, reading)) return Arrival::new_device;
  if (device.cells > 0) state.cells = device.cells;
  if (!good_cells(state, reading)) return Arrival::nothing;
  if (state.cells == 0) state.cells = static_cast<int>(reading.cells_V.size());

  Inputs& in = state.inputs;
  in.device.set(true, state.clock_s);
  if (reading.serial && !reading.serial->empty()) in.serial = clean_serial(*reading.serial);
  take_cells(state, reading);
  if (in.temperatures.size() < reading.temps_C.size()) {
    in.temperatures.resize(std::min(reading.temps_C.size(), kMaxSensors));
  }
  for (std::size_t i = 0; i < std::min(in.temperatures.size(), reading.temps_C.size()); ++i) {
    take_temperature(config, state, in.temperatures[i], reading.temps_C[i]);
  }
  take_temperature(config, state, in.mosfet, reading.mos_temp_C);
  take_number(state, in.voltage, reading.voltage_V, 0, kMaxVoltage_V);
  take_number(state, in.current, reading.current_A, -kMaxCurrent_A, kMaxCurrent_A);
  take_number(state, in.bms_soc, reading.soc_pct, 0, 100);
  take_limit(state, in.charge_limit, reading.max_charge_current_A);
  take_limit(state, in.discharge_limit, reading.max_discharge_current_A);
  // V9: outside 3.0 to 3.8 V per cell it is no charge voltage; the last plausible one stays in force.
  take_number(state, in.voltage_limit, reading.max_voltage_V, 3.0 * state.cells, 3.8 * state.cells);
  if (reading.capacity_Ah && !outside(*reading.capacity_Ah, kEpsilon, kMaxCapacity_Ah)) {
    in.capacity_Ah = reading.capacity_Ah;
  }
  take_states(state, reading);
  return Arrival::accepted;
}

void take_shunt(State& state, const ShuntValues& values) {
  take_number(state, state.inputs.shunt_soc, values.soc_pct, 0, 100);
  take_number(state, state.inputs.shunt_current, values.current_A, -kMaxCurrent_A, kMaxCurrent_A);
}

void take_external(std::vector<External>& known, std::span<const ExternalLimit> external, double clock_s) {
  const auto valid = [](const std::optional<double>& value) {
    return value && std::isfinite(*value) ? std::optional(std::max(0.0, *value)) : std::nullopt;
  };
  for (const ExternalLimit& limit : external) {
    const ShortName name{limit.name};
    std::erase_if(known, [&](const External& other) { return other.name == name; });
    External entry{name, limit.source, valid(limit.charge_A), valid(limit.discharge_A), valid(limit.voltage_V), {}};
    if (!entry.charge_A && !entry.discharge_A && !entry.voltage_V) continue;
    if (limit.ttl_s) entry.expires_s = clock_s + std::max(0.0, *limit.ttl_s);
    known.push_back(entry);
  }
  std::erase_if(known, [&](const External& entry) { return entry.expires_s && at_least(clock_s, *entry.expires_s); });
}

Freshness cell_freshness(const Config& config, const Device& device, const State& state) {
  const Inputs& in = state.inputs;
  if (device.unavailable.cells) return freshness(config, in.voltage, state.clock_s);
  if (!in.cells_complete) return Freshness::none;
  return freshness(config, Last<bool>{true, true, in.oldest_cell_s}, state.clock_s);
}

double pack_voltage(const State& state) {
  return state.inputs.cells_complete ? state.inputs.v_sum : state.inputs.voltage.value;
}

double highest_cell(const State& state) {
  if (state.inputs.cells_complete) return state.inputs.v_max;
  return state.cells > 0 ? state.inputs.voltage.value / state.cells : 0;
}

double spread(const State& state) { return state.inputs.cells_complete ? state.inputs.v_max - state.inputs.v_min : 0; }

std::optional<double> capacity(const Device& device, const State& state) {
  return state.inputs.capacity_Ah ? state.inputs.capacity_Ah : device.capacity_Ah;
}

}  // namespace bms::limits
