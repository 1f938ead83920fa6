#pragma once

#include <optional>

#include "bms/ascii_frame.hpp"
#include "bms/driver.hpp"
#include "bms/layout.hpp"

/// The ASCII protocol of EG4 LifePower4 packs: YD/T 1363 frames, VER 20, CID1 4A.
namespace bms::eg4 {

inline constexpr std::uint8_t kVersion = 0x20;
inline constexpr std::uint8_t kDeviceClass = 0x4A;

enum class AsciiCommand : std::uint8_t { analog = 0x42, alarm = 0x44 };

Bytes ascii_request(std::uint8_t address, AsciiCommand command);

inline constexpr double kKelvin_C = -273.1;  ///< temperatures are tenths of a kelvin

/// The analog answer (42) from behind the cell temperatures on.
inline constexpr Field kAnalog[] = {
    {0, Wire::u16be, 0.1, &Reading::env_temp_C, kKelvin_C, 0},   // degC
    {2, Wire::u16be, 0.1, &Reading::mos_temp_C, kKelvin_C, 0},   // degC
    {4, Wire::i16be, 0.01, &Reading::current_A},                 // A, charging > 0
    {6, Wire::u16be, 0.01, &Reading::voltage_V},                 // V
    {8, Wire::u16be, 0.01, &Reading::remaining_Ah},              // Ah
    {10, Wire::u16be, 0.01, &Reading::capacity_Ah},              // Ah
    {12, Wire::u16be, 1, &Reading::cycles},                      //
    {15, Wire::u16be, 1, &Reading::soc_pct},                     // %; one early decoder has SoC and SoH swapped
    {17, Wire::u16be, 1, &Reading::soh_pct},                     // %
    {29, Wire::u32be, 0.01, ExtraName{"charge_total_Ah"}},       // Ah
    {33, Wire::u32be, 0.01, ExtraName{"discharge_total_Ah"}},    // Ah
    {37, Wire::u32be, 0.001, ExtraName{"charge_total_kWh"}},     // kWh
    {41, Wire::u32be, 0.001, ExtraName{"discharge_total_kWh"}},  // kWh
    {45, Wire::u32be, 1, ExtraName{"charge_time_h"}},            // h
    {49, Wire::u32be, 1, ExtraName{"discharge_time_h"}},         // h
    {53, Wire::u16be, 1, ExtraName{"charge_count"}},             //
    {55, Wire::u16be, 1, ExtraName{"discharge_count"}},          //
};
inline constexpr std::size_t kAnalogSize = 57;
/// Highest cell, lowest cell, their difference (mV), highest and lowest cell temperature: told twice, so compared.
inline constexpr std::size_t kExtremesAt = 19;

/// Events of the alarm answer (44): bits of one value at an offset behind the sensor codes.
struct EventByte {
  std::size_t offset;
  Wire wire;
  std::span<const AlarmBit> bits;
};
inline constexpr AlarmBit kBalanceEvents[] = {
    {4, Condition::cell_imbalance, AlarmLevel::warning},
    {5, Condition::charge_fet, AlarmLevel::alarm},
    {6, Condition::discharge_fet, AlarmLevel::alarm},
};
inline constexpr AlarmBit kVoltageEvents[] = {
    {0, Condition::cell_overvoltage, AlarmLevel::warning},  {1, Condition::cell_overvoltage, AlarmLevel::alarm},
    {2, Condition::cell_undervoltage, AlarmLevel::warning}, {3, Condition::cell_undervoltage, AlarmLevel::alarm},
    {4, Condition::pack_overvoltage, AlarmLevel::warning},  {5, Condition::pack_overvoltage, AlarmLevel::alarm},
    {6, Condition::pack_undervoltage, AlarmLevel::warning}, {7, Condition::pack_undervoltage, AlarmLevel::alarm},
};
inline constexpr AlarmBit kTemperatureEvents[] = {
    {0, Condition::charge_overtemperature, AlarmLevel::warning},
    {1, Condition::charge_overtemperature, AlarmLevel::alarm},
    {2, Condition::charge_undertemperature, AlarmLevel::warning},
    {3, Condition::charge_undertemperature, AlarmLevel::alarm},
    {4, Condition::discharge_overtemperature, AlarmLevel::warning},
    {5, Condition::discharge_overtemperature, AlarmLevel::alarm},
    {6, Condition::discharge_undertemperature, AlarmLevel::warning},
    {7, Condition::discharge_undertemperature, AlarmLevel::alarm},
    {8, Condition::env_overtemperature, AlarmLevel::warning},
    {9, Condition::env_overtemperature, AlarmLevel::alarm},
    {10, Condition::env_undertemperature, AlarmLevel::warning},
    {11, Condition::env_undertemperature, AlarmLevel::alarm},
    {12, Condition::mos_overtemperature, AlarmLevel::alarm},
    {13, Condition::internal, AlarmLevel::alarm},  // fire; also in extra
};
inline constexpr AlarmBit kCurrentEvents[] = {
    {0, Condition::charge_overcurrent, AlarmLevel::warning},
    {1, Condition::charge_overcurrent, AlarmLevel::alarm},
    {2, Condition::discharge_overcurrent, AlarmLevel::warning},
    {3, Condition::discharge_overcurrent, AlarmLevel::alarm},
    {4, Condition::discharge_overcurrent, AlarmLevel::alarm},  // level 2
    {5, Condition::short_circuit, AlarmLevel::alarm},
    {6, Condition::discharge_overcurrent, AlarmLevel::alarm},  // level 2, locked out
    {7, Condition::short_circuit, AlarmLevel::alarm},          // locked out
};
inline constexpr AlarmBit kSocEvents[] = {{0, Condition::low_soc, AlarmLevel::warning}};
inline constexpr EventByte kEvents[] = {
    {5, Wire::u8, kBalanceEvents}, {6, Wire::u8, kVoltageEvents}, {7, Wire::u16be, kTemperatureEvents},
    {9, Wire::u8, kCurrentEvents}, {10, Wire::u8, kSocEvents},
};
inline constexpr std::size_t kBalanceEventAt = 5;
/// Events that a condition does not tell apart; they stand in `extra` by name while in force. A lockout ends only when
/// somebody switches the pack off and on.
struct NamedEvent {
  std::size_t offset;
  Wire wire;
  unsigned bit;
  std::string_view name;
};
inline constexpr NamedEvent kNamedEvents[] = {
    {7, Wire::u16be, 13, "fire_alarm"},
    {9, Wire::u8, 4, "discharge_overcurrent_2"},
    {9, Wire::u8, 6, "discharge_overcurrent_2_lockout"},
    {9, Wire::u8, 7, "short_circuit_lockout"},
};
inline constexpr std::size_t kFetStatusAt = 11;
inline constexpr std::uint8_t kDischargeFet = 1U << 0U;
inline constexpr std::uint8_t kChargeFet = 1U << 1U;
inline constexpr std::uint8_t kChargeLimiter = 1U << 2U;
inline constexpr std::uint8_t kHeater = 1U << 3U;
inline constexpr std::size_t kSystemStatusAt = 12;
/// Bits, one at a time: recorded packs tell 01 at -2.25 A (gonzalop/wombatt#13) and 02 at +6.69 A
/// (nkinnan/esphome-pace-bms: components/pace_bms/pace_bms_protocol_v20.cpp). At rest 0 is told, too.
struct SystemState {
  std::uint8_t mask;
  std::string_view name;
};
inline constexpr SystemState kSystemStates[] = {
    {1U << 0U, "discharging"}, {1U << 1U, "charging"}, {1U << 3U, "standby"}};
inline constexpr std::size_t kBalancingAt = 13;
inline constexpr std::size_t kAlarmSize = 17;  ///< without the reserved last byte

/// Offsets that follow from the number of cells and of temperature sensors.
struct Shape {
  std::size_t cells;
  std::size_t sensors;
  [[nodiscard]] std::size_t analog_tail() const { return 3 + 2 * cells + 1 + 2 * sensors; }
  [[nodiscard]] std::size_t alarm_tail() const { return 3 + cells + 1 + sensors; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Collects the two answers of one pack.
class LifePower4 {
 public:
  static Scan scan(ByteView request, ByteView buffer);
  Outcome<void> accept(ByteView request, ByteView frame);
  [[nodiscard]] bool complete() const { return analog_ && alarm_; }
  std::optional<Reading> take();
  [[nodiscard]] std::optional<Reading> partial() const;
  /// Forgets half a poll.
  void restart() {
    analog_.reset();
    alarm_.reset();
  }

 private:
  Outcome<void> accept_analog(ByteView info);
  Outcome<void> accept_alarm(ByteView info);

  std::optional<Reading> analog_;
  std::optional<Reading> alarm_;
  std::optional<Shape> analog_shape_;
};

}  // namespace bms::eg4
