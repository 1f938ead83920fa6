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
  constexpr std::size_t kMostData = 255;
  data = data.first(std::min(data.size(), kMostData));
  Bytes frame{start, 1, command, static_cast<std::uint8_t>(data.size())};
  append(frame, data);
  std::uint8_t exclusive = 0;
  for (const std::uint8_t byte : frame) exclusive ^= byte;
  frame.push_back(sum8(frame) ^ exclusive);
  frame.push_back(0x0D);
  return frame;
}

Bytes request(ByteView input, std::size_t& at) {
  constexpr std::uint8_t kCommands[] = {0x01, 0x33, 0x42, 0x06};
  const unsigned choice = fuzz::next(input, at);
  if (choice % 8 < 3) return binary(0x7E, kCommands[choice / 8 % 4], {});
  if (choice % 8 < 6) return binary(0x7C, kCommands[choice / 8 % 4], {});
  return ascii::build({0x20, 1, 0x4A, choice % 2 == 0 ? std::uint8_t{0x42} : std::uint8_t{0x44}, {}});
}

/// Both protocols begin with 7E; then the binary one has a small number, the other one a character.
Bytes answer(ByteView request, ByteView content) {
  if (request.size() < 3) return {};
  if (request[1] < '0') return binary(request[0], request[2], content);
  content = content.first(std::min(content.size(), ascii::kMostInfo));
  return ascii::build({0x20, 1, 0x4A, 0, Bytes(content.begin(), content.end())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      eg4_drivers().front(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
