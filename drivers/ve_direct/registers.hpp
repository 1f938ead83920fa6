#pragma once

#include <optional>
#include <span>

#include "bms/layout.hpp"
#include "bms/outcome.hpp"
#include "place.hpp"

/// Registers of battery monitors ("BMV700 Series HEX Protocol" rev. 6; names as in victronenergy/veutil).
namespace bms::ve_direct {

/// How fast the content of a register moves, which is how often it is asked for.
enum class Pace : std::uint8_t {
  live,      ///< comes by TEXT; asked only where TEXT is silent
  identity,  ///< once, and when something about it looked wrong
  history,   ///< by TEXT too; asked when there is no history block
  rare,      ///< settings and what only HEX tells
};

/// A register with a number: value = raw * scale + bias.
struct Register {
  std::uint16_t id;
  Wire wire;
  double scale;
  Place place;
  Pace pace;
  std::optional<std::int64_t> absent = std::nullopt;  ///< this raw value says "not available" or "off"
  double bias = 0;
};

std::span<const Register> registers();
const Register* find_register(std::uint16_t id);

// Registers that are no plain numbers.
inline constexpr std::uint16_t kProductId = 0x0100;      // u32: 00, id (u16), FE or FF
inline constexpr std::uint16_t kHardware = 0x0101;       // u24
inline constexpr std::uint16_t kFirmware = 0x0102;       // u24
inline constexpr std::uint16_t kSerial = 0x010A;         // text
inline constexpr std::uint16_t kModel = 0x010B;          // text
inline constexpr std::uint16_t kName = 0x010C;           // text
inline constexpr std::uint16_t kFirmware16 = 0xEEF9;     // u16, hex AA.BB
inline constexpr std::uint16_t kTemperature = 0xEDEC;    // u16, 0.01 K
inline constexpr std::uint16_t kWarningReason = 0x031C;  // bits as AR
inline constexpr std::uint16_t kAlarmReason = 0x031E;    // bits as AR
inline constexpr std::uint16_t kMonitorMode = 0xEEB8;    // s16, as MON
// Registers of the table that the driver names.
inline constexpr std::uint16_t kVoltage = 0xED8D;
inline constexpr std::uint16_t kCurrentFine = 0xED8C;
inline constexpr std::uint16_t kCurrentCoarse = 0xED8F;
inline constexpr std::uint16_t kSoc = 0x0FFF;
inline constexpr std::uint16_t kTimeToGo = 0x0FFE;
inline constexpr std::uint16_t kConsumed = 0xEEFF;
inline constexpr std::uint16_t kCapacity = 0x1000;
inline constexpr std::uint16_t kCycles = 0x0303;
inline constexpr std::uint16_t kSynchronise = 0x102C;  // command: set without value

/// Puts the value of a register that answered with flags 0 into `reading` ("not available" takes it away).
/// Errors: foreign (a register this project does not know), implausible (wrong length), refused (monitor mode other
/// than battery).
Outcome<void> decode_register(std::uint16_t id, ByteView value, Reading& reading);
/// The value bytes as a device sends them; nullopt: it does not know this register.
std::optional<Bytes> encode_register(std::uint16_t id, const Reading& reading, unsigned product);

}  // namespace bms::ve_direct
