// Daly A5: any bytes as answers, and frames whose sum is right whatever their content.
#include "bms/checksum.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daly_drivers();
}

namespace {

using namespace bms;

/// Frames made of the input: a command, then eight data bytes; header and sum are right.
void frames(Driver& driver, ByteView input) {
  constexpr std::size_t kChunk = 9;
  for (std::size_t at = 0; at + kChunk <= input.size(); at += kChunk) {
    const std::uint8_t command = input[at];
    Bytes request{0xA5, 0x40, command, 8, 0, 0, 0, 0, 0, 0, 0, 0};
    request.push_back(sum8(request));
    Bytes frame{0xA5, 0x01, command, 8};
    append(frame, input.subspan(at + 1, kChunk - 1));
    frame.push_back(sum8(frame));
    const Scan scan = driver.scan(request, frame);
    if (scan.kind != Scan::Kind::frame || scan.size != frame.size()) std::abort();
    fuzz::search(driver, request, frame);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = daly_drivers().front();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    frames(*driver, input.subspan(1));
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 16);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
    fuzz::converse(*driver, driver->set_soc(50), input, at);
    fuzz::converse(*driver, driver->switch_discharge(false), input, at);
  }
  static_cast<void>(driver->partial());
  return 0;
}
