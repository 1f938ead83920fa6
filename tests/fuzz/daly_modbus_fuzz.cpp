// Daly D2 and 81/51: any bytes as answers, and blocks whose CRC is right whatever their content.
#include "bms/modbus.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daly_drivers();
}

namespace {

using namespace bms;

/// Blocks made of the input: first register, count, registers; the CRC is right.
void blocks(Driver& driver, ByteView input) {
  for (std::size_t at = 0; at + 3 < input.size();) {
    const std::uint8_t asked = (input[at] & 0x80U) != 0 ? 0xD2 : 0x81;
    const auto first = static_cast<std::uint16_t>((input[at] & 3U) << 8U | input[at + 1]);
    const std::size_t count = 1 + input[at + 2] % 120;
    const Bytes request = modbus::read_request(asked, modbus::kReadHolding, first, static_cast<std::uint16_t>(count));
    Bytes frame{asked == 0xD2 ? asked : std::uint8_t{0x51}, modbus::kReadHolding, static_cast<std::uint8_t>(count * 2)};
    const ByteView content = input.subspan(at + 3, std::min(count * 2, input.size() - at - 3));
    append(frame, content);
    frame.resize(3 + count * 2);
    at += 3 + content.size();
    fuzz::search(driver, request, modbus::with_crc(std::move(frame)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = daly_drivers().back();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    blocks(*driver, input.subspan(1));
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 16);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
    fuzz::converse(*driver, driver->switch_charge(false), input, at);
  }
  static_cast<void>(driver->partial());
  return 0;
}
