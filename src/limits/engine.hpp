#pragma once

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// One step of the limit engine for one battery (limit-engine chapters 3 to 8, 10 and 11), nominally once per second.
///
/// Pure: what comes out depends on nothing but the arguments. `limits` is overwritten; passing the same object again
/// saves its allocations. `config` must have passed validate().
void step(const Config& config, const Device& device, State& state, const Input& input, TimePoint now, Limits& limits);

/// A state from an earlier run becomes the state to start with (G8): values must be received anew, what was learnt
/// stays. `elapsed_s`: time since it was stored, by a clock that is trusted at both ends; nullopt: unknown.
void restart(State& state, std::optional<double> elapsed_s);

}  // namespace bms::limits
