#pragma once

#include <cstdint>

#include "bms/reading.hpp"

namespace bms::limits {

/// Bits (1 << Condition) of the protections that forbid charging or discharging (C10). An over-voltage never forbids
/// discharging and an under-voltage never forbids charging, or a battery could not get out of either.
constexpr std::uint64_t bit(Condition condition) { return std::uint64_t{1} << static_cast<unsigned>(condition); }

inline constexpr std::uint64_t kBothProtections =
    bit(Condition::short_circuit) | bit(Condition::internal) | bit(Condition::mos_overtemperature) |
    bit(Condition::fuse) | bit(Condition::reverse_polarity) | bit(Condition::env_overtemperature);
inline constexpr std::uint64_t kChargeProtections =
    kBothProtections | bit(Condition::cell_overvoltage) | bit(Condition::pack_overvoltage) |
    bit(Condition::charge_overcurrent) | bit(Condition::charge_overtemperature) |
    bit(Condition::charge_undertemperature) | bit(Condition::env_undertemperature) | bit(Condition::charge_fet);
inline constexpr std::uint64_t kDischargeProtections =
    kBothProtections | bit(Condition::cell_undervoltage) | bit(Condition::pack_undervoltage) |
    bit(Condition::discharge_overcurrent) | bit(Condition::discharge_overtemperature) |
    bit(Condition::discharge_undertemperature) | bit(Condition::discharge_fet);

}  // namespace bms::limits
