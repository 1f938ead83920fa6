#pragma once

#include "bms/modbus.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::eg4 {

/// A kind of the simulated device, and of batteries it may be.
struct Variant {
  const char* name;
  std::map<std::string, std::string, std::less<>> device;
  test::TruthShape shape;
};

inline test::Dialogue dialogue_with(Driver& driver, test::Answerer answerer) {
  return {driver, std::move(answerer), {}, {}, {}, {}};
}

/// A Modbus answer with these registers; the others are 0.
inline Bytes answer_with(const Bytes& request, const std::map<unsigned, std::uint16_t>& registers) {
  const auto first = read_be<2>(request, 2);
  Bytes answer{request[0], request[1], static_cast<std::uint8_t>(2 * request[5])};
  answer.resize(answer.size() + answer[2]);
  for (const auto& [number, value] : registers) write_raw(answer, 3 + (number - first) * 2, Wire::u16be, value);
  return modbus::with_crc(std::move(answer));
}

}  // namespace bms::eg4
