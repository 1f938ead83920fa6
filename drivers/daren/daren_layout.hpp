#pragma once

#include <optional>

#include "bms/layout.hpp"

/// The INFO part of every answer of a Daren board, beside the reference. Offsets count bytes behind LENGTH.
namespace bms::daren {

inline constexpr std::uint8_t kVersion = 0x22;
inline constexpr std::uint8_t kDeviceClass = 0x4A;

enum class Command : std::uint8_t {
  realtime = 0x42,
  parameters = 0x47,
  protocol = 0x4F,
  manufacturer = 0x51,
  counters = 0x83,
  module = 0xB0,
};

// ---- 42, real-time data -------------------------------------------------------------------------------------------

/// Offsets that follow from the number of cells and of cell temperature sensors.
struct Shape {
  std::size_t cells;
  std::size_t sensors;
  [[nodiscard]] std::size_t middle() const { return 6 + 2 * cells; }             ///< E of the reference
  [[nodiscard]] std::size_t tail() const { return middle() + 7 + 2 * sensors; }  ///< G of the reference
  friend bool operator==(const Shape&, const Shape&) = default;
};
inline constexpr std::size_t kCellCountAt = 5;
inline constexpr std::size_t kFirstCellAt = 6;
inline constexpr std::size_t kSensorCountAt = 6;  ///< from E
inline constexpr std::size_t kFirstSensorAt = 7;  ///< from E
inline constexpr std::size_t kTailSize = 33;      ///< from G; the BASEN document ends here
inline constexpr std::size_t kExtendedSize = 46;  ///< from G; what boards really send

inline constexpr Field kHead[] = {
    {1, Wire::u16be, 0.01, &Reading::soc_pct},    // %
    {3, Wire::u16be, 0.01, &Reading::voltage_V},  // V
};
inline constexpr Field kMiddle[] = {
    {0, Wire::i16be, 0.1, &Reading::env_temp_C},      // degC
    {2, Wire::i16be, 0.1, ExtraName{"pack_temp_C"}},  // degC, average
    {4, Wire::i16be, 0.1, &Reading::mos_temp_C},      // degC
};
inline constexpr Field kTail[] = {
    {0, Wire::i16be, 0.01, &Reading::current_A},                         // A, charging > 0
    {2, Wire::u16be, 0.1, ExtraName{"internal_resistance_mOhm"}, 0, 0},  // mOhm; 0 in every capture
    {4, Wire::u16be, 1, &Reading::soh_pct},                              // %
    {7, Wire::u16be, 0.01, &Reading::capacity_Ah},                       // Ah
    {9, Wire::u16be, 0.01, &Reading::remaining_Ah},                      // Ah
    {11, Wire::u16be, 1, &Reading::cycles},                              //
};
inline constexpr std::size_t kVoltageStatusAt = 13;
inline constexpr std::size_t kCurrentStatusAt = 15;
inline constexpr std::size_t kTemperatureStatusAt = 17;
inline constexpr std::size_t kAlarmStatusAt = 19;
inline constexpr std::size_t kFetStatusAt = 21;
inline constexpr std::size_t kCellWordsAt = 23;  ///< OV protection, UV protection, OV alarm, UV alarm, 2 bytes each
inline constexpr std::size_t kBalancingAt = 31;
inline constexpr std::size_t kBalancingHighAt = 33;  ///< cells 17 to 32
inline constexpr std::size_t kCellWordsHighAt = 35;  ///< cells 17 to 32
inline constexpr std::size_t kMachineStateAt = 43;
inline constexpr std::size_t kIoStateAt = 44;

inline constexpr AlarmBit kVoltageAlarms[] = {
    {0, Condition::cell_overvoltage, AlarmLevel::alarm},
    {1, Condition::cell_undervoltage, AlarmLevel::alarm},
    {2, Condition::pack_overvoltage, AlarmLevel::alarm},
    {3, Condition::pack_undervoltage, AlarmLevel::alarm},
    {4, Condition::cell_overvoltage, AlarmLevel::warning},
    {5, Condition::cell_undervoltage, AlarmLevel::warning},
    {6, Condition::pack_overvoltage, AlarmLevel::warning},
    {7, Condition::pack_undervoltage, AlarmLevel::warning},
    {8, Condition::cell_imbalance, AlarmLevel::warning},
    // From the vendor's tool alone; the BASEN document calls 9 to 14 reserved.
    {9, Condition::pack_overvoltage, AlarmLevel::alarm},    // ten times: latched
    {10, Condition::pack_undervoltage, AlarmLevel::alarm},  // ten times: latched
    {11, Condition::temperature_imbalance, AlarmLevel::warning},
    {12, Condition::internal, AlarmLevel::alarm},  // cell failure
    {13, Condition::fuse, AlarmLevel::alarm},
    {14, Condition::cell_imbalance, AlarmLevel::alarm},
};
inline constexpr std::uint16_t kCharging = 1U << 0U;
inline constexpr std::uint16_t kDischarging = 1U << 1U;
inline constexpr AlarmBit kCurrentAlarms[] = {
    {2, Condition::charge_overcurrent, AlarmLevel::alarm},
    {3, Condition::short_circuit, AlarmLevel::alarm},
    {4, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {5, Condition::discharge_overcurrent, AlarmLevel::alarm},  // second level
    {6, Condition::charge_overcurrent, AlarmLevel::warning},
    {7, Condition::discharge_overcurrent, AlarmLevel::warning},
    // From the vendor's tool alone. Ten times, latched: the direction is not told.
    {8, Condition::charge_overcurrent, AlarmLevel::alarm},
    {8, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {9, Condition::reverse_polarity, AlarmLevel::alarm},
};
inline constexpr AlarmBit kTemperatureAlarms[] = {
    {0, Condition::charge_overtemperature, AlarmLevel::alarm},
    {1, Condition::charge_undertemperature, AlarmLevel::alarm},
    {2, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {3, Condition::discharge_undertemperature, AlarmLevel::alarm},
    {4, Condition::env_overtemperature, AlarmLevel::alarm},
    {5, Condition::env_undertemperature, AlarmLevel::alarm},
    {6, Condition::mos_overtemperature, AlarmLevel::alarm},
    {7, Condition::mos_undertemperature, AlarmLevel::alarm},
    {8, Condition::charge_overtemperature, AlarmLevel::warning},
    {9, Condition::charge_undertemperature, AlarmLevel::warning},
    {10, Condition::discharge_overtemperature, AlarmLevel::warning},
    {11, Condition::discharge_undertemperature, AlarmLevel::warning},
    {12, Condition::env_overtemperature, AlarmLevel::warning},
    {13, Condition::env_undertemperature, AlarmLevel::warning},
    {14, Condition::mos_overtemperature, AlarmLevel::warning},
    {15, Condition::mos_undertemperature, AlarmLevel::warning},
};
/// Bits 5 and 6 are settings (LED and buzzer allowed), never alarms; a public driver reports them as internal failure.
/// Bit 9 means two things in two sources.
inline constexpr AlarmBit kFailureAlarms[] = {
    {0, Condition::cell_imbalance, AlarmLevel::warning},
    {1, Condition::charge_fet, AlarmLevel::alarm},
    {2, Condition::internal, AlarmLevel::warning},  // SD card
    {3, Condition::internal, AlarmLevel::alarm},    // SPI of the front end
    {4, Condition::internal, AlarmLevel::alarm},    // EEPROM
    {7, Condition::low_soc, AlarmLevel::warning},
    {8, Condition::mos_overtemperature, AlarmLevel::alarm},
    {9, Condition::internal, AlarmLevel::warning},
    {10, Condition::internal, AlarmLevel::alarm},  // current limiter board
    {11, Condition::cell_sensor, AlarmLevel::alarm},
    {12, Condition::internal, AlarmLevel::alarm},  // cell failure
    {13, Condition::temperature_sensor, AlarmLevel::alarm},
    {14, Condition::charge_fet, AlarmLevel::alarm},
    {15, Condition::discharge_fet, AlarmLevel::alarm},
};
/// Bits 11 and 12 are the same settings again.
inline constexpr std::uint16_t kFirstFet = 1U << 0U;
inline constexpr std::uint16_t kSecondFet = 1U << 1U;
inline constexpr std::uint16_t kFirstFetFailed = 1U << 2U;
inline constexpr std::uint16_t kSecondFetFailed = 1U << 3U;
inline constexpr unsigned kLimiterShift = 4;  ///< two bits: 0 none, 1 to 3 three current steps
inline constexpr std::uint16_t kHeater = 1U << 6U;
inline constexpr AlarmBit kFetAlarms[] = {
    // From the vendor's tool alone.
    {13, Condition::internal, AlarmLevel::alarm},    // front-end chip
    {14, Condition::internal, AlarmLevel::warning},  // its alarm pin
    {15, Condition::low_soc, AlarmLevel::warning},
};
inline constexpr Alarm kCellWordAlarms[] = {
    {Condition::cell_overvoltage, AlarmLevel::alarm},
    {Condition::cell_undervoltage, AlarmLevel::alarm},
    {Condition::cell_overvoltage, AlarmLevel::warning},
    {Condition::cell_undervoltage, AlarmLevel::warning},
};
/// Bit 14 is always set on firmware 01.05.05 without any trouble.
inline constexpr AlarmBit kIoAlarms[] = {
    {12, Condition::internal, AlarmLevel::warning},  // oscillator
    {13, Condition::internal, AlarmLevel::warning},  // EEPROM
};
struct StatusWord {
  std::size_t offset;  ///< from G
  std::span<const AlarmBit> bits;
};
inline constexpr StatusWord kStatusWords[] = {
    {kVoltageStatusAt, kVoltageAlarms}, {kCurrentStatusAt, kCurrentAlarms}, {kTemperatureStatusAt, kTemperatureAlarms},
    {kAlarmStatusAt, kFailureAlarms},   {kFetStatusAt, kFetAlarms},
};

// ---- 47, system parameters ----------------------------------------------------------------------------------------

inline constexpr std::size_t kParametersSize = 65;
inline constexpr Field kParameters[] = {
    {1, Wire::u16be, 0.001, ExtraName{"cell_voltage_max_V"}},
    {3, Wire::u16be, 0.001, ExtraName{"cell_voltage_min_V"}},
    {9, Wire::u16be, 0.01, ExtraName{"charge_current_max_A"}},
    {17, Wire::u16be, 0.01, &Reading::max_charge_current_A},     // A
    {17, Wire::u16be, 0.01, &Reading::max_discharge_current_A},  // A; the board has no limit of its own for it
    {19, Wire::u16be, 0.01, ExtraName{"parameter_capacity_Ah"}},
    {21, Wire::u16be, 1, ExtraName{"history_interval_min"}},
    {23, Wire::u16be, 1, ExtraName{"balance_mode"}},
};
inline constexpr std::size_t kTemperatureMaxAt = 5;
inline constexpr std::size_t kTemperatureMinAt = 7;
inline constexpr std::size_t kPackMaxAt = 11;  ///< mV for each cell
inline constexpr std::size_t kPackMinAt = 13;
inline constexpr std::size_t kParameterCellsAt = 15;
inline constexpr TextField kParameterTexts[] = {
    {25, 20, ExtraName{"product_barcode"}},
    {45, 20, ExtraName{"bms_barcode"}},
};

// ---- 51, manufacturer information ---------------------------------------------------------------------------------

inline constexpr std::size_t kManufacturerSize = 33;
inline constexpr std::size_t kLongestManufacturer = 48;
inline constexpr std::size_t kHardwareAt = 0;  ///< this and the next two: 10 bytes of text
inline constexpr std::size_t kProductAt = 10;
inline constexpr std::size_t kProjectAt = 20;
inline constexpr std::size_t kNameSize = 10;
inline constexpr std::size_t kSoftwareAt = 30;  ///< 3 bytes
inline constexpr std::size_t kBootAt = 33;      ///< 2 bytes

// ---- B0, modules --------------------------------------------------------------------------------------------------

inline constexpr std::size_t kModuleHeader = 6;
inline constexpr std::size_t kModuleAt = 3;
inline constexpr std::uint8_t kReadOperation = 0x01;
inline constexpr std::uint8_t kManufacturing = 3;
inline constexpr std::size_t kManufacturingSize = 119;
/// Reading only the first half of the serial number drops what is different from board to board.
inline constexpr TextField kManufacturingTexts[] = {
    {6, 30, &Reading::serial},
    {36, 30, ExtraName{"product_barcode"}},
    {66, 30, ExtraName{"bms_barcode"}},
    {99, 20, ExtraName{"manufacturer"}},
};
inline constexpr std::size_t kDateAt = 96;

inline constexpr std::uint8_t kCapacities = 4;
inline constexpr std::size_t kCapacitiesSize = 24;
inline constexpr Field kCapacityFields[] = {
    {10, Wire::u16be, 0.01, ExtraName{"design_capacity_Ah"}},
    {12, Wire::u32be, 1, ExtraName{"charge_total_Ah"}},
    {16, Wire::u32be, 1, ExtraName{"discharge_total_Ah"}},
};
inline constexpr std::size_t kChargeEnergyAt = 20;
inline constexpr std::size_t kDischargeEnergyAt = 22;

// ---- 83, protection counters --------------------------------------------------------------------------------------

inline constexpr std::size_t kCountersSize = 18;
inline constexpr Field kCounters[] = {
    {2, Wire::u16be, 1, ExtraName{"overcharge_count"}},
    {4, Wire::u16be, 1, ExtraName{"overdischarge_count"}},
    {6, Wire::u16be, 1, ExtraName{"overcurrent_count"}},
    {8, Wire::u16be, 1, ExtraName{"temperature_count"}},
    {10, Wire::u16be, 1, ExtraName{"short_circuit_count"}},
    {12, Wire::u16be, 1, ExtraName{"mos_overtemperature_count"}},
    {14, Wire::u16be, 1, ExtraName{"env_overtemperature_count"}},
    {16, Wire::u16be, 1, ExtraName{"env_undertemperature_count"}},
};

/// Energy, kWh, of a counter that wraps at 65536 and counts 0.1 or 0.01 kWh depending on the firmware: the one
/// combination that makes a cell voltage of 3.0 to 3.6 V of `charge_Ah`; nullopt when there is none or more than one.
std::optional<double> energy_kWh(std::uint16_t raw, double charge_Ah, std::size_t cells);

}  // namespace bms::daren
