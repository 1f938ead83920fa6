#pragma once

#include "bms/layout.hpp"

/// Data ids of the JK UART protocol ("4G-GPS remote module common protocol"), big-endian.
/// Sources: vendor document (syssi/esphome-jk-bms:docs/protocol-design-uart-ttl-gps-port.md) and its captures
/// (syssi/esphome-jk-bms:docs/pdus).
namespace bms::jk {

/// One id of the read-all answer. `size` without the id byte; `target` absent: decoded by hand, or only skipped.
struct DataId {
  std::uint8_t id;
  std::uint8_t size;
  Wire wire = Wire::u8;
  double scale = 1;
  std::optional<Target> target = std::nullopt;
};

inline constexpr std::uint8_t kCells = 0x79;  ///< count of bytes, then (number, u16 mV) each
inline constexpr std::size_t kMostUartCells = 32;
inline constexpr std::size_t kBytesPerCell = 3;
inline constexpr std::uint8_t kMosTemp = 0x80;
inline constexpr std::uint8_t kTemp1 = 0x81;
inline constexpr std::uint8_t kTemp2 = 0x82;
inline constexpr std::uint8_t kVoltage = 0x83;
inline constexpr std::uint8_t kCurrent = 0x84;
inline constexpr std::uint8_t kSoc = 0x85;
inline constexpr std::uint8_t kSensorCount = 0x86;
inline constexpr std::uint8_t kCycles = 0x87;
inline constexpr std::uint8_t kAlarmBits = 0x8B;
inline constexpr std::uint8_t kStateBits = 0x8C;
inline constexpr std::uint8_t kUvpRecovery = 0x94;
inline constexpr std::uint8_t kCapacitySetting = 0xAA;
inline constexpr std::uint8_t kChargeSwitch = 0xAB;
inline constexpr std::uint8_t kDischargeSwitch = 0xAC;
inline constexpr std::uint8_t kPassword = 0xB2;  ///< secret
inline constexpr std::uint8_t kDeviceId = 0xB4;
inline constexpr std::uint8_t kDate = 0xB5;
inline constexpr std::uint8_t kVersion = 0xB7;
inline constexpr std::uint8_t kActualCapacity = 0xB9;
inline constexpr std::uint8_t kManufacturer = 0xBA;
inline constexpr std::uint8_t kProtocolVersion = 0xC0;

/// In the order of the answer.
inline constexpr DataId kDataIds[] = {
    {kMosTemp, 2},
    {kTemp1, 2},
    {kTemp2, 2},
    {kVoltage, 2, Wire::u16be, 0.01, &Reading::voltage_V},
    {kCurrent, 2},
    {kSoc, 1, Wire::u8, 1, &Reading::soc_pct},
    {kSensorCount, 1, Wire::u8, 1, ExtraName{"temperature_sensors"}},
    {kCycles, 2, Wire::u16be, 1, &Reading::cycles},
    {0x89, 4, Wire::u32be, 1, ExtraName{"cycle_capacity_Ah"}},
    {0x8A, 2, Wire::u16be, 1, ExtraName{"cell_count"}},
    {kAlarmBits, 2, Wire::u16be, 1, ExtraName{"alarm_bits"}},
    {kStateBits, 2, Wire::u16be, 1, ExtraName{"state_bits"}},
    {0x8E, 2, Wire::u16be, 0.01, &Reading::max_voltage_V},  // pack over-voltage protection
    {0x8F, 2, Wire::u16be, 0.01, &Reading::min_voltage_V},  // pack under-voltage protection
    {0x90, 2, Wire::u16be, 0.001, ExtraName{"cell_ovp_V"}},
    {0x91, 2, Wire::u16be, 0.001, ExtraName{"cell_ovp_recovery_V"}},
    {0x92, 2, Wire::u16be, 1, ExtraName{"cell_ovp_delay_s"}},
    {0x93, 2, Wire::u16be, 0.001, ExtraName{"cell_uvp_V"}},
    {kUvpRecovery, 2, Wire::u16be, 0.001, ExtraName{"cell_uvp_recovery_V"}},
    {0x95, 2, Wire::u16be, 1, ExtraName{"cell_uvp_delay_s"}},
    {0x96, 2, Wire::u16be, 0.001, ExtraName{"cell_difference_protection_V"}},
    {0x97, 2, Wire::u16be, 1, &Reading::max_discharge_current_A},
    {0x98, 2, Wire::u16be, 1, ExtraName{"discharge_ocp_delay_s"}},
    {0x99, 2, Wire::u16be, 1, &Reading::max_charge_current_A},
    {0x9A, 2, Wire::u16be, 1, ExtraName{"charge_ocp_delay_s"}},
    {0x9B, 2, Wire::u16be, 0.001, ExtraName{"balance_start_V"}},
    {0x9C, 2, Wire::u16be, 0.001, ExtraName{"balance_trigger_V"}},
    {0x9D, 1, Wire::u8, 1, ExtraName{"balance_switch"}},
    {0x9E, 2, Wire::u16be, 1, ExtraName{"mos_otp_C"}},
    {0x9F, 2, Wire::u16be, 1, ExtraName{"mos_otp_recovery_C"}},
    {0xA0, 2, Wire::u16be, 1, ExtraName{"box_otp_C"}},
    {0xA1, 2, Wire::u16be, 1, ExtraName{"box_otp_recovery_C"}},
    {0xA2, 2, Wire::u16be, 1, ExtraName{"temperature_difference_protection_K"}},
    {0xA3, 2, Wire::u16be, 1, ExtraName{"charge_otp_C"}},
    {0xA4, 2, Wire::u16be, 1, ExtraName{"discharge_otp_C"}},
    {0xA5, 2, Wire::i16be, 1, ExtraName{"charge_utp_C"}},  // these four are signed, those above are not
    {0xA6, 2, Wire::i16be, 1, ExtraName{"charge_utp_recovery_C"}},
    {0xA7, 2, Wire::i16be, 1, ExtraName{"discharge_utp_C"}},
    {0xA8, 2, Wire::i16be, 1, ExtraName{"discharge_utp_recovery_C"}},
    {0xA9, 1, Wire::u8, 1, ExtraName{"cell_count_setting"}},
    {kCapacitySetting, 4, Wire::u32be, 1, ExtraName{"design_capacity_Ah"}},
    {kChargeSwitch, 1, Wire::u8, 1, ExtraName{"charge_switch"}},
    {kDischargeSwitch, 1, Wire::u8, 1, ExtraName{"discharge_switch"}},
    {0xAD, 2, Wire::u16be, 0.001, ExtraName{"current_calibration_A"}},
    {0xAE, 1, Wire::u8, 1, ExtraName{"board_address"}},
    {0xAF, 1, Wire::u8, 1, ExtraName{"battery_type"}},  // mostly a constant
    {0xB0, 2, Wire::u16be, 1, ExtraName{"sleep_wait_s"}},
    {0xB1, 1, Wire::u8, 1, ExtraName{"low_soc_alarm_pct"}},
    {kPassword, 10},
    {0xB3, 1, Wire::u8, 1, ExtraName{"dedicated_charger_switch"}},
    {kDeviceId, 8},
    {kDate, 4},
    {0xB6, 4, Wire::u32be, 1, ExtraName{"working_time_min"}},
    {kVersion, 15},
    {0xB8, 1, Wire::u8, 1, ExtraName{"current_calibration_running"}},
    {kActualCapacity, 4, Wire::u32be, 1, ExtraName{"actual_capacity_Ah"}},  // 0 before firmware 10.10
    {kManufacturer, 24},
    {0xBB, 1},
    {0xBC, 1},
    {0xBD, 1},
    {0xBE, 2, Wire::u16be, 0.001, ExtraName{"gps_supply_off_V"}},
    {0xBF, 2, Wire::u16be, 0.001, ExtraName{"gps_supply_on_V"}},
    {kProtocolVersion, 1, Wire::u8, 1, ExtraName{"protocol_version"}},
};
inline constexpr std::uint8_t kFirstDataId = kCells;
inline constexpr std::uint8_t kLastDataId = kProtocolVersion;

inline constexpr AlarmBit kUartAlarms[] = {
    {0, Condition::low_soc, AlarmLevel::warning},
    {1, Condition::mos_overtemperature, AlarmLevel::alarm},
    {2, Condition::pack_overvoltage, AlarmLevel::alarm},
    // Also stands for the cell cut-off: a pack above its own limit had it with a weak cell and bit 11 clear
    // (shining-man/bsc_fw#118).
    {3, Condition::pack_undervoltage, AlarmLevel::alarm},
    {4, Condition::charge_overtemperature, AlarmLevel::alarm},  // battery too hot, whatever it does
    {4, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {5, Condition::charge_overcurrent, AlarmLevel::alarm},
    {6, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {7, Condition::cell_imbalance, AlarmLevel::alarm},
    {8, Condition::env_overtemperature, AlarmLevel::alarm},      // battery box
    {9, Condition::charge_undertemperature, AlarmLevel::alarm},  // seen at 3 degC with the charge MOSFET off
    {10, Condition::cell_overvoltage, AlarmLevel::alarm},
    {11, Condition::cell_undervoltage, AlarmLevel::alarm},
    {12, Condition::internal, AlarmLevel::alarm},  // 309_A protection
    {13, Condition::internal, AlarmLevel::alarm},  // 309_B protection
};

inline constexpr unsigned kChargeFetBit = 0;
inline constexpr unsigned kDischargeFetBit = 1;
inline constexpr unsigned kBalancerBit = 2;  ///< bit 3 says nothing reliable about the others

}  // namespace bms::jk
