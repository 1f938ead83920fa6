#pragma once

#include "bms/layout.hpp"

/// The eight data bytes of each A5 command (jblance/mpp-solar:docs/protocols/
/// DALY-UART_485_Communications_Protocol_V1.2.pdf). Bytes not named here hold leftovers of earlier replies.
namespace bms::daly::a5 {

// 0x90. Bytes 4..5 are the current, see polarity.hpp; bytes 2..3 ("acquired" voltage) are 0 on nearly all boards.
inline constexpr Field kPackFields[] = {
    {0, Wire::u16be, 0.1, &Reading::voltage_V},
    {6, Wire::u16be, 0.1, &Reading::soc_pct},
};
// 0x91 and 0x92: told when the rows themselves are not known.
inline constexpr Field kCellExtremeFields[] = {
    {0, Wire::u16be, 0.001, ExtraName{"cell_max_V"}},
    {2, Wire::u8, 1, ExtraName{"cell_max_number"}},
    {3, Wire::u16be, 0.001, ExtraName{"cell_min_V"}},
    {5, Wire::u8, 1, ExtraName{"cell_min_number"}},
};
inline constexpr Field kTemperatureExtremeFields[] = {
    {0, Wire::u8, 1, ExtraName{"temp_max_C"}, -40},
    {1, Wire::u8, 1, ExtraName{"temp_max_number"}},
    {2, Wire::u8, 1, ExtraName{"temp_min_C"}, -40},
    {3, Wire::u8, 1, ExtraName{"temp_min_number"}},
};
// 0x93. Byte 0 is the state; byte 3 is a heartbeat, not a cycle count.
inline constexpr Field kStateFields[] = {
    {1, Wire::u8, 1, &Reading::charge_fet},
    {2, Wire::u8, 1, &Reading::discharge_fet},
    {3, Wire::u8, 1, ExtraName{"heartbeat"}},
    {4, Wire::u32be, 0.001, &Reading::remaining_Ah},
};
// 0x94. Bytes 0 and 1 are the counts of cells and sensors; byte 7 may hold leftovers.
inline constexpr Field kStatusFields[] = {
    {2, Wire::u8, 1, ExtraName{"charger_connected"}},
    {3, Wire::u8, 1, ExtraName{"load_connected"}},
    {4, Wire::u8, 1, ExtraName{"di_do_bits"}},
    {5, Wire::u16be, 1, &Reading::cycles},
};

inline constexpr Field kRatedFields[] = {
    {0, Wire::u32be, 0.001, &Reading::capacity_Ah},
    {4, Wire::u32be, 0.001, ExtraName{"nominal_cell_V"}},
};
inline constexpr Field kBoardFields[] = {
    {0, Wire::u8, 1, ExtraName{"acquisition_boards"}}, {1, Wire::u8, 1, ExtraName{"cells_board_1"}},
    {2, Wire::u8, 1, ExtraName{"cells_board_2"}},      {3, Wire::u8, 1, ExtraName{"cells_board_3"}},
    {4, Wire::u8, 1, ExtraName{"sensors_board_1"}},    {5, Wire::u8, 1, ExtraName{"sensors_board_2"}},
    {6, Wire::u8, 1, ExtraName{"sensors_board_3"}},
};
// 0x52: the unit is not documented.
inline constexpr Field kAccumulatedFields[] = {
    {0, Wire::u32be, 1, ExtraName{"accumulated_charge_raw"}},
    {4, Wire::u32be, 1, ExtraName{"accumulated_discharge_raw"}},
};
// 0x53. Byte 0 is the chemistry, bytes 2..4 the production date.
inline constexpr Field kDetailFields[] = {
    {5, Wire::u16be, 1, ExtraName{"sleep_time_s"}},
};
inline constexpr Field kCellThresholdFields[] = {
    {0, Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l1_V"}},
    {2, Wire::u16be, 0.001, ExtraName{"cell_voltage_high_l2_V"}},
    {4, Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l1_V"}},
    {6, Wire::u16be, 0.001, ExtraName{"cell_voltage_low_l2_V"}},
};
inline constexpr Field kPackThresholdFields[] = {
    {0, Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l1_V"}},
    {2, Wire::u16be, 0.1, ExtraName{"pack_voltage_high_l2_V"}},
    {4, Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l1_V"}},
    {6, Wire::u16be, 0.1, ExtraName{"pack_voltage_low_l2_V"}},
};
inline constexpr Field kTemperatureThresholdFields[] = {
    {0, Wire::u8, 1, ExtraName{"charge_temp_high_l1_C"}, -40},
    {1, Wire::u8, 1, ExtraName{"charge_temp_high_l2_C"}, -40},
    {2, Wire::u8, 1, ExtraName{"charge_temp_low_l1_C"}, -40},
    {3, Wire::u8, 1, ExtraName{"charge_temp_low_l2_C"}, -40},
    {4, Wire::u8, 1, ExtraName{"discharge_temp_high_l1_C"}, -40},
    {5, Wire::u8, 1, ExtraName{"discharge_temp_high_l2_C"}, -40},
    {6, Wire::u8, 1, ExtraName{"discharge_temp_low_l1_C"}, -40},
    {7, Wire::u8, 1, ExtraName{"discharge_temp_low_l2_C"}, -40},
};
inline constexpr Field kSocThresholdFields[] = {
    {0, Wire::u16be, 0.1, ExtraName{"soc_high_l1_pct"}},
    {2, Wire::u16be, 0.1, ExtraName{"soc_high_l2_pct"}},
    {4, Wire::u16be, 0.1, ExtraName{"soc_low_l1_pct"}},
    {6, Wire::u16be, 0.1, ExtraName{"soc_low_l2_pct"}},
};
inline constexpr Field kDifferenceThresholdFields[] = {
    {0, Wire::u16be, 0.001, ExtraName{"cell_voltage_diff_l1_V"}},
    {2, Wire::u16be, 0.001, ExtraName{"cell_voltage_diff_l2_V"}},
    {4, Wire::u8, 1, ExtraName{"temp_diff_l1_K"}},
    {5, Wire::u8, 1, ExtraName{"temp_diff_l2_K"}},
};
inline constexpr Field kBalanceThresholdFields[] = {
    {0, Wire::u16be, 0.001, ExtraName{"balance_start_V"}},
    {2, Wire::u16be, 0.001, ExtraName{"balance_start_diff_V"}},
};
// 0x60: scales are not documented.
inline constexpr Field kShortCircuitFields[] = {
    {0, Wire::u16be, 1, ExtraName{"short_circuit_current_raw"}},
    {2, Wire::u16be, 1, ExtraName{"shunt_resistance_raw"}},
};

/// Settings that are read one per poll; `used` data bytes carry meaning, the others may differ from reply to reply.
struct Setting {
  std::uint8_t command;
  std::size_t used;
  std::span<const Field> fields;
  bool text = false;  ///< several frames: number from 1, then seven characters
};
inline constexpr Setting kSettings[] = {
    {0x50, 8, kRatedFields},
    {0x57, 8, {}, true},
    {0x53, 7, kDetailFields},
    {0x62, 8, {}, true},
    {0x63, 8, {}, true},
    {0x59, 8, kCellThresholdFields},
    {0x5A, 8, kPackThresholdFields},
    {0x5B, 8, {}},
    {0x5C, 8, kTemperatureThresholdFields},
    {0x5D, 8, kSocThresholdFields},
    {0x5E, 6, kDifferenceThresholdFields},
    {0x5F, 4, kBalanceThresholdFields},
    {0x51, 7, kBoardFields},
    {0x52, 8, kAccumulatedFields},
    {0x60, 4, kShortCircuitFields},
    {0x54, 8, {}},
    {0x56, 8, {}},
};

/// The four over-current thresholds of 0x5B: magnitudes, charging L1 and L2, then discharging L1 and L2.
inline constexpr std::string_view kCurrentThresholdNames[] = {"charge_current_high_l1_A", "charge_current_high_l2_A",
                                                              "discharge_current_high_l1_A",
                                                              "discharge_current_high_l2_A"};

inline constexpr std::string_view kChemistries[] = {"LFP", "NMC", "LTO"};

inline constexpr std::size_t kMostCells = 48;
inline constexpr std::size_t kMostSensors = 16;
inline constexpr std::size_t kCellsPerFrame = 3;
inline constexpr std::size_t kSensorsPerFrame = 7;
inline constexpr std::size_t kCodeFrames = 5;  ///< of 0x57; versions have no more

}  // namespace bms::daly::a5
