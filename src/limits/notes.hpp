#pragma once

#include "limits/constraints.hpp"

namespace bms::limits {

/// B3: whether the cells are known to be balanced.
BalancerState balancer_state(const Config& config, const State& state);

/// What a user should see beside the limits (B4, B7, V4, V6, V11, S1, S4, S6, D5).
void add_notes(const Config& config, const Device& device, State& state, const StepFacts& facts, bool shunt_lost,
               const Timing& time, Limits& limits);

/// B7: an alternator at its limit for five minutes gets hot. After CCL of this step is known.
void note_alternator(Spell& at_limit, const std::optional<double>& current_A, const Timing& time, Limits& limits);

}  // namespace bms::limits
