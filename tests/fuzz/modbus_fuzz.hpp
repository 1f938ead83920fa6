#pragma once

#include "bms/modbus.hpp"
#include "exchange_fuzz.hpp"

namespace bms::fuzz {

/// A read of 1 to 125 holding registers from `first` on, of the device `unit`.
inline Bytes read_registers(std::uint8_t unit, unsigned first, ByteView input, std::size_t& at) {
  constexpr unsigned kMostRegisters = 125;
  return modbus::read_request(unit, modbus::kReadHolding, static_cast<std::uint16_t>(first),
                              static_cast<std::uint16_t>(1 + next(input, at) % kMostRegisters));
}

/// The answer of the device `unit` to a Modbus request: registers from `content`, the last ones zero; a write is
/// acknowledged.
inline Bytes modbus_answer(std::uint8_t unit, ByteView request, ByteView content) {
  if (request.size() < 6) return {};
  if (request[1] != modbus::kReadHolding && request[1] != modbus::kReadInput) {
    Bytes acknowledge(request.begin(), request.begin() + 6);
    acknowledge[0] = unit;
    return modbus::with_crc(std::move(acknowledge));
  }
  const auto size = static_cast<std::uint8_t>(2 * request[5]);
  Bytes frame{unit, request[1], size};
  append(frame, content.first(std::min<std::size_t>(content.size(), size)));
  frame.resize(3 + std::size_t{size});
  return modbus::with_crc(std::move(frame));
}

}  // namespace bms::fuzz
