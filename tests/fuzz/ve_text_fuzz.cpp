// The byte stream of a VE.Direct port: TEXT blocks with HEX frames anywhere, cut and damaged in every way.
#include <cstdlib>

#include "bms/driver.hpp"

namespace bms {
std::vector<DriverInfo> ve_direct_drivers();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bms::DriverInfo info = bms::ve_direct_drivers().front();
  if (size == 0) return 0;
  const auto driver = info.make({});
  // The first byte says how the stream is cut into reads.
  const std::size_t piece = 1 + data[0];
  const bms::ByteView stream(data + 1, size - 1);
  bms::Bytes buffer;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    bms::append(buffer, stream.subspan(at, std::min(piece, stream.size() - at)));
    while (!buffer.empty()) {
      const bms::Scan scan = driver->scan({}, buffer);
      if (scan.kind == bms::Scan::Kind::need_more) break;
      if (scan.size == 0 || scan.begin + scan.size > buffer.size()) std::abort();
      const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(scan.begin);
      const bms::Bytes frame(begin, begin + static_cast<std::ptrdiff_t>(scan.size));
      buffer.erase(buffer.begin(), begin + static_cast<std::ptrdiff_t>(scan.size));
      if (scan.kind != bms::Scan::Kind::frame) continue;
      if (driver->accept({}, frame)) static_cast<void>(driver->partial());
      static_cast<void>(driver->take());
    }
  }
  return 0;
}
