// YD/T 1363 frames: any bytes, and frames whose checks are right whatever their INFO.
#include "bms/ascii_frame.hpp"

#include <algorithm>
#include <cstdlib>

using namespace bms;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (size < 5) return 0;
  const ascii::Frame frame{input[0], input[1], input[2], input[3],
                           Bytes(input.begin() + 4, input.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                        size, std::size_t{4} + ascii::kMostInfo)))};
  const Bytes wire = ascii::build(frame);
  const auto parsed = ascii::parse(wire);
  if (!parsed || parsed->info != frame.info || parsed->code != frame.code) std::abort();

  const Bytes request = ascii::build({0x22, 1, 0x4A, 0x42, {0x01}});
  Bytes buffer(input.begin(), input.end());
  append(buffer, wire);
  while (!buffer.empty()) {
    const Scan scan = ascii::scan_answer(request, buffer);
    if (scan.kind == Scan::Kind::need_more) {
      if (buffer.size() >= ascii::kOverhead + 2 * ascii::kMostInfo) std::abort();
      break;
    }
    const std::size_t end = scan.begin + scan.size;
    if (end == 0 || end > buffer.size()) std::abort();
    if (scan.kind == Scan::Kind::frame && !ascii::parse(ByteView(buffer).subspan(scan.begin, scan.size))) std::abort();
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return 0;
}
