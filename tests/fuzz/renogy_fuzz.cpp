// Renogy: any bytes as answers, and registers whose CRC is right whatever their content.
#include "bms/modbus.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> renogy_drivers();
}

namespace {

using namespace bms;

/// Blocks made of the input: offset from register 4990, count, registers; the CRC is right.
void blocks(Driver& driver, ByteView input) {
  constexpr unsigned kFrom = 4990;
  for (std::size_t at = 0; at + 2 < input.size();) {
    const auto first = static_cast<std::uint16_t>(kFrom + input[at]);
    const std::size_t count = 1 + input[at + 1] % 50;
    const Bytes request = modbus::read_request(0x30, modbus::kReadHolding, first, static_cast<std::uint16_t>(count));
    Bytes frame{0x30, modbus::kReadHolding, static_cast<std::uint8_t>(count * 2)};
    const ByteView content = input.subspan(at + 2, std::min(count * 2, input.size() - at - 2));
    append(frame, content);
    frame.resize(3 + count * 2);
    at += 2 + content.size();
    fuzz::search(driver, request, modbus::with_crc(std::move(frame)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = renogy_drivers().front();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 0x30, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    blocks(*driver, input.subspan(1));
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 16);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
  }
  static_cast<void>(driver->partial());
  return 0;
}
