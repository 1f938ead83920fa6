#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "bms/outcome.hpp"
#include "bms/reading.hpp"

namespace bms::port {

/// What one battery's link has been through since start.
struct LinkHealth {
  std::uint64_t good = 0;                           ///< complete Readings
  std::uint64_t repeated = 0;                       ///< exchanges asked again (after a fault or to confirm a jump)
  std::array<std::uint64_t, kFaultCount> faults{};  ///< bad exchanges by cause, see Fault
  std::optional<TimePoint> last_good;               ///< when the last complete Reading came

  [[nodiscard]] std::uint64_t count(Fault fault) const { return faults[static_cast<std::size_t>(fault)]; }
  void add(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }
};

}  // namespace bms::port
