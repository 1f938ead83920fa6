#pragma once

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// State of charge from the one active source (S1).
struct SocReport {
  std::optional<double> pct;  ///< %, last known, also when it is lost
  Freshness freshness = Freshness::none;
  std::string_view source = "bms";
  bool shunt_lost = false;  ///< the shunt was configured and fell silent: the BMS took over
  double at_s = 0;          ///< Timing::clock_s of the last value
};

/// Charge current or discharge current of the battery: of the shunt where there is one, else of the BMS.
const Last<double>& current_of(const Config& config, const State& state);

/// S1 to S6: counts, synchronises, chooses. `arrived`: a sample arrived in this step. True: set to 100 % now.
bool step_soc(const Config& config, const Device& device, State& state, const std::optional<double>& manual_pct,
              bool arrived, const Timing& time);
SocReport report_soc(const Config& config, const State& state);
/// V3: a charge completed by balance is full.
void synchronise(Soc& soc);

/// T1: s to the discharge floor; nullopt while not discharging.
std::optional<double> time_to_go(const Config& config, const Device& device, const State& state);
/// At a steady current (charging > 0) until `goal_pct`, s; nullopt: it does not lead there, or is no current at all.
std::optional<double> time_at_current(double soc_pct, double goal_pct, double floor_pct, double current_A,
                                      double capacity_Ah);
/// T2: s until the SoC reaches `soc_pct`; nullopt: not on this way, or beyond the floor or 100 %.
std::optional<double> time_to_soc(const Config& config, const Device& device, const State& state, double soc_pct);

}  // namespace bms::limits
