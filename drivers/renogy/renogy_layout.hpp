#pragma once

#include "bms/layout.hpp"

/// Registers of Renogy smart lithium batteries ("Lithium Iron Battery BMS Modbus Protocol V1.7", attached to
/// cyrils/renogy-bt#21 and Grmume/renogy-smart-battery#5). The image begins at register 5000.
namespace bms::renogy {

/// A single battery answers it, from its own address or from this one.
inline constexpr std::uint8_t kAnyAddress = 0xFF;

inline constexpr std::uint16_t kFirst = 5000;
inline constexpr std::uint16_t kEnd = 5224;
/// Offset of a register in the image.
constexpr std::size_t at(std::uint16_t reg) { return (reg - std::size_t{kFirst}) * 2; }

inline constexpr std::uint16_t kCells = 5000;         ///< count, then 16 voltages of 0.1 V
inline constexpr std::uint16_t kTemperatures = 5017;  ///< count, then 16 of 0.1 degC
inline constexpr std::uint16_t kBoardTemperature = 5035;
inline constexpr std::uint16_t kEnvironment = 5036;  ///< count, then 2
inline constexpr std::uint16_t kHeater = 5039;       ///< count, then 2
inline constexpr std::uint16_t kCurrent = 5042;
inline constexpr std::uint16_t kVoltage = 5043;
inline constexpr std::uint16_t kRemaining = 5044;
inline constexpr std::uint16_t kTotal = 5046;
inline constexpr std::uint16_t kCycles = 5048;
inline constexpr std::uint16_t kCellAlarms = 5100;         ///< u32, two bits per cell
inline constexpr std::uint16_t kTemperatureAlarms = 5102;  ///< u32, two bits per cell
inline constexpr std::uint16_t kOtherAlarms = 5104;        ///< u32, two bits per thing, first in the highest bits
inline constexpr std::uint16_t kStatus1 = 5106;            ///< protections and MOSFETs
inline constexpr std::uint16_t kStatus2 = 5107;            ///< warnings and states
inline constexpr std::uint16_t kStatus3 = 5108;            ///< cell voltage errors
inline constexpr std::uint16_t kChargeState = 5109;
inline constexpr std::uint16_t kSerial = 5110;
inline constexpr std::uint16_t kModel = 5122;
inline constexpr std::uint16_t kSoftware = 5130;
inline constexpr std::uint16_t kLimits = 5200;
inline constexpr std::size_t kMapCells = 16;

/// A read request.
struct Block {
  std::uint16_t first;
  std::uint16_t count;
  bool needed = true;  ///< without it there is no Reading
};

/// A block and the pieces to read where a battery refuses it. No request crosses 5034, a hole on several models.
struct Plan {
  Block whole;
  std::span<const Block> pieces;
};
inline constexpr Block kCellPieces[] = {{5000, 17}, {5017, 17}};
inline constexpr Block kPackPieces[] = {{5035, 7, false}, {5042, 6}, {5048, 5, false}};
// Published answers of a Pro end at 5106 (patman15/aiobmsble: tests/bms/test_renogy_pro_bms.py): the rest is welcome.
inline constexpr Block kAlarmPieces[] = {{5100, 6, false}, {5106, 4, false}, {5106, 1}};
inline constexpr Plan kLivePlans[] = {
    {{5000, 34}, kCellPieces},
    {{5035, 18}, kPackPieces},
    {{5100, 10}, kAlarmPieces},
};
inline constexpr Block kModelBlock = {5122, 8};
inline constexpr Block kIdentityPieces[] = {kModelBlock, {5110, 12}, {5130, 8}};
inline constexpr Block kLimitPieces[] = {{5200, 11}, {5211, 13}};
/// What hardly ever changes. The identity comes first: the model tells the scale of the current.
inline constexpr Plan kSlowPlans[] = {
    {{5110, 28}, kIdentityPieces},
    {{5200, 24}, kLimitPieces},
};

inline constexpr Field kPackFields[] = {
    {at(kVoltage), Wire::u16be, 0.1, &Reading::voltage_V},
    {at(kRemaining), Wire::u32be, 0.001, &Reading::remaining_Ah},
    {at(kTotal), Wire::u32be, 0.001, &Reading::capacity_Ah},
    {at(5049), Wire::u16be, 0.1, &Reading::max_voltage_V, 0, 0},
    {at(5050), Wire::u16be, 0.1, &Reading::min_voltage_V, 0, 0},
    {at(5051), Wire::i16be, 0.01, &Reading::max_charge_current_A},
    {at(5052), Wire::i16be, -0.01, &Reading::max_discharge_current_A},
};
inline constexpr Field kLimitFields[] = {
    {at(5200), Wire::u16be, 0.1, ExtraName{"cell_over_voltage_V"}},
    {at(5201), Wire::u16be, 0.1, ExtraName{"cell_high_voltage_V"}},
    {at(5202), Wire::u16be, 0.1, ExtraName{"cell_low_voltage_V"}},
    {at(5203), Wire::u16be, 0.1, ExtraName{"cell_under_voltage_V"}},
    {at(5204), Wire::i16be, 0.1, ExtraName{"charge_over_temp_C"}},
    {at(5205), Wire::i16be, 0.1, ExtraName{"charge_high_temp_C"}},
    {at(5206), Wire::i16be, 0.1, ExtraName{"charge_low_temp_C"}},
    {at(5207), Wire::i16be, 0.1, ExtraName{"charge_under_temp_C"}},
    {at(5208), Wire::u16be, 0.01, ExtraName{"charge_over_current_2_A"}},
    {at(5209), Wire::u16be, 0.01, ExtraName{"charge_over_current_1_A"}},
    {at(5210), Wire::u16be, 0.01, ExtraName{"charge_high_current_A"}},
    {at(5211), Wire::u16be, 0.1, ExtraName{"module_over_voltage_V"}},
    {at(5212), Wire::u16be, 0.1, ExtraName{"module_high_voltage_V"}},
    {at(5213), Wire::u16be, 0.1, ExtraName{"module_low_voltage_V"}},
    {at(5214), Wire::u16be, 0.1, ExtraName{"module_under_voltage_V"}},
    {at(5215), Wire::i16be, 0.1, ExtraName{"discharge_over_temp_C"}},
    {at(5216), Wire::i16be, 0.1, ExtraName{"discharge_high_temp_C"}},
    {at(5217), Wire::i16be, 0.1, ExtraName{"discharge_low_temp_C"}},
    {at(5218), Wire::i16be, 0.1, ExtraName{"discharge_under_temp_C"}},
    {at(5219), Wire::i16be, 0.01, ExtraName{"discharge_over_current_2_A"}},
    {at(5220), Wire::i16be, 0.01, ExtraName{"discharge_over_current_1_A"}},
    {at(5221), Wire::i16be, 0.01, ExtraName{"discharge_high_current_A"}},
    {at(5223), Wire::u16be, 1, ExtraName{"slave_address"}},
};
inline constexpr TextField kIdentityFields[] = {
    {at(5118), 2, ExtraName{"manufacturer_version"}},
    {at(5119), 4, ExtraName{"mainline_version"}},
    {at(5121), 2, ExtraName{"protocol_version"}},
    {at(5132), 12, ExtraName{"manufacturer"}},
};

}  // namespace bms::renogy
