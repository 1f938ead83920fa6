#pragma once

#include "limits/constraints.hpp"

namespace bms::limits {

/// D2: warns of a soft stop before it comes. Updates the pre-alarm and gives the target of DCL, A.
double discharge_target(const Config& config, State& state, const StepFacts& facts, const Timing& time,
                        Constraints& constraints);

/// Levels of the alarms the engine raises (D5 and the cells).
Alarms alarms(const Config& config, const Device& device, State& state, const StepFacts& facts, double soft_A);

}  // namespace bms::limits
