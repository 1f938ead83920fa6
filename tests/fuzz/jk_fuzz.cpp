// JK UART (4E 57): any bytes as answers, and frames whose sum is right whatever their ids and values.
#include "bms/checksum.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> jk_drivers();
}

namespace {

using namespace bms;

Bytes framed(std::uint8_t command, ByteView data) {
  constexpr std::size_t kMostData = 380;
  data = data.first(std::min(data.size(), kMostData));
  Bytes frame{0x4E, 0x57};
  append_be(frame, static_cast<std::uint32_t>(data.size() + 18), 2);
  append(frame, Bytes{0, 0, 0, 0, command, 0, 1});
  append(frame, data);
  append(frame, Bytes{0, 0, 0, 0, 0x68});
  append_be(frame, sum16(frame), 4);
  return frame;
}

Bytes request(ByteView /*input*/, std::size_t& /*at*/) {
  return {0x4E, 0x57, 0x00, 0x13, 0, 0, 0, 0, 0x06, 0x03, 0, 0, 0, 0, 0, 0, 0x68, 0, 0, 0x01, 0x29};
}

Bytes answer(ByteView request, ByteView content) {
  constexpr std::size_t kCommandAt = 8;
  const Bytes frame = framed(request.size() > kCommandAt ? request[kCommandAt] : std::uint8_t{0x06}, content);
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{jk_drivers().front(), {}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
