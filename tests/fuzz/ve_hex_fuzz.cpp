// HEX frames of VE.Direct with a correct check sum and any content: what the sum cannot keep out.
#include <cstdlib>

#include "bms/checksum.hpp"
#include "bms/driver.hpp"

namespace bms {
std::vector<DriverInfo> ve_direct_drivers();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bms::DriverInfo info = bms::ve_direct_drivers().front();
  const auto driver = info.make({});
  const char digits[] = "0123456789ABCDEF";
  // Input: length and bytes of one frame after the other; the first byte holds the command in its low half.
  for (std::size_t at = 0; at + 1 < size;) {
    const std::size_t length = 1 + data[at] % 40;
    const bms::ByteView body(data + at + 1, std::min(length, size - at - 1));
    at += 1 + body.size();
    const unsigned command = body[0] & 0x0FU;
    std::uint8_t check = static_cast<std::uint8_t>(0x55 - command);
    bms::Bytes frame{':', static_cast<std::uint8_t>(digits[command])};
    const auto add = [&](std::uint8_t byte) {
      frame.push_back(static_cast<std::uint8_t>(digits[byte >> 4U]));
      frame.push_back(static_cast<std::uint8_t>(digits[byte & 0x0FU]));
    };
    for (const std::uint8_t byte : body.subspan(1)) {
      add(byte);
      check = static_cast<std::uint8_t>(check - byte);
    }
    add(check);
    frame.push_back('\n');
    const bms::Scan scan = driver->scan({}, frame);
    if (scan.kind != bms::Scan::Kind::frame || scan.size != frame.size()) std::abort();
    if (driver->accept({}, frame)) static_cast<void>(driver->partial());
    static_cast<void>(driver->take());
  }
  return 0;
}
