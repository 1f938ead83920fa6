#pragma once

#include "bms/bytes.hpp"
#include "bms/driver.hpp"

/// Modbus RTU as several families speak it: requests, and the search for their answers.
namespace bms::modbus {

inline constexpr std::uint8_t kReadHolding = 0x03;
inline constexpr std::uint8_t kReadInput = 0x04;
inline constexpr std::uint8_t kWriteSingle = 0x06;
inline constexpr std::uint8_t kWriteMultiple = 0x10;

/// `frame` plus its CRC, low byte first.
Bytes with_crc(Bytes frame);
/// True when the last two bytes are the CRC of those before.
bool crc_ok(ByteView frame);

/// ADDR FN REG COUNT CRC, for functions 03 and 04.
Bytes read_request(std::uint8_t address, std::uint8_t function, std::uint16_t first, std::uint16_t count);
/// ADDR 06 REG VALUE CRC.
Bytes write_single_request(std::uint8_t address, std::uint16_t reg, std::uint16_t value);
/// ADDR 10 REG COUNT BYTES VALUES CRC.
Bytes write_multiple_request(std::uint8_t address, std::uint16_t first, std::span<const std::uint16_t> values);

/// The address a request goes to; nullopt: too short for one.
std::optional<unsigned> asked(ByteView request);

/// Finds the answer to a read or write request: same address, same function (or its error code), the length asked for,
/// CRC right. Anything else is discarded byte by byte, so that a frame behind line noise is found.
Scan scan_answer(ByteView request, ByteView buffer);

/// The register bytes of a read answer; Fault::refused for an error answer, Fault::foreign if it is none.
Outcome<ByteView> read_payload(ByteView frame);

}  // namespace bms::modbus
