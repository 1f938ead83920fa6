#pragma once

#include <cstddef>

namespace bms::eg4 {

/// More than any pack has that tells its counts, binary or in ASCII: a count beyond is none.
inline constexpr std::size_t kMostPackCells = 32;
inline constexpr std::size_t kMostPackSensors = 16;

}  // namespace bms::eg4
