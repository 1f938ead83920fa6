// Daly D2 and 81/51: any bytes as answers, and blocks whose CRC is right whatever their content.
#include "modbus_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daly_drivers();
}

namespace {

using namespace bms;

Bytes request(ByteView input, std::size_t& at) {
  const unsigned choice = fuzz::next(input, at);
  const unsigned first = (choice & 3U) << 8U | fuzz::next(input, at);
  return fuzz::read_registers((choice & 0x80U) != 0 ? 0xD2 : 0x81, first, input, at);
}

Bytes answer(ByteView request, ByteView content) {
  if (request.empty()) return {};
  return fuzz::modbus_answer(request[0] == 0xD2 ? std::uint8_t{0xD2} : std::uint8_t{0x51}, request, content);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      daly_drivers().back(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
