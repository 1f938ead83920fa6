// EG4, TianPower and LifePower4: any bytes as answers, and frames whose checks are right whatever their content.
#include "bms/ascii_frame.hpp"
#include "bms/checksum.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> eg4_drivers();
}

namespace {

using namespace bms;

Bytes binary(std::uint8_t start, std::uint8_t command, ByteView data) {
  Bytes frame{start, 1, command, static_cast<std::uint8_t>(data.size())};
  append(frame, data);
  std::uint8_t exclusive = 0;
  for (const std::uint8_t byte : frame) exclusive ^= byte;
  frame.push_back(sum8(frame) ^ exclusive);
  frame.push_back(0x0D);
  return frame;
}

/// Frames made of the input: first a choice of command, then the data.
void frames(Driver& driver, ByteView input, std::size_t at) {
  constexpr std::uint8_t kCommands[] = {0x01, 0x33, 0x42, 0x06};
  while (at < input.size()) {
    const std::uint8_t choice = input[at++];
    const ByteView data = fuzz::slice(input, at, 255);
    if (choice % 8 < 6) {
      const std::uint8_t start = choice % 2 == 0 ? 0x7E : 0x7C;
      const std::uint8_t command = kCommands[choice / 8 % 4];
      fuzz::search(driver, binary(start, command, {}), binary(start, command, data));
    } else {
      const std::uint8_t command = choice % 2 == 0 ? 0x42 : 0x44;
      const Bytes info(data.begin(), data.end());
      fuzz::search(driver, ascii::build({0x20, 1, 0x4A, command, {}}), ascii::build({0x20, 1, 0x4A, 0, info}));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = eg4_drivers().front();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    frames(*driver, input, at);
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 24);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
  }
  return 0;
}
