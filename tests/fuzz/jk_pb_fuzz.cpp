// JK PB: any bytes as answers, blocks and register answers whose sums are right whatever their content.
#include "bms/checksum.hpp"
#include "modbus_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> jk_drivers();
}

namespace {

using namespace bms;

constexpr std::uint8_t kTriggers[] = {0x1E, 0x20, 0x1C};  ///< settings, status, about

/// A trigger of a block, or a read of registers.
Bytes request(ByteView input, std::size_t& at) {
  const unsigned choice = fuzz::next(input, at);
  if (choice % 4 < 3) return modbus::with_crc({1, 0x10, 0x16, kTriggers[choice % 4], 0, 1, 2, 0, 0});
  const unsigned first = 0x1000 + (static_cast<unsigned>(fuzz::next(input, at)) << 8U | fuzz::next(input, at)) % 0x620;
  return fuzz::read_registers(1, first, input, at);
}

/// The block that a trigger asks for, repeating the content until it is full, and its acknowledge.
Bytes answer(ByteView request, ByteView content) {
  constexpr std::size_t kSummed = 299;
  if (request.size() < 6 || request[1] != modbus::kWriteMultiple) return fuzz::modbus_answer(1, request, content);
  const auto* const trigger = std::find(std::begin(kTriggers), std::end(kTriggers), request[3]);
  if (trigger == std::end(kTriggers)) return fuzz::modbus_answer(1, request, content);
  Bytes block{0x55, 0xAA, 0xEB, 0x90, static_cast<std::uint8_t>(trigger - kTriggers + 1), 0};
  while (!content.empty() && block.size() < kSummed) append(block, content);
  block.resize(kSummed);
  block.push_back(sum8(block));
  append(block, fuzz::modbus_answer(1, request, {}));
  return block;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      jk_drivers().back(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
