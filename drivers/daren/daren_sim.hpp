#pragma once

#include <memory>

#include "bms/simulator.hpp"

namespace bms::daren {

/// `extension` no: real-time data ends where the BASEN document does; `group` address: knows no other command group;
/// `master` yes: the pack also polls a slave on the same pair; `fets` discharge-first: the other bit order;
/// `modules` no: refuses B0 and 83.
std::unique_ptr<SimulatedDevice> simulate_daren(const SimulatorOptions& options);

}  // namespace bms::daren
