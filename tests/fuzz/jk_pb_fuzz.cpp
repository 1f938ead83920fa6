// JK PB: any bytes as answers, blocks and register answers whose sums are right whatever their content.
#include "bms/checksum.hpp"
#include "bms/modbus.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> jk_drivers();
}

namespace {

using namespace bms;

/// Blocks of settings, status or about, filled from the input, with their acknowledge.
void blocks(Driver& driver, ByteView input) {
  constexpr std::uint8_t kTriggers[] = {0x1E, 0x20, 0x1C};
  for (std::size_t at = 0; at < input.size();) {
    const std::uint8_t type = input[at] % 3;
    Bytes block{0x55, 0xAA, 0xEB, 0x90, static_cast<std::uint8_t>(type + 1)};
    append(block, fuzz::slice(input, at, 255));
    append(block, fuzz::slice(input, at, 39));
    block.resize(299);
    block.push_back(sum8(block));
    const Bytes acknowledged = {1, 0x10, 0x16, kTriggers[type], 0, 1};
    append(block, modbus::with_crc(acknowledged));
    Bytes request = acknowledged;
    append(request, Bytes{2, 0, 0});
    request = modbus::with_crc(request);
    fuzz::search(driver, request, block);
    fuzz::search(driver, {}, block);
    if (driver.redacted(request, block).size() != block.size()) std::abort();
  }
}

/// Register reads of any place and length, answered with the input.
void registers(Driver& driver, ByteView input) {
  for (std::size_t at = 0; at + 4 < input.size();) {
    const auto first = static_cast<std::uint16_t>(0x1000 + read_be<2>(input, at) % 0x620);
    const auto words = static_cast<std::uint16_t>(input[at + 2] % 126);
    at += 3;
    const Bytes request = modbus::read_request(1, modbus::kReadHolding, first, words);
    Bytes frame{1, modbus::kReadHolding, static_cast<std::uint8_t>(words * 2)};
    append(frame, fuzz::slice(input, at, 252));
    frame.resize(3 + std::size_t{words} * 2);
    fuzz::search(driver, request, modbus::with_crc(frame));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = jk_drivers().back();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  switch (input[0] % 4) {
    case 0:
      blocks(*driver, input.subspan(1));
      break;
    case 1:
      registers(*driver, input.subspan(1));
      break;
    case 2: {
      const ByteView request = fuzz::slice(input, at, 16);
      const Bytes wire(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
      fuzz::search(*driver, request, wire);
      if (driver->redacted(request, wire).size() != wire.size()) std::abort();
      break;
    }
    default:
      fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
      fuzz::converse(*driver, driver->probe(), input, at);
      fuzz::converse(*driver, driver->switch_charge(true), input, at);
  }
  return 0;
}
