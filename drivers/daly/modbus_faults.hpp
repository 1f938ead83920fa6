#pragma once

#include <array>

#include "bms/reading.hpp"

/// Fault words of the Modbus-like dialects.
namespace bms::daly {

using D2Faults = std::array<std::uint16_t, 4>;     ///< registers 0x3A..0x3D
using BoardFaults = std::array<std::uint16_t, 7>;  ///< registers 0x6D..0x73

/// Which half of a word comes first is disputed, so that words 1 and 2 tell their severity only (odd bits: the board
/// protects itself); SoC bits are certain in either order. Words 3 and 4 are faults. The words themselves go to extra.
void decode_faults(const D2Faults& words, Reading& reading);
D2Faults encode_d2_faults(const std::vector<Alarm>& alarms);

/// Levels of three bits (1 warns, 2 and more protects) and single bits; names of all of them go to extra.
void decode_faults(const BoardFaults& words, Reading& reading);
BoardFaults encode_board_faults(const std::vector<Alarm>& alarms);

}  // namespace bms::daly
