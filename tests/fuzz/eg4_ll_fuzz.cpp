// EG4 LL: any bytes as answers, and blocks of any registers with a right CRC.
#include "bms/modbus.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> eg4_drivers();
}

namespace {

using namespace bms;

/// Blocks made of the input: which one, then its registers.
void blocks(Driver& driver, ByteView input, std::size_t at) {
  constexpr std::uint16_t kFirst[] = {0, 19, 45, 105, 113};
  while (at < input.size()) {
    const std::uint8_t choice = input[at++];
    const ByteView data = fuzz::slice(input, at, 250);
    const auto count = static_cast<std::uint16_t>(data.size() / 2);
    const std::uint16_t first = choice < 200 ? kFirst[choice % 5] : choice;
    Bytes frame{1, 3, static_cast<std::uint8_t>(2 * count)};
    append(frame, data.first(std::size_t{2} * count));
    fuzz::search(driver, modbus::read_request(1, 3, first, count), modbus::with_crc(std::move(frame)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = eg4_drivers().back();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    blocks(*driver, input, at);
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 16);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
  }
  return 0;
}
