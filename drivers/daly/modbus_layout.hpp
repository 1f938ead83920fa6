#pragma once

#include "bms/layout.hpp"

/// Register maps of the two Modbus-like dialects (syssi/esphome-daly-bms:docs/protocol-register-map.md and
/// docs/dalyModbusProtocol.xlsx; patagonaa/esphome-daly-hkms-bms:components/daly_hkms_bms). Offsets are twice the
/// register number. Values that repeat others (highest cell, mean, difference, power) are left out.
namespace bms::daly {

constexpr std::size_t at(std::size_t reg) { return reg * 2; }

/// A read request; a Reading needs those that are `live`.
struct Block {
  std::uint16_t first;
  std::uint16_t count;
};

/// A text and how long it is; ends at the first NUL, trimmed.
struct Text {
  std::uint16_t first;
  std::uint16_t count;  ///< registers
};

/// What differs between the dialects.
struct RegisterMap {
  std::uint16_t cells;  ///< first of the cell voltages, mV
  std::size_t most_cells;
  std::uint16_t temperatures;  ///< first of the temperatures, raw - 40
  std::size_t most_sensors;
  std::uint16_t voltage, current, soc, cell_count, sensor_count, state;
  std::uint16_t mos_temperature, board_temperature;
  std::uint16_t balance_mode, balance_bits;
  std::size_t balance_words;
  std::span<const Field> live;
  std::span<const Field> settings;
  std::span<const Block> live_blocks;     ///< lengths differ, so that a late answer to another one is told apart
  std::span<const Block> setting_blocks;  ///< likewise
  Text software, hardware, code;
  std::uint16_t chemistry, production_date;
  std::uint16_t set_charge_fet, set_discharge_fet, set_soc;
};

inline constexpr Field kD2Live[] = {
    {at(0x28), Wire::u16be, 0.1, &Reading::voltage_V},
    {at(0x2A), Wire::u16be, 0.1, &Reading::soc_pct},
    {at(0x30), Wire::u16be, 0.1, &Reading::remaining_Ah},
    {at(0x33), Wire::u16be, 1, &Reading::cycles},
    {at(0x35), Wire::u16be, 1, &Reading::charge_fet},
    {at(0x36), Wire::u16be, 1, &Reading::discharge_fet},
    {at(0x40), Wire::u16be, 0.001, &Reading::balance_current_A, -30, 0},
};
inline constexpr Field kD2Settings[] = {
    {at(0x80), Wire::u16be, 0.1, &Reading::capacity_Ah, 0, 0},
    {at(0x81), Wire::u16be, 0.001, ExtraName{"nominal_cell_V"}},
    {at(0x82), Wire::u16be, 1, ExtraName{"acquisition_boards"}},
    {at(0x83), Wire::u16be, 1, ExtraName{"cells_board_1"}},
    {at(0x84), Wire::u16be, 1, ExtraName{"cells_board_2"}},
    {at(0x85), Wire::u16be, 1, ExtraName{"cells_board_3"}},
    {at(0x86), Wire::u16be, 1, ExtraName{"sensors_board_1"}},
    {at(0x87), Wire::u16be, 1, ExtraName{"sensors_board_2"}},
    {at(0x88), Wire::u16be, 1, ExtraName{"sensors_board_3"}},
    {at(0x8A), Wire::u16be, 1, ExtraName{"sleep_time_s"}, 0, 0xFFFF},
    {at(0x8B), Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l1_V"}},
    {at(0x8C), Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l2_V"}},
    {at(0x8D), Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l1_V"}},
    {at(0x8E), Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l2_V"}},
    {at(0x8F), Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l1_V"}},
    {at(0x90), Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l2_V"}},
    {at(0x91), Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l1_V"}},
    {at(0x92), Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l2_V"}},
    {at(0x97), Wire::u16be, 1, ExtraName{"charge_temp_high_l1_C"}, -40},
    {at(0x98), Wire::u16be, 1, ExtraName{"charge_temp_high_l2_C"}, -40},
    {at(0x99), Wire::u16be, 1, ExtraName{"charge_temp_low_l1_C"}, -40},
    {at(0x9A), Wire::u16be, 1, ExtraName{"charge_temp_low_l2_C"}, -40},
    {at(0x9B), Wire::u16be, 1, ExtraName{"discharge_temp_high_l1_C"}, -40},
    {at(0x9C), Wire::u16be, 1, ExtraName{"discharge_temp_high_l2_C"}, -40},
    {at(0x9D), Wire::u16be, 1, ExtraName{"discharge_temp_low_l1_C"}, -40},
    {at(0x9E), Wire::u16be, 1, ExtraName{"discharge_temp_low_l2_C"}, -40},
    {at(0x9F), Wire::u16be, 0.001, ExtraName{"cell_voltage_diff_l1_V"}},
    {at(0xA0), Wire::u16be, 0.001, ExtraName{"cell_voltage_diff_l2_V"}},
    {at(0xA1), Wire::u16be, 1, ExtraName{"temp_diff_l1_K"}},
    {at(0xA2), Wire::u16be, 1, ExtraName{"temp_diff_l2_K"}},
    {at(0xA3), Wire::u16be, 0.001, ExtraName{"balance_start_V"}},
    {at(0xA4), Wire::u16be, 0.001, ExtraName{"balance_start_diff_V"}},
    {at(0xA5), Wire::u16be, 1, ExtraName{"charge_switch"}},
    {at(0xA6), Wire::u16be, 1, ExtraName{"discharge_switch"}},
    {at(0xA8), Wire::u16be, 1, ExtraName{"mos_temp_high_C"}, -40},
    {at(0xCF), Wire::u16be, 1, ExtraName{"balancer_switch"}, 0, 0xFFFF},
};

inline constexpr Field kBoardLive[] = {
    {at(0x38), Wire::u16be, 0.1, &Reading::voltage_V},
    {at(0x3A), Wire::u16be, 0.1, &Reading::soc_pct},
    {at(0x4B), Wire::u16be, 0.1, &Reading::remaining_Ah},
    {at(0x4C), Wire::u16be, 1, &Reading::cycles},
    {at(0x4E), Wire::u16be, 0.001, &Reading::balance_current_A, -30, 0},
    {at(0x52), Wire::u16be, 1, &Reading::charge_fet},
    {at(0x53), Wire::u16be, 1, &Reading::discharge_fet},
    {at(0x54), Wire::u16be, 1, ExtraName{"precharge_fet"}},
    {at(0x55), Wire::u16be, 1, &Reading::heater_on},
    {at(0x56), Wire::u16be, 1, ExtraName{"fan_on"}},
    {at(0x59), Wire::u16be, 1, ExtraName{"energy_Wh"}},
    {at(0x5E), Wire::u16be, 0.1, ExtraName{"remaining_mileage_km"}, 0, 0xFFFF},
    {at(0x64), Wire::u16be, 1, ExtraName{"charge_time_left_min"}},
};
inline constexpr Field kBoardSettings[] = {
    {at(0x100), Wire::u16be, 1, ExtraName{"board_number"}},
    {at(0x102), Wire::u16be, 1, ExtraName{"acquisition_boards"}},
    {at(0x103), Wire::u16be, 1, ExtraName{"cells_board_1"}},
    {at(0x104), Wire::u16be, 1, ExtraName{"cells_board_2"}},
    {at(0x105), Wire::u16be, 1, ExtraName{"cells_board_3"}},
    {at(0x106), Wire::u16be, 1, ExtraName{"sensors_board_1"}},
    {at(0x107), Wire::u16be, 1, ExtraName{"sensors_board_2"}},
    {at(0x108), Wire::u16be, 1, ExtraName{"sensors_board_3"}},
    {at(0x109), Wire::u32be, 0.001, &Reading::capacity_Ah, 0, 0},
    {at(0x10B), Wire::u32be, 0.001, ExtraName{"learned_capacity_Ah"}},
    {at(0x10D), Wire::u32be, 1, ExtraName{"accumulated_charge_raw"}},
    {at(0x10F), Wire::u32be, 1, ExtraName{"accumulated_discharge_raw"}},
    {at(0x114), Wire::u16be, 0.001, ExtraName{"nominal_cell_V"}},
    {at(0x115), Wire::u16be, 10, ExtraName{"sleep_time_s"}, 0, 0xFFFF},
    // Not seen changing in any capture, therefore not the state of health of the Reading.
    {at(0x117), Wire::u16be, 0.1, ExtraName{"soh_setting_pct"}},
    {at(0x11A), Wire::u16be, 0.001, ExtraName{"balance_start_V"}},
    {at(0x11B), Wire::u16be, 0.001, ExtraName{"balance_start_diff_V"}},
    {at(0x121), Wire::u16be, 1, ExtraName{"charge_switch"}},
    {at(0x122), Wire::u16be, 1, ExtraName{"discharge_switch"}},
    {at(0x130), Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l1_V"}},
    {at(0x131), Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l2_V"}},
    {at(0x132), Wire::u16be, 0.001, ExtraName{"cell_voltage_high_recovery_V"}},
    {at(0x133), Wire::u16be, 1, ExtraName{"cell_voltage_high_delay_ms"}},
    {at(0x134), Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l1_V"}},
    {at(0x135), Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l2_V"}},
    {at(0x136), Wire::u16be, 0.001, ExtraName{"cell_voltage_low_recovery_V"}},
    {at(0x137), Wire::u16be, 1, ExtraName{"cell_voltage_low_delay_ms"}},
    {at(0x138), Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l1_V"}},
    {at(0x139), Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l2_V"}},
    {at(0x13A), Wire::u16be, 0.1, ExtraName{"pack_voltage_high_recovery_V"}},
    {at(0x13B), Wire::u16be, 1, ExtraName{"pack_voltage_high_delay_ms"}},
    {at(0x13C), Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l1_V"}},
    {at(0x13D), Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l2_V"}},
    {at(0x13E), Wire::u16be, 0.1, ExtraName{"pack_voltage_low_recovery_V"}},
    {at(0x13F), Wire::u16be, 1, ExtraName{"pack_voltage_low_delay_ms"}},
    // Two groups of over-current limits; which direction is which, no source tells: raw sides of 30000 are kept.
    {at(0x140), Wire::u16be, 0.1, ExtraName{"overcurrent_1_l1_A"}, -3000},
    {at(0x141), Wire::u16be, 0.1, ExtraName{"overcurrent_1_l2_A"}, -3000},
    {at(0x142), Wire::u16be, 1, ExtraName{"overcurrent_1_delay_ms"}},
    {at(0x145), Wire::u16be, 0.1, ExtraName{"overcurrent_2_l1_A"}, -3000},
    {at(0x146), Wire::u16be, 0.1, ExtraName{"overcurrent_2_l2_A"}, -3000},
    {at(0x147), Wire::u16be, 1, ExtraName{"overcurrent_2_delay_ms"}},
};

inline constexpr Block kD2LiveBlocks[] = {{0x00, 0x3E}};
inline constexpr Block kD2LongBlock = {0x00, 0x50};  ///< newer boards: MOSFET temperature, balance current
inline constexpr Block kD2MosBlock = {0x3E, 0x09};   ///< the same, where the long one is not answered
inline constexpr Block kD2MoreCells = {0x47, 0x10};  ///< cells 33 to 48
inline constexpr Block kD2SettingBlocks[] = {{0x80, 0x29}, {0xA9, 0x20}, {0xCC, 0x02}, {0xCF, 0x01}};
// As the vendor's app reads them (syssi/esphome-daly-bms:docs/pdus).
inline constexpr Block kBoardLiveBlocks[] = {{0x00, 0x40}, {0x41, 0x3E}};
inline constexpr Block kBoardSettingBlocks[] = {{0x100, 81}, {0x178, 74}};

inline constexpr std::uint16_t kD2Faults = 0x3A;     ///< four words
inline constexpr std::uint16_t kBoardFaults = 0x6D;  ///< seven words
inline constexpr std::uint16_t kBoardHeaterTemperature = 0x5C;

inline constexpr RegisterMap kD2Map = {
    .cells = 0x00,
    .most_cells = 32,
    .temperatures = 0x20,
    .most_sensors = 8,
    .voltage = 0x28,
    .current = 0x29,
    .soc = 0x2A,
    .cell_count = 0x31,
    .sensor_count = 0x32,
    .state = 0x2F,
    .mos_temperature = 0x42,
    .board_temperature = 0x43,
    .balance_mode = 0x34,
    .balance_bits = 0x3E,
    .balance_words = 2,
    .live = kD2Live,
    .settings = kD2Settings,
    .live_blocks = kD2LiveBlocks,
    .setting_blocks = kD2SettingBlocks,
    .software = {0xA9, 8},
    .hardware = {0xB1, 8},
    .code = {0xB9, 16},
    .chemistry = 0x89,
    .production_date = 0xCC,
    .set_charge_fet = 0xA5,
    .set_discharge_fet = 0xA6,
    .set_soc = 0xA7,
};
inline constexpr RegisterMap kBoardMap = {
    .cells = 0x00,
    .most_cells = 48,
    .temperatures = 0x30,
    .most_sensors = 8,
    .voltage = 0x38,
    .current = 0x39,
    .soc = 0x3A,
    .cell_count = 0x3C,
    .sensor_count = 0x3D,
    .state = 0x48,
    .mos_temperature = 0x5A,
    .board_temperature = 0x5B,
    .balance_mode = 0x4D,
    .balance_bits = 0x4F,
    .balance_words = 3,
    .live = kBoardLive,
    .settings = kBoardSettings,
    .live_blocks = kBoardLiveBlocks,
    .setting_blocks = kBoardSettingBlocks,
    .software = {0x178, 14},
    .hardware = {0x186, 7},
    .code = {0x18D, 53},
    .chemistry = 0x113,
    .production_date = 0x129,
    .set_charge_fet = 0x121,
    .set_discharge_fet = 0x122,
    .set_soc = 0x116,
};

}  // namespace bms::daly
