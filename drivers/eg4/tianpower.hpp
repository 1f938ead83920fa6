#pragma once

#include <array>
#include <optional>

#include "bms/driver.hpp"
#include "bms/layout.hpp"

/// The binary protocol of TianPower boards: SOI ADR CMD LEN data CHECK 0D. SOI is 7E (EG4, most Narada packs) or 7C
/// (Revov, some Narada packs).
namespace bms::eg4 {

inline constexpr std::uint8_t kStart7E = 0x7E;
inline constexpr std::uint8_t kStart7C = 0x7C;
inline constexpr std::uint8_t kEnd = 0x0D;

enum class Command : std::uint8_t { status = 0x01, unknown_06 = 0x06, version = 0x33, serial = 0x42 };

/// Types of the groups of a status answer that are more than one number.
inline constexpr std::uint8_t kCellGroup = 0x01;
inline constexpr std::uint8_t kTemperatureGroup = 0x05;
inline constexpr std::uint8_t kStatusGroup = 0x06;

/// A group of one number; the offset of its field is 0.
struct GroupField {
  std::uint8_t type;
  Field field;
};

/// The status answer beside the reference; drivers/eg4/README.md tells which groups are guessed.
inline constexpr GroupField kGroups[] = {
    {0x02, {0, Wire::u16be, -0.01, &Reading::current_A, 300}},     // A, charging > 0; raw 30000 is no current
    {0x03, {0, Wire::u16be, 0.01, &Reading::soc_pct}},             // %
    {0x04, {0, Wire::u16be, 0.01, &Reading::capacity_Ah}},         // Ah, when full
    {0x07, {0, Wire::u16be, 1, &Reading::cycles}},                 //
    {0x08, {0, Wire::u16be, 0.01, &Reading::voltage_V}},           // V
    {0x09, {0, Wire::u16be, 0.01, &Reading::soh_pct}},             // %
    {0x0A, {0, Wire::u16be, 1, ExtraName{"group_0A"}}},            // unknown, 0 so far
    {0x0B, {0, Wire::u32be, 1, ExtraName{"charge_total_Ah"}}},     // Ah
    {0x0C, {0, Wire::u32be, 1, ExtraName{"discharge_total_Ah"}}},  // Ah
    {0x0D, {0, Wire::u32be, 1, ExtraName{"charge_time_s"}}},       // s
    {0x0E, {0, Wire::u32be, 1, ExtraName{"discharge_time_s"}}},    // s
    {0x0F, {0, Wire::u32be, 1, ExtraName{"charge_total_Wh"}}},     // Wh, in steps of 100
    {0x10, {0, Wire::u32be, 1, ExtraName{"discharge_total_Wh"}}},  // Wh, in steps of 100
    {0x11, {0, Wire::u16be, 1, ExtraName{"group_11"}}},            // unknown, 0 so far
};
inline constexpr std::uint8_t kLastGroup = 0x11;
inline constexpr std::uint8_t kFirstCounter = 0x0B;  ///< to 0x10: four bytes each
constexpr std::size_t group_value_size(std::uint8_t type) { return type >= kFirstCounter && type <= 0x10 ? 4 : 2; }

/// Cell word: millivolts in the low 14 bits. Bit 14 is set on cells above about 3.45 V, bit 15 on a changing set of
/// cells while charging near full (Louisvdw/dbus-serialbattery#14; an unmasked one shows 19.8 or 36 V).
inline constexpr std::uint16_t kCellMask = 0x3FFF;
inline constexpr std::uint16_t kCellHigh = 0x4000;
inline constexpr std::uint16_t kCellBalancing = 0x8000;

/// Temperature word: kind of the sensor in the high byte, degC + 50 in the low one.
inline constexpr std::uint8_t kMosSensor = 0x80;
inline constexpr std::uint8_t kMosSensorToo = 0x40;
inline constexpr std::uint8_t kAmbientSensor = 0x20;
inline constexpr int kTemperatureBias = 50;

/// Bits of the second status word whose meaning needs no context. Bits 8 to 10 are inferred from the order of texts in
/// the vendor's tool.
inline constexpr AlarmBit kStatusAlarms[] = {
    {2, Condition::short_circuit, AlarmLevel::alarm},
    {4, Condition::pack_overvoltage, AlarmLevel::alarm},
    {5, Condition::pack_undervoltage, AlarmLevel::alarm},
    {6, Condition::charge_overtemperature, AlarmLevel::alarm},
    {7, Condition::charge_undertemperature, AlarmLevel::alarm},
    {8, Condition::env_undertemperature, AlarmLevel::alarm},
    {9, Condition::env_overtemperature, AlarmLevel::alarm},
    {10, Condition::internal, AlarmLevel::alarm},
};
inline constexpr std::uint16_t kCharging = 1U << 0U;
inline constexpr std::uint16_t kDischarging = 1U << 1U;
inline constexpr std::uint16_t kOvercurrent = 1U << 3U;

/// Sum modulo 256 exclusive-or the exclusive-or of all bytes from SOI to the last data byte. Every second single-bit
/// error leaves it as it was (bit 7 always): see TianPower::accept().
std::uint8_t check_byte(ByteView bytes);
Bytes build(std::uint8_t start, std::uint8_t address, Command command, ByteView data = {});

/// Collects the answers of one pack.
class TianPower {
 public:
  /// Cuts frames by LEN: 0D, 7E and 7C stand inside the data as well.
  static Scan scan(ByteView request, ByteView buffer);

  /// Errors: implausible, foreign. Half of all single-bit errors pass the check byte, so what hardly changes (groups
  /// and their counts, kinds of sensors, counters, pack voltage less sum of cells) must agree with the frame before,
  /// or twice with each other.
  Outcome<void> accept(ByteView frame);

  [[nodiscard]] bool complete() const { return status_.has_value(); }
  std::optional<Reading> take();
  [[nodiscard]] std::optional<Reading> partial() const;

  /// Identity as last heard; texts of two answers must agree before they are believed.
  [[nodiscard]] const Reading& identity() const { return identity_; }
  void add_identity(Reading& reading) const;
  /// Takes back what the answer to this command said.
  void forget(Command command);

 private:
  /// What does not change between two frames of a healthy line.
  struct Steady {
    Bytes exact;        ///< group types and counts, temperatures (1 degC), SoH, capacity, cycles, words always 0
    double rest_V = 0;  ///< pack voltage less sum of cells, V
    double soc_pct = 0;
    std::array<double, 6> counters{};  ///< groups 0B to 10
    [[nodiscard]] bool agrees(const Steady& other) const;
  };
  struct Status {
    Reading reading;
    Steady steady;
    std::optional<std::uint16_t> word;
  };

  static Outcome<Status> parse_status(ByteView data);
  static bool parse_group(std::uint8_t type, ByteView values, Status& status);
  static void parse_cells(ByteView values, Reading& reading);
  static void parse_temperatures(ByteView values, Status& status);
  static void parse_words(ByteView values, Status& status);
  Outcome<void> accept_status(ByteView data);
  void accept_version(const std::string& text);
  void accept_serial(std::string text);
  void explain_word(std::uint16_t word, Reading& reading) const;

  Reading identity_;
  bool identity_heard_ = false;
  std::optional<Reading> status_;
  std::optional<Steady> trusted_;
  std::optional<Steady> suspect_;
  double last_current_A_ = 0;  ///< last current that was not 0
};

}  // namespace bms::eg4
