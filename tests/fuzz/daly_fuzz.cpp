// Daly A5: any bytes as answers, and frames whose sum is right whatever their content.
#include "bms/checksum.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daly_drivers();
}

namespace {

using namespace bms;

constexpr std::size_t kData = 8;

Bytes request(ByteView input, std::size_t& at) {
  Bytes frame{0xA5, 0x40, fuzz::next(input, at), kData};
  frame.resize(4 + kData);
  frame.push_back(sum8(frame));
  return frame;
}

/// As many frames as the content fills, one at least.
Bytes answer(ByteView request, ByteView content) {
  if (request.size() < 3) return {};
  Bytes wire;
  std::size_t at = 0;
  do {
    Bytes frame{0xA5, 0x01, request[2], kData};
    append(frame, content.subspan(at, std::min(kData, content.size() - at)));
    frame.resize(4 + kData);
    frame.push_back(sum8(frame));
    append(wire, frame);
    at += kData;
  } while (at < content.size());
  return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      daly_drivers().front(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
