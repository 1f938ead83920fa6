#pragma once

#include <cstdint>
#include <optional>

namespace bms::daemon {

/// Unix time, s, for people and for the age of a state file; nothing that is measured depends on it. nullopt: the clock
/// has never been set (a GX boots without one).
std::optional<std::int64_t> wall_clock_s();

}  // namespace bms::daemon
