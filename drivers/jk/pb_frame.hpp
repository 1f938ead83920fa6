#pragma once

#include <optional>

#include "bms/driver.hpp"
#include "pb_layout.hpp"

/// Frames of the JK PB: block triggers with their acknowledge, and the plain Modbus beside them.
namespace bms::jk {

/// A trigger is a Modbus write of 0 to one of three registers. Right beside them, at 0x1600..0x1613, are shutdown and
/// the chemistry presets that overwrite all limits: no other register of this area is ever written.
inline constexpr std::uint16_t kTriggerStatus = 0x1620;
inline constexpr std::uint16_t kTriggerSettings = 0x161E;
inline constexpr std::uint16_t kTriggerAbout = 0x161C;

inline constexpr std::uint16_t kStatusBase = 0x1200;
inline constexpr std::uint16_t kSettingsBase = 0x1000;
inline constexpr std::uint16_t kAboutBase = 0x1400;

Bytes trigger_request(std::uint8_t address, Block block);
/// Writes one u32 of the settings (charge, discharge or balance switch).
Bytes switch_request(std::uint8_t address, std::size_t offset, bool on);
/// Reads `words` registers from a block offset on.
Bytes register_request(std::uint8_t address, Block block, std::size_t offset, std::size_t words);

/// The block this request triggers; nullopt for anything else.
std::optional<Block> triggered_block(ByteView request);
/// True for a block (300 bytes and an acknowledge), false for Modbus answers.
bool is_block(ByteView frame);
Block block_type(ByteView frame);
/// Where the acknowledge of a found block begins; its first byte is the address of the pack.
std::size_t acknowledge_begin(ByteView frame);

/// Bytes of a block that are known, at their place.
struct Window {
  Block block = Block::status;
  std::size_t begin = 0;
  std::size_t end = kBlockSize;
  [[nodiscard]] bool holds(std::size_t offset, std::size_t size) const {
    return offset >= begin && offset + size <= end;
  }
};
/// What a function 03 request asks for; nullopt when it reads beyond the three blocks.
std::optional<Window> register_window(ByteView request);
/// Turns the words of a window from register order (big-endian, high word first) into block order, and back.
void swap_byte_order(std::span<std::uint8_t> block, Window window);

/// Finds the answer of the pack that was asked. `listening`: without a request, the address whose blocks are wanted.
Scan scan_pb(ByteView request, ByteView buffer, std::uint8_t listening);

/// All bytes heard, without PIN and password of about blocks; of a damaged about block nothing stays.
Bytes without_secrets(ByteView request, ByteView received);

}  // namespace bms::jk
