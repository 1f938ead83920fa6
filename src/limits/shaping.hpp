#pragma once

#include "limits/config.hpp"
#include "limits/state.hpp"

namespace bms::limits {

/// How a limit may rise (G3).
struct Recovery {
  double hold_s;
  double rate_A_s;
  double zero_exit_A;  ///< smallest target worth leaving 0 A for
};

/// G2, G3: down at once, up after a hold and slowly. `frozen`: an input is stale, nothing rises.
void follow(const Recovery& recovery, Shape& shape, double target_A, bool frozen, const Timing& time);
/// The first valid target (G8): taken at once, but not above what the previous run published.
void start(Shape& shape, double target_A);

/// Puts the binding causes first; while the limit recovers, what caused the last restriction comes before them (X2).
void order_causes(Shape& shape, double target_A, std::vector<Cause>& causes);

/// Fills the published limit.
void publish(const Recovery& recovery, const Shape& shape, double target_A, const Timing& time, CurrentLimit& out);

}  // namespace bms::limits
