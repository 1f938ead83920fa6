#pragma once

#include "bms/layout.hpp"

/// The wire of the "Acme 16", a BMS that exists only here: Modbus RTU, three blocks of holding registers, big-endian.
/// In a real driver this comment names the document, and each surprise below names the device and log it was seen in.
namespace bms::example {

struct Registers {
  std::uint16_t first;
  std::uint16_t count;  ///< words
};

// One answer with everything that moves.
inline constexpr Registers kStatus{0x0100, 31};
inline constexpr Field kStatusFields[] = {
    {0, Wire::u16be, 0.01, &Reading::voltage_V},              // V
    {2, Wire::i16be, 0.1, &Reading::current_A},               // A, charging > 0
    {4, Wire::u16be, 1, &Reading::soc_pct},                   // %
    {6, Wire::u16be, 1, &Reading::soh_pct},                   // %
    {8, Wire::u16be, 0.1, &Reading::remaining_Ah},            // Ah
    {10, Wire::u16be, 0.1, &Reading::capacity_Ah},            // Ah
    {12, Wire::u16be, 1, &Reading::cycles},                   //
    {18, Wire::i16be, 0.1, &Reading::mos_temp_C, 0, 0x7FFF},  // degC; 7FFF: no sensor
};
inline constexpr std::size_t kAlarmsAt = 14;
inline constexpr std::size_t kStateAt = 16;
inline constexpr std::size_t kTempsAt = 20;  ///< i16, 0.1 degC
inline constexpr std::size_t kTempCount = 4;
inline constexpr std::int64_t kNoSensor = 0x7FFF;
inline constexpr std::size_t kCellCountAt = 28;
inline constexpr std::size_t kCellsAt = 30;  ///< u16 mV
inline constexpr std::size_t kMostCells = 16;

inline constexpr AlarmBit kAlarms[] = {
    {0, Condition::cell_overvoltage, AlarmLevel::alarm},
    {1, Condition::cell_undervoltage, AlarmLevel::alarm},
    {2, Condition::charge_overcurrent, AlarmLevel::alarm},
    {3, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {4, Condition::charge_overtemperature, AlarmLevel::alarm},
    {5, Condition::charge_undertemperature, AlarmLevel::alarm},
    {6, Condition::mos_overtemperature, AlarmLevel::alarm},
    {7, Condition::short_circuit, AlarmLevel::alarm},
    {8, Condition::low_soc, AlarmLevel::warning},
    {9, Condition::cell_imbalance, AlarmLevel::warning},
};
inline constexpr unsigned kChargeFetBit = 0;
inline constexpr unsigned kDischargeFetBit = 1;
inline constexpr unsigned kBalancingBit = 2;

// What the BMS allows; changes when somebody changes a setting.
inline constexpr Registers kLimits{0x0300, 5};
inline constexpr Field kLimitFields[] = {
    {0, Wire::u16be, 0.1, &Reading::max_charge_current_A},     // A
    {2, Wire::u16be, 0.1, &Reading::max_discharge_current_A},  // A, magnitude
    {4, Wire::u16be, 0.01, &Reading::max_voltage_V},           // V, pack
    {6, Wire::u16be, 0.01, &Reading::min_voltage_V},           // V, pack
    {8, Wire::u16be, 0.001, ExtraName{"cell_ovp_V"}},          // no field in Reading: extra, with the unit in the name
};

// Who it is; never changes.
inline constexpr Registers kIdentity{0x0200, 20};
inline constexpr TextField kIdentityTexts[] = {
    {0, 16, &Reading::model},
    {16, 16, &Reading::serial},
    {32, 8, &Reading::sw},
};

// Switches, written one at a time with function 06: 0 off, 1 on.
inline constexpr std::uint16_t kChargeSwitch = 0x0400;
inline constexpr std::uint16_t kDischargeSwitch = 0x0401;

}  // namespace bms::example
