#pragma once

#include <memory>

#include "bms/simulator.hpp"

namespace bms::jk {

/// `firmware` 15.41 (default), 15.10, 19.27 or 11.36; `registers` no: function 03 is not answered; `slow` no: settings
/// and about are not; `master` yes: speaks by itself as address 0 and answers nothing.
std::unique_ptr<SimulatedDevice> simulate_pb(const SimulatorOptions& options);

/// `firmware` 11.26 (default) or old: no ids B8 to C0 and the old coding of the current; `unlock` yes: writes need the
/// password frame first.
std::unique_ptr<SimulatedDevice> simulate_uart(const SimulatorOptions& options);

/// Value of a setting of the simulated device.
std::string setting(const SimulatorOptions& options, std::string_view key, std::string_view otherwise);

}  // namespace bms::jk
