#pragma once

#include <array>

#include "bms/layout.hpp"

/// Blocks of the JK PB (inverter BMS) on RS485: 300 bytes, little-endian. Offsets are those of the block; the register
/// of a field is its base (status 0x1200, settings 0x1000, about 0x1400) + offset - 6, counted in bytes.
/// Sources: vendor "BMS RS485 Modbus V1.0/V1.1" (phinix-org/Multiple-JK-BMS-by-Modbus-RS485:docs), the drivers and
/// captures named at single fields.
namespace bms::jk {

inline constexpr std::size_t kBlockSize = 300;
inline constexpr std::size_t kBlockData = 6;  ///< header 55 AA EB 90, type, one byte without a meaning

enum class Block : std::uint8_t { settings = 1, status = 2, about = 3 };

// Status ----------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kMostCells = 32;
inline constexpr std::size_t kCellsAt = 6;  ///< u16 mV each
inline constexpr std::size_t kCellMaskAt = 70;
inline constexpr std::size_t kCellAverageAt = 74;     ///< u16 mV; one public document calls it the maximum
inline constexpr std::size_t kCellDifferenceAt = 76;  ///< u16 mV
inline constexpr std::size_t kWireResistanceAt = 80;  ///< u16 mOhm each
inline constexpr std::size_t kMosTempAt = 144;        ///< i16, 0.1 degC
inline constexpr std::size_t kPackVoltageAt = 150;    ///< u32 mV
inline constexpr std::size_t kAlarmsAt = 166;
inline constexpr std::size_t kBalanceStateAt = 172;
inline constexpr std::size_t kSocAt = 173;
inline constexpr std::size_t kSohAt = 190;
inline constexpr std::size_t kChargeFetAt = 198;
inline constexpr std::size_t kDischargeFetAt = 199;
inline constexpr std::size_t kSensorsPresentAt = 214;  ///< bit 0 MOSFET, bit n sensor Tn
inline constexpr std::size_t kHeaterOnAt = 215;
inline constexpr std::size_t kVoltageFactorAt = 226;  ///< float32
inline constexpr std::size_t kPackVoltageAgainAt = 234;
inline constexpr std::size_t kHeaterCurrentAt = 236;  ///< i16 mA; read unsigned it showed 61 A in the field
inline constexpr std::size_t kDryContactsAt = 281;
inline constexpr std::int64_t kSensorAbsent = -2000;

inline constexpr Field kStatus[] = {
    {146, Wire::u32le, 1, ExtraName{"wire_alarm_bits"}},  // by cell
    {150, Wire::u32le, 0.001, &Reading::voltage_V},
    {154, Wire::u32le, 0.001, ExtraName{"reported_power_W"}},  // magnitude; software 19.04 says 0 while 12 W flow
    {158, Wire::i32le, 0.001, &Reading::current_A},            // A, charging > 0
    {170, Wire::i16le, 0.001, &Reading::balance_current_A},    // A, the sign is the direction
    {172, Wire::u8, 1, &Reading::balancing},                   // 0 off, 1 charging a cell, 2 discharging a cell
    {172, Wire::u8, 1, ExtraName{"balance_state"}},
    {173, Wire::u8, 1, &Reading::soc_pct},
    {174, Wire::i32le, 0.001, &Reading::remaining_Ah},
    {178, Wire::u32le, 0.001, &Reading::capacity_Ah},  // as learned; the design value is in the settings
    {182, Wire::u32le, 1, &Reading::cycles},
    {186, Wire::u32le, 0.001, ExtraName{"cycle_capacity_Ah"}},
    {190, Wire::u8, 1, &Reading::soh_pct},
    {191, Wire::u8, 1, ExtraName{"precharge"}},
    {192, Wire::u16le, 1, ExtraName{"user_alarm_bits"}},
    {194, Wire::u32le, 1, ExtraName{"run_time_s"}},
    {198, Wire::u8, 1, &Reading::charge_fet},
    {199, Wire::u8, 1, &Reading::discharge_fet},
    {200, Wire::u16le, 1, ExtraName{"user_alarm2_bits"}},
    {202, Wire::u16le, 1, ExtraName{"discharge_ocp_release_s"}},
    {204, Wire::u16le, 1, ExtraName{"discharge_scp_release_s"}},
    {206, Wire::u16le, 1, ExtraName{"charge_ocp_release_s"}},
    {208, Wire::u16le, 1, ExtraName{"charge_scp_release_s"}},
    {210, Wire::u16le, 1, ExtraName{"uvp_release_s"}},
    {212, Wire::u16le, 1, ExtraName{"ovp_release_s"}},
    {215, Wire::u8, 1, &Reading::heater_on},
    {218, Wire::u16le, 1, ExtraName{"emergency_time_left_s"}},
    {220, Wire::u16le, 1, ExtraName{"discharge_current_correction"}},
    {222, Wire::u16le, 0.001, ExtraName{"charge_sense_V"}},
    {224, Wire::u16le, 0.001, ExtraName{"discharge_sense_V"}},
    {245, Wire::u8, 1, ExtraName{"charger_plugged"}},
    {246, Wire::u32le, 0.1, ExtraName{"uptime_s"}},
    {262, Wire::u32le, 1, ExtraName{"clock_since_2020_s"}},
    {266, Wire::u32le, 1, ExtraName{"log_entries"}},
    {270, Wire::u32le, 1, ExtraName{"time_to_sleep_s"}},
    {274, Wire::u8, 1, ExtraName{"parallel_limiter"}},
    {275, Wire::u8, 1, ExtraName{"battery_type"}},  // 0 LFP, 1 Li-ion, 2 LTO
};
/// Firmware 15 and later (syssi/esphome-jk-bms).
inline constexpr Field kStatusFrom15[] = {
    {278, Wire::u16le, 1, ExtraName{"charge_state_time_s"}},
    {280, Wire::u8, 1, ExtraName{"charge_state"}},  // 0 bulk, 1 absorption, 2 float
};

struct Sensor {
  const char* name;
  std::size_t offset;
  unsigned present_bit;
};
/// Battery sensors. Offset 254 ("T3") repeats the MOSFET temperature in every self-consistent capture: left out.
inline constexpr Sensor kSensors[] = {{"T1", 162, 1}, {"T2", 164, 2}, {"T4", 256, 4}, {"T5", 258, 5}};
inline constexpr std::size_t kSensorsOfOldHardware = 2;  ///< T4 and T5 read 0.0 before hardware 14

inline constexpr AlarmBit kAlarms[] = {
    {0, Condition::wire_resistance, AlarmLevel::warning},
    {1, Condition::mos_overtemperature, AlarmLevel::alarm},
    {2, Condition::cell_count, AlarmLevel::alarm},
    {3, Condition::current_sensor, AlarmLevel::alarm},
    {4, Condition::cell_overvoltage, AlarmLevel::alarm},
    {5, Condition::pack_overvoltage, AlarmLevel::alarm},
    {6, Condition::charge_overcurrent, AlarmLevel::alarm},
    {7, Condition::short_circuit, AlarmLevel::alarm},  // while charging
    {8, Condition::charge_overtemperature, AlarmLevel::alarm},
    {9, Condition::charge_undertemperature, AlarmLevel::alarm},
    {10, Condition::internal, AlarmLevel::alarm},           // analog front end
    {11, Condition::cell_undervoltage, AlarmLevel::alarm},  // one public driver exchanges 11 and 12
    {12, Condition::pack_undervoltage, AlarmLevel::alarm},
    {13, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {14, Condition::short_circuit, AlarmLevel::alarm},
    {15, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {16, Condition::charge_fet, AlarmLevel::alarm},
    {17, Condition::discharge_fet, AlarmLevel::alarm},
    {18, Condition::communication, AlarmLevel::warning},  // GPS module gone
    // 19 "change the default password" is set on most units and no fault: see kDefaultPasswordBit.
    {20, Condition::discharge_fet, AlarmLevel::alarm},           // switch-on failed
    {21, Condition::charge_overtemperature, AlarmLevel::alarm},  // battery too hot, whatever it does
    {21, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {22, Condition::temperature_sensor, AlarmLevel::alarm},
    {23, Condition::communication, AlarmLevel::alarm},  // parallel module
    {24, Condition::short_circuit, AlarmLevel::alarm},  // its release failed
    {25, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {26, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {27, Condition::discharge_undertemperature, AlarmLevel::alarm},
    {28, Condition::configuration, AlarmLevel::warning},  // locked by GPS remote
};
inline constexpr unsigned kDefaultPasswordBit = 19;

// Settings --------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kUvpAt = 10;
inline constexpr std::size_t kOvpAt = 18;
inline constexpr std::size_t kFullVoltageAt = 30;       ///< cell voltage that counts as 100 %
inline constexpr std::size_t kRequestedVoltageAt = 38;  ///< RCV; 0 on hardware 11
inline constexpr std::size_t kCellCountAt = 114;
inline constexpr std::size_t kChargeSwitchAt = 118;
inline constexpr std::size_t kDischargeSwitchAt = 122;
inline constexpr std::size_t kBalanceSwitchAt = 126;
inline constexpr std::size_t kConnectionResistanceAt = 142;  ///< u32 uOhm each
inline constexpr std::size_t kDeviceAddressAt = 270;

inline constexpr Field kSettings[] = {
    {6, Wire::u32le, 0.001, ExtraName{"smart_sleep_V"}},
    {10, Wire::u32le, 0.001, ExtraName{"cell_uvp_V"}},
    {14, Wire::u32le, 0.001, ExtraName{"cell_uvp_recovery_V"}},
    {18, Wire::u32le, 0.001, ExtraName{"cell_ovp_V"}},
    {22, Wire::u32le, 0.001, ExtraName{"cell_ovp_recovery_V"}},
    {26, Wire::u32le, 0.001, ExtraName{"balance_trigger_V"}},
    {30, Wire::u32le, 0.001, ExtraName{"cell_soc100_V"}},
    {34, Wire::u32le, 0.001, ExtraName{"cell_soc0_V"}},
    {38, Wire::u32le, 0.001, ExtraName{"cell_rcv_V"}},
    {42, Wire::u32le, 0.001, ExtraName{"cell_rfv_V"}},
    {46, Wire::u32le, 0.001, ExtraName{"cell_power_off_V"}},
    {50, Wire::u32le, 0.001, &Reading::max_charge_current_A},
    {54, Wire::u32le, 1, ExtraName{"charge_ocp_delay_s"}},
    {58, Wire::u32le, 1, ExtraName{"charge_ocp_recovery_s"}},
    {62, Wire::u32le, 0.001, &Reading::max_discharge_current_A},
    {66, Wire::u32le, 1, ExtraName{"discharge_ocp_delay_s"}},
    {70, Wire::u32le, 1, ExtraName{"discharge_ocp_recovery_s"}},
    {74, Wire::u32le, 1, ExtraName{"scp_recovery_s"}},
    {78, Wire::u32le, 0.001, ExtraName{"max_balance_current_A"}},
    {82, Wire::i32le, 0.1, ExtraName{"charge_otp_C"}},
    {86, Wire::i32le, 0.1, ExtraName{"charge_otp_recovery_C"}},
    {90, Wire::i32le, 0.1, ExtraName{"discharge_otp_C"}},
    {94, Wire::i32le, 0.1, ExtraName{"discharge_otp_recovery_C"}},
    {98, Wire::i32le, 0.1, ExtraName{"charge_utp_C"}},
    {102, Wire::i32le, 0.1, ExtraName{"charge_utp_recovery_C"}},
    {106, Wire::i32le, 0.1, ExtraName{"mos_otp_C"}},
    {110, Wire::i32le, 0.1, ExtraName{"mos_otp_recovery_C"}},
    {114, Wire::u32le, 1, ExtraName{"cell_count_setting"}},
    {118, Wire::u32le, 1, ExtraName{"charge_switch"}},
    {122, Wire::u32le, 1, ExtraName{"discharge_switch"}},
    {126, Wire::u32le, 1, ExtraName{"balance_switch"}},
    {130, Wire::u32le, 0.001, ExtraName{"design_capacity_Ah"}},
    {134, Wire::u32le, 1, ExtraName{"scp_delay_us"}},
    {138, Wire::u32le, 0.001, ExtraName{"balance_start_V"}},
    {270, Wire::u32le, 1, ExtraName{"device_address"}},
    {274, Wire::u32le, 1, ExtraName{"precharge_time_s"}},
    {282, Wire::u16le, 1, ExtraName{"control_bits"}},
    {286, Wire::u8, 1, ExtraName{"smart_sleep_time_h"}},
    {287, Wire::u8, 1, ExtraName{"field_enable_bits"}},
};
/// Hardware later than 15A, or 15A with software 15.41 and later.
inline constexpr Field kHeaterThresholds[] = {
    {284, Wire::i8, 1, ExtraName{"heating_start_C"}},
    {285, Wire::i8, 1, ExtraName{"heating_stop_C"}},
};
/// What the same bytes are before that.
inline constexpr Field kBatteryTemperatureAlarm[] = {
    {284, Wire::i8, 1, ExtraName{"battery_ot_alarm_C"}},
    {285, Wire::i8, 1, ExtraName{"battery_ot_alarm_recovery_C"}},
};
inline constexpr Field kSettingsFrom19[] = {
    {296, Wire::i8, 1, ExtraName{"discharge_utp_C"}},
    {297, Wire::i8, 1, ExtraName{"discharge_utp_recovery_C"}},
};

// About -----------------------------------------------------------------------------------------------------------

inline constexpr std::size_t kModelAt = 6;
inline constexpr std::size_t kSerialAt = 86;

inline constexpr TextField kAboutTexts[] = {
    {6, 16, &Reading::model},
    {22, 8, &Reading::hw},
    {30, 8, &Reading::sw},
    {46, 16, &Reading::device_name},  // editable by the user; not the serial number, though often a copy of it
    {78, 8, ExtraName{"manufacture_date"}},
    {86, 16, &Reading::serial},
    {102, 16, ExtraName{"user_data_1"}},
    {134, 16, ExtraName{"user_data_2"}},
};
inline constexpr Field kAbout[] = {
    {38, Wire::u32le, 1, ExtraName{"about_run_time_s"}},
    {42, Wire::u32le, 1, ExtraName{"power_on_count"}},
    {184, Wire::u8, 1, ExtraName{"uart1_protocol"}},
    {185, Wire::u8, 1, ExtraName{"can_protocol"}},
    {186, Wire::u32le, 1, ExtraName{"uart1_protocols_bits"}},
    {202, Wire::u32le, 1, ExtraName{"can_protocols_bits"}},
    {218, Wire::u8, 1, ExtraName{"uart2_protocol"}},
    {219, Wire::u32le, 1, ExtraName{"uart2_protocols_bits"}},
    {234, Wire::u8, 1, ExtraName{"buzzer_trigger"}},
    {235, Wire::u8, 1, ExtraName{"dry1_trigger"}},
    {236, Wire::u8, 1, ExtraName{"dry2_trigger"}},
    {237, Wire::u8, 1, ExtraName{"uart_library_version"}},
    {238, Wire::i32le, 1, ExtraName{"buzzer_trigger_value"}},
    {242, Wire::i32le, 1, ExtraName{"buzzer_release_value"}},
    {246, Wire::i32le, 1, ExtraName{"dry1_trigger_value"}},
    {250, Wire::i32le, 1, ExtraName{"dry1_release_value"}},
    {254, Wire::i32le, 1, ExtraName{"dry2_trigger_value"}},
    {258, Wire::i32le, 1, ExtraName{"dry2_release_value"}},
    {262, Wire::u32le, 1, ExtraName{"data_storage_period_s"}},
    {266, Wire::u8, 0.1, ExtraName{"rcv_time_h"}},
    {267, Wire::u8, 0.1, ExtraName{"rfv_time_h"}},
    {268, Wire::u8, 1, ExtraName{"can_library_version"}},
    {269, Wire::u8, 1, ExtraName{"emergency_time_min"}},
};
inline constexpr Field kAboutFrom19[] = {
    {270, Wire::u8, 1, ExtraName{"uart3_protocol"}},
    {278, Wire::u8, 1, ExtraName{"rebulk_soc_pct"}},
};

/// Bluetooth PIN and settings password: bytes of the about block that nobody may see.
struct ByteRange {
  std::size_t begin;
  std::size_t size;
};
inline constexpr ByteRange kSecrets[] = {{62, 16}, {118, 16}};

}  // namespace bms::jk
