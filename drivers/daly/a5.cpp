#include "a5.hpp"

#include <algorithm>

#include "bms/checksum.hpp"

namespace bms::daly::a5 {
namespace {

Bytes frame(std::uint8_t address, std::uint8_t command, ByteView data, std::uint8_t filler) {
  Bytes out{kStart, address, command, kDataSize};
  append(out, data.first(std::min(data.size(), kDataSize)));
  out.resize(kHeaderSize + kDataSize, filler);
  out.push_back(sum8(out));
  return out;
}

}  // namespace

Bytes request(std::uint8_t host, std::uint8_t command, ByteView data) {
  constexpr std::uint8_t kEdges = 0xAA;
  return frame(host, command, data, data.empty() ? kEdges : std::uint8_t{0});
}

Bytes answer(std::uint8_t id, std::uint8_t command, ByteView data) { return frame(id, command, data, 0); }

bool well_formed(ByteView frame) {
  return frame.size() == kFrameSize && frame[0] == kStart && frame[3] == kDataSize &&
         sum8(frame.first(kFrameSize - 1)) == frame[kFrameSize - 1];
}

Scan scan(ByteView request, ByteView buffer) {
  if (request.size() < kFrameSize) return Scan::drop(buffer.size(), Fault::foreign);
  const auto start = std::find(buffer.begin(), buffer.end(), kStart);
  if (start != buffer.begin()) return Scan::drop(static_cast<std::size_t>(start - buffer.begin()));
  if (buffer.size() > 3 && buffer[3] != kDataSize) return Scan::drop(1);
  if (buffer.size() < kFrameSize) return Scan::more(kFrameSize - buffer.size());
  const ByteView candidate = buffer.first(kFrameSize);
  // A torn frame is often followed at once by a good one (Louisvdw/dbus-serialbattery#165): step on by one byte.
  if (!well_formed(candidate)) return Scan::drop(1, Fault::crc);
  if (candidate[1] != answer_id(request[1]) || candidate[2] != request[2]) {
    return Scan::drop(kFrameSize, Fault::foreign);
  }
  return Scan::found(0, kFrameSize);
}

}  // namespace bms::daly::a5
