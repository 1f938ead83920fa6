#include "bms/checksum.hpp"

#include <array>

namespace bms {
namespace {

constexpr std::array<std::uint16_t, 256> crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned index = 0; index < 256; ++index) {
    unsigned crc = index;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U;
    table[index] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

}  // namespace

std::uint16_t crc16_modbus(ByteView bytes) {
  static constexpr auto kTable = crc_table();
  std::uint16_t crc = 0xFFFF;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>((crc >> 8U) ^ kTable[(crc ^ byte) & 0xFFU]);
  }
  return crc;
}

std::uint8_t sum8(ByteView bytes) { return static_cast<std::uint8_t>(sum16(bytes)); }

std::uint16_t sum16(ByteView bytes) {
  std::uint16_t sum = 0;
  for (const std::uint8_t byte : bytes) sum = static_cast<std::uint16_t>(sum + byte);
  return sum;
}

}  // namespace bms
