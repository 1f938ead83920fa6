#pragma once

#include <bitset>
#include <optional>

#include "bms/driver.hpp"
#include "bms/layout.hpp"

/// EG4 LL, LL-S V2, LifePower4 V2 and wall-mount packs: Modbus RTU, function 03. A pack shows one of two maps: its own,
/// or (the unit that talks to the inverter, usually address 1) the one inverters read, whose registers 0 to 18 are 0.
namespace bms::eg4 {

/// Registers that are asked for in one request.
struct Block {
  std::uint16_t first;
  std::uint16_t count;
  [[nodiscard]] bool holds(unsigned reg, unsigned registers = 1) const {
    return reg >= first && reg + registers <= unsigned{first} + count;
  }
};
inline constexpr Block kStatusBlock{0, 39};
inline constexpr Block kIdentityBlock{105, 23};
inline constexpr Block kConfigBlock{45, 91};
inline constexpr Block kInverterBlock{19, 23};
inline constexpr Block kInverterCells{113, 16};

/// Byte offset of a register within the map.
constexpr std::size_t at(unsigned reg) { return std::size_t{2} * reg; }

/// The pack's own map. Offsets are those of the whole map, register 0 first.
inline constexpr Field kStatusFields[] = {
    {at(0), Wire::u16be, 0.01, &Reading::voltage_V},                      // V
    {at(1), Wire::i16be, 0.01, &Reading::current_A},                      // A, charging > 0
    {at(18), Wire::i16be, 1, &Reading::mos_temp_C},                       // degC, board
    {at(21), Wire::u16be, 1, &Reading::remaining_Ah},                     // Ah
    {at(22), Wire::u16be, 1, &Reading::max_charge_current_A},             // A
    {at(23), Wire::u16be, 1, &Reading::soh_pct},                          // %
    {at(24), Wire::u16be, 1, &Reading::soc_pct},                          // %
    {at(29), Wire::u32be, 1, &Reading::cycles},                           //
    {at(31), Wire::u32be, 1.0 / 3'600'000, &Reading::capacity_Ah, 0, 0},  // told in mAs; 0 on some units
    {at(37), Wire::u16be, 0.1, ExtraName{"design_capacity_Ah"}, 0, 0},    // Ah; 0 on some units
};
inline constexpr unsigned kCurrentRegister = 1;
inline constexpr unsigned kFirstCell = 2;
inline constexpr unsigned kMostCells = 16;
inline constexpr unsigned kAverageTemperature = 19;
inline constexpr unsigned kHighestTemperature = 20;
inline constexpr unsigned kRemainingRegister = 21;
inline constexpr unsigned kSohRegister = 23;
inline constexpr unsigned kSocRegister = 24;
inline constexpr unsigned kStateRegister = 25;
inline constexpr unsigned kWarningRegister = 26;
inline constexpr unsigned kProtectionRegister = 27;
inline constexpr unsigned kErrorRegister = 28;
inline constexpr unsigned kFirstSensor = 33;
inline constexpr unsigned kSensors = 6;
inline constexpr unsigned kCellCountRegister = 36;
inline constexpr unsigned kBalancingRegister = 38;
inline constexpr std::uint16_t kHeaterOn = 0x8000;
inline constexpr unsigned kAmbientBit = 6;        ///< of warning and protection: the direction is not told
inline constexpr unsigned kFloatStoppedBit = 13;  ///< of warning: informs, no alarm

inline constexpr AlarmBit kWarnings[] = {
    {0, Condition::pack_overvoltage, AlarmLevel::warning},
    {1, Condition::cell_overvoltage, AlarmLevel::warning},
    {2, Condition::pack_undervoltage, AlarmLevel::warning},
    {3, Condition::cell_undervoltage, AlarmLevel::warning},
    {4, Condition::charge_overcurrent, AlarmLevel::warning},
    {5, Condition::discharge_overcurrent, AlarmLevel::warning},
    {7, Condition::mos_overtemperature, AlarmLevel::warning},
    {8, Condition::charge_overtemperature, AlarmLevel::warning},
    {9, Condition::discharge_overtemperature, AlarmLevel::warning},
    {10, Condition::charge_undertemperature, AlarmLevel::warning},
    {11, Condition::discharge_undertemperature, AlarmLevel::warning},
    {12, Condition::low_soc, AlarmLevel::warning},
};
inline constexpr AlarmBit kProtections[] = {
    {0, Condition::pack_overvoltage, AlarmLevel::alarm},
    {1, Condition::cell_overvoltage, AlarmLevel::alarm},
    {2, Condition::pack_undervoltage, AlarmLevel::alarm},
    {3, Condition::cell_undervoltage, AlarmLevel::alarm},
    {4, Condition::charge_overcurrent, AlarmLevel::alarm},
    {5, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {7, Condition::mos_overtemperature, AlarmLevel::alarm},
    {8, Condition::charge_overtemperature, AlarmLevel::alarm},
    {9, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {10, Condition::charge_undertemperature, AlarmLevel::alarm},
    {11, Condition::discharge_undertemperature, AlarmLevel::alarm},
    // Seen set on a full, idle pack (RAR/esphome-eg4-bms: REGISTER_MAP.md): it informs, it does not block.
    {12, Condition::low_soc, AlarmLevel::warning},
    {13, Condition::short_circuit, AlarmLevel::alarm},
};
inline constexpr AlarmBit kErrors[] = {
    {0, Condition::cell_sensor, AlarmLevel::alarm},
    {1, Condition::temperature_sensor, AlarmLevel::alarm},
    {2, Condition::current_sensor, AlarmLevel::alarm},
    {4, Condition::cell_imbalance, AlarmLevel::alarm},
};

inline constexpr TextField kIdentityTexts[] = {
    {at(105), 24, &Reading::model},
    {at(117), 6, &Reading::sw},
    {at(120), 16, &Reading::serial},
};

/// Thresholds and delays. Where sources disagree about the meaning the name has the register number instead.
inline constexpr double kThresholdBias = -50;  ///< temperatures of this block, and only of this one
inline constexpr Field kConfigFields[] = {
    {at(56), Wire::u16be, 0.001, ExtraName{"balance_start_V"}},
    {at(57), Wire::u16be, 0.001, ExtraName{"balance_difference_V"}},
    {at(58), Wire::u16be, 1, ExtraName{"low_capacity_warning_pct"}},
    {at(61), Wire::u16be, 0.001, ExtraName{"cell_uv_warning_V"}},
    {at(62), Wire::u16be, 0.001, ExtraName{"cell_uvp_V"}},
    {at(63), Wire::u16be, 0.001, ExtraName{"cell_uvp_release_V"}},
    {at(64), Wire::u16be, 0.01, ExtraName{"pack_uv_warning_V"}},
    {at(65), Wire::u16be, 0.01, ExtraName{"pack_uvp_V"}},
    {at(66), Wire::u16be, 0.01, ExtraName{"pack_uvp_release_V"}},
    {at(67), Wire::u16be, 0.001, ExtraName{"cell_ov_warning_V"}},
    {at(68), Wire::u16be, 0.001, ExtraName{"cell_ovp_V"}},
    {at(69), Wire::u16be, 0.001, ExtraName{"cell_ovp_release_V"}},
    {at(70), Wire::u16be, 0.01, ExtraName{"pack_ov_warning_V"}},
    {at(71), Wire::u16be, 0.01, ExtraName{"pack_ovp_V"}},
    {at(72), Wire::u16be, 0.01, ExtraName{"pack_ovp_release_V"}},
    {at(78), Wire::u16be, 1, ExtraName{"register_78_delay_s"}},
    {at(79), Wire::u16be, 1, ExtraName{"register_79_delay_s"}},
    {at(80), Wire::u16be, 0.01, ExtraName{"charge_ocp1_A"}},
    {at(81), Wire::u16be, 0.01, ExtraName{"discharge_ocp1_A"}},
    {at(82), Wire::u16be, 0.01, ExtraName{"register_82_A"}},
    {at(83), Wire::u16be, 0.01, ExtraName{"charge_ocp2_A"}},
    {at(84), Wire::u16be, 0.01, ExtraName{"register_84_A"}},
    {at(85), Wire::u16be, 1, ExtraName{"charge_ocp1_delay_s"}},
    {at(86), Wire::u16be, 1, ExtraName{"charge_ocp2_delay_s"}},
    {at(87), Wire::u16be, 1, ExtraName{"discharge_ocp1_delay_s"}},
    {at(88), Wire::u16be, 1, ExtraName{"discharge_ocp2_delay_s"}},
    {at(89), Wire::u8, 1, ExtraName{"charge_retries"}},
    {at(89) + 1, Wire::u8, 1, ExtraName{"discharge_retries"}},
    {at(90), Wire::u16be, 1, ExtraName{"charge_ut_warning_C"}, kThresholdBias},
    {at(91), Wire::u16be, 1, ExtraName{"charge_utp_C"}, kThresholdBias},
    {at(92), Wire::u16be, 1, ExtraName{"charge_utp_release_C"}, kThresholdBias},
    {at(93), Wire::u16be, 1, ExtraName{"charge_ot_warning_C"}, kThresholdBias},
    {at(94), Wire::u16be, 1, ExtraName{"charge_otp_C"}, kThresholdBias},
    {at(95), Wire::u16be, 1, ExtraName{"charge_otp_release_C"}, kThresholdBias},
    {at(96), Wire::u16be, 1, ExtraName{"discharge_ut_warning_C"}, kThresholdBias},
    {at(97), Wire::u16be, 1, ExtraName{"discharge_utp_C"}, kThresholdBias},
    {at(98), Wire::u16be, 1, ExtraName{"discharge_utp_release_C"}, kThresholdBias},
    {at(99), Wire::u16be, 1, ExtraName{"discharge_ot_warning_C"}, kThresholdBias},
    {at(100), Wire::u16be, 1, ExtraName{"discharge_otp_C"}, kThresholdBias},
    {at(101), Wire::u16be, 1, ExtraName{"discharge_otp_release_C"}, kThresholdBias},
    {at(102), Wire::u16be, 1, ExtraName{"board_ot_warning_C"}, kThresholdBias},
    {at(103), Wire::u16be, 1, ExtraName{"board_otp_C"}, kThresholdBias},
    {at(104), Wire::u16be, 1, ExtraName{"board_otp_release_C"}, kThresholdBias},
    {at(128), Wire::u16be, 1, ExtraName{"heater_on_C"}, kThresholdBias},
    {at(129), Wire::u16be, 1, ExtraName{"heater_off_C"}, kThresholdBias},
    {at(130), Wire::u16be, 1, ExtraName{"ambient_ut_warning_C"}, kThresholdBias},
    {at(131), Wire::u16be, 1, ExtraName{"ambient_utp_C"}, kThresholdBias},
    {at(132), Wire::u16be, 1, ExtraName{"ambient_utp_release_C"}, kThresholdBias},
    {at(133), Wire::u16be, 1, ExtraName{"ambient_ot_warning_C"}, kThresholdBias},
    {at(134), Wire::u16be, 1, ExtraName{"ambient_otp_C"}, kThresholdBias},
    {at(135), Wire::u16be, 1, ExtraName{"ambient_otp_release_C"}, kThresholdBias},
};
inline constexpr unsigned kClockRegister = 45;

/// The map for inverters. Current is the sum of the bank, SoC its weighted mean, voltage that of its lowest pack.
inline constexpr Field kInverterFields[] = {
    {at(21), Wire::u16be, 1, &Reading::soc_pct},                  // %
    {at(22), Wire::u16be, 0.01, &Reading::voltage_V},             // V
    {at(23), Wire::i16be, 0.01, &Reading::current_A},             // A, charging > 0
    {at(24), Wire::i16be, 1, ExtraName{"temp_max_C"}},            // degC
    {at(25), Wire::u16be, 0.01, &Reading::max_charge_current_A},  // A
    {at(30), Wire::u16be, 1, &Reading::cycles},                   // of the pack with most
    {at(32), Wire::u16be, 1, &Reading::soh_pct, 0, 0},            // %; 0 on some units
    // V. One project reads it as capacity / 20 (280 Ah), but the firmware looks it up by the number of cells: 5600 for
    // 16, 2800 for 8, 1400 for 4 (joyfulhouse/pylxpweb: docs/BATTERY_RS485_PROTOCOLS.md), which is 3.5 V a cell.
    {at(33), Wire::u16be, 0.01, &Reading::max_voltage_V, 0, 0},
    {at(35), Wire::u16be, 0.01, &Reading::max_discharge_current_A},  // A
    {at(37), Wire::u16be, 0.001, ExtraName{"cell_max_V"}},           // V, of the bank
    {at(38), Wire::u16be, 0.001, ExtraName{"cell_min_V"}},           // V, of the bank
    {at(39), Wire::u16be, 1, ExtraName{"cell_max_number"}, 1},       // told from 0
    {at(40), Wire::u16be, 1, ExtraName{"cell_min_number"}, 1},       // told from 0
};
/// Register 20, from the firmware by one project (joyfulhouse/pylxpweb: docs/BATTERY_RS485_PROTOCOLS.md). What is
/// permitted stands in register 19, so these inform: warnings.
inline constexpr AlarmBit kInverterProtections[] = {
    {0, Condition::short_circuit, AlarmLevel::warning},
    {3, Condition::cell_undervoltage, AlarmLevel::warning},
    {4, Condition::discharge_overcurrent, AlarmLevel::warning},
    {5, Condition::charge_overcurrent, AlarmLevel::warning},
    {7, Condition::mos_overtemperature, AlarmLevel::warning},
    {8, Condition::charge_undertemperature, AlarmLevel::warning},
    {9, Condition::discharge_undertemperature, AlarmLevel::warning},
    {10, Condition::charge_overtemperature, AlarmLevel::warning},
    {11, Condition::discharge_overtemperature, AlarmLevel::warning},
    {12, Condition::cell_overvoltage, AlarmLevel::warning},
    {2, Condition::internal, AlarmLevel::warning},   // not known
    {13, Condition::internal, AlarmLevel::warning},  // pack voltage, too low or too high
    {14, Condition::internal, AlarmLevel::warning},  // charge voltage
};
inline constexpr unsigned kInverterFloatStoppedBit = 1;
inline constexpr unsigned kInverterAmbientBit = 6;
inline constexpr unsigned kInverterHeaterBit = 15;
inline constexpr unsigned kInverterStateRegister = 19;
inline constexpr unsigned kInverterProtectionRegister = 20;
inline constexpr unsigned kInverterTemperature = 24;
inline constexpr unsigned kInverterRemaining = 26;
inline constexpr unsigned kInverterCapacity = 27;
inline constexpr unsigned kInverterVersion = 28;
inline constexpr unsigned kInverterWarningRegister = 34;
inline constexpr unsigned kInverterCellCount = 41;
inline constexpr std::uint16_t kInverterDischargeEnabled = 1U << 5U;
inline constexpr std::uint16_t kInverterChargeEnabled = 1U << 6U;

/// Remaining and full capacity of a bank, Ah, from counters of 0.01 Ah that wrap at 65536: the smallest pair whose
/// ratio is the SoC within 1.5 %; nullopt when there is none.
struct BankCapacity {
  double remaining_Ah;
  double capacity_Ah;
};
std::optional<BankCapacity> unwrap_capacity(std::uint16_t remaining, std::uint16_t capacity, double soc_pct);

/// Which registers of the status block were told.
using Known = std::bitset<kStatusBlock.count>;

class Eg4LlDriver final : public Driver {
 public:
  explicit Eg4LlDriver(const DriverOptions& options);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  /// Refuses blocks that are 0 where a battery never is: firmware that answers with nothing but zeros now and then and
  /// a right CRC (RAR/esphome-eg4-bms#7).
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  Conversation<Outcome<Reading>> probe() override;
  void refresh() override;

 private:
  enum class Map : std::uint8_t { unknown, pack, inverter };
  using Fitted = std::bitset<kSensors>;

  Outcome<void> accept_pack(ByteView map);
  Outcome<void> accept_inverter(ByteView map, Block block);
  Outcome<void> accept_cells(ByteView map);
  Outcome<void> accept_piece(ByteView payload, Block block);
  Outcome<void> accept_settings(ByteView map, Block block);
  /// What the registers tell that are known.
  [[nodiscard]] Reading pack_reading(ByteView map, const Known& known, const Fitted& fitted) const;

  Conversation<Outcome<void>> ask(Block block, int attempts);
  Conversation<Outcome<Reading>> read(TimePoint now, int attempts);
  Conversation<bool> ask_settings();

  const std::uint8_t address_;
  const bool tenths_;  ///< 12 V packs behind a Bluetooth bridge: currents and capacity in tenths
  const std::optional<double> configured_capacity_Ah_;
  Map map_ = Map::unknown;
  int misses_ = 0;
  bool settings_known_ = false;
  int settings_tries_ = 0;
  TimePoint last_settings_{};
  Fitted fitted_;     ///< sensors that told anything but 0 once
  Reading settings_;  ///< identity and thresholds
  bool settings_heard_ = false;
  std::optional<Reading> live_;
  Bytes pieces_ = Bytes(at(kStatusBlock.count));  ///< the status block as far as `known_`
  Known known_;
  std::vector<std::optional<double>> cells_;  ///< of the inverter's map
};

}  // namespace bms::eg4
