// JK UART (4E 57): any bytes as answers, and frames whose sum is right whatever their ids and values.
#include "bms/checksum.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> jk_drivers();
}

namespace {

using namespace bms;

const Bytes kReadAll = {0x4E, 0x57, 0x00, 0x13, 0, 0, 0, 0, 0x06, 0x03, 0, 0, 0, 0, 0, 0, 0x68, 0, 0, 0x01, 0x29};

/// An answer with the input as data: length, end mark and sum are right.
Bytes framed(ByteView data) {
  constexpr std::size_t kMostData = 380;
  data = data.first(std::min(data.size(), kMostData));
  Bytes frame{0x4E, 0x57};
  append_be(frame, static_cast<std::uint32_t>(data.size() + 18), 2);
  append(frame, Bytes{0, 0, 0, 0, 0x06, 0, 1});
  append(frame, data);
  append(frame, Bytes{0, 0, 0, 0, 0x68});
  append_be(frame, sum16(frame), 4);
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = jk_drivers().front();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    const Bytes frame = framed(input.subspan(1));
    const Scan scan = driver->scan(kReadAll, frame);
    if (scan.kind != Scan::Kind::frame || scan.size != frame.size()) std::abort();
    fuzz::search(*driver, kReadAll, frame);
    if (driver->redacted(kReadAll, frame).size() != frame.size()) std::abort();
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 24);
    const Bytes wire(input.begin() + static_cast<std::ptrdiff_t>(at), input.end());
    fuzz::search(*driver, request, wire);
    if (driver->redacted(request, wire).size() != wire.size()) std::abort();
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
    fuzz::converse(*driver, driver->switch_discharge(false), input, at);
  }
  return 0;
}
