#pragma once

#include "limits/output.hpp"

namespace bms::outputs {

inline constexpr TimePoint kStart = TimePoint(std::chrono::seconds(1000));

/// Of a battery that is heard and may be charged and discharged.
inline limits::Limits running() {
  limits::Limits limits;
  limits.started = limits.allow_charge = limits.allow_discharge = true;
  limits.freshness = limits::Freshness::fresh;
  return limits;
}

}  // namespace bms::outputs
