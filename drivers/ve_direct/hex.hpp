#pragma once

#include <cstdint>
#include <optional>

#include "bms/bytes.hpp"

/// HEX frames of VE.Direct ("BMV700 Series HEX Protocol" rev. 6):
///
///     ':' command (1 digit)  data (2 digits a byte)  check (2 digits)  LF        command + data + check = 0x55 mod 256
namespace bms::ve_direct::hex {

enum class Command : std::uint8_t {
  ping = 1,         ///< as an answer: done
  app_version = 3,  ///< as an answer: unknown command
  product_id = 4,   ///< as an answer: frame error
  ping_answer = 5,
  restart = 6,
  get = 7,
  set = 8,
  async = 0xA,
};

/// Flags of an answer to get or set; a value counts only with 0.
inline constexpr std::uint8_t kUnknownRegister = 0x01;
inline constexpr std::uint8_t kNotSupported = 0x02;
inline constexpr std::uint8_t kParameterError = 0x04;

struct Frame {
  std::uint8_t command;  ///< 0..15
  Bytes data;
};

/// Register, flags and value of a get or set answer or an asynchronous frame.
struct RegisterValue {
  std::uint16_t id;
  std::uint8_t flags;
  ByteView value;
};

/// Checks what stands between ':' and LF; nullopt when it is damaged.
std::optional<Frame> decode(ByteView digits);
/// nullopt when the frame is none with a register. The value lives as long as the frame.
std::optional<RegisterValue> register_value(const Frame& frame);

/// The whole frame with ':' and LF.
Bytes encode(std::uint8_t command, ByteView data);
Bytes ping();
Bytes get(std::uint16_t id);
Bytes set(std::uint16_t id, ByteView value);
/// Answer of a device to get or set, or an asynchronous frame.
Bytes answer(Command command, std::uint16_t id, std::uint8_t flags, ByteView value);

}  // namespace bms::ve_direct::hex
