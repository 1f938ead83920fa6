#pragma once

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// What the arrival of a sample meant.
enum class Arrival : std::uint8_t {
  nothing,     ///< nothing arrived, or it was discarded as a whole (G10)
  accepted,    ///< its values are in State::inputs
  new_device,  ///< it comes from another battery (L6): the state must start anew and take the sample then
};

/// Takes what arrived through plausibility (G10) into State::inputs.
Arrival take_sample(const Config& config, const Device& device, State& state, const Reading& reading);
void take_shunt(State& state, const ShuntValues& values);
/// Replaces, adds and forgets external limits (C12).
void take_external(std::vector<External>& known, std::span<const ExternalLimit> external, double clock_s);

/// Age of a value as freshness: none when it was never received. `period_s`: of values read rarely by design.
template <class T>
Freshness freshness(const Config& config, const Last<T>& last, double clock_s, double period_s = 0) {
  if (!last.known) return Freshness::none;
  const double age = clock_s - last.at_s;
  if (above(age, std::max(config.lost_s, 6 * period_s))) return Freshness::lost;
  return above(age, std::max(config.stale_s, 3 * period_s)) ? Freshness::stale : Freshness::fresh;
}

/// Freshness of the oldest cell, or of the pack voltage where the device never tells cells.
Freshness cell_freshness(const Config& config, const Device& device, const State& state);

/// Sum of the cells, else the voltage the BMS measured (limit-engine chapter 1), V.
double pack_voltage(const State& state);
/// Highest cell; the average where the device never tells cells, V.
double highest_cell(const State& state);
double spread(const State& state);
/// Ah; nullopt: nobody knows.
std::optional<double> capacity(const Device& device, const State& state);

}  // namespace bms::limits
