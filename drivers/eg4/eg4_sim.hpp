#pragma once

#include <memory>

#include "bms/simulator.hpp"

namespace bms::eg4 {

/// `protocol` 7e (default), 7c or ascii; `extended` yes adds the groups 0B to 11; `identity` no keeps silent on 33, 42.
std::unique_ptr<SimulatedDevice> simulate_eg4(const SimulatorOptions& options);
std::unique_ptr<SimulatedDevice> simulate_tianpower(const SimulatorOptions& options);
std::unique_ptr<SimulatedDevice> simulate_lifepower4(const SimulatorOptions& options);
/// `map` pack (default) or inverter; `identity` no leaves registers 105 to 127 zero.
std::unique_ptr<SimulatedDevice> simulate_eg4_ll(const SimulatorOptions& options);

/// Value of a setting of the simulated device.
std::string_view setting(const SimulatorOptions& options, std::string_view key, std::string_view otherwise);
/// The truth in steps of `step`.
std::optional<double> stepped(const std::optional<double>& value, double step);
/// Text of an extra value, or `otherwise`.
double extra_number(const Reading& truth, std::string_view name, double otherwise);

}  // namespace bms::eg4
