#pragma once

#include "bms/bytes.hpp"

namespace bms {

/// CRC-16/MODBUS: polynomial 0xA001 reflected, start 0xFFFF. Check value of "123456789" is 0x4B37; sent low byte first.
std::uint16_t crc16_modbus(ByteView bytes);

/// Sum of all bytes modulo 256.
std::uint8_t sum8(ByteView bytes);

/// Sum of all bytes modulo 65536.
std::uint16_t sum16(ByteView bytes);

}  // namespace bms
