// Renogy: any bytes as answers, and registers whose CRC is right whatever their content.
#include "modbus_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> renogy_drivers();
}

namespace {

using namespace bms;

constexpr std::uint8_t kAddress = 0x30;

Bytes request(ByteView input, std::size_t& at) {
  constexpr unsigned kFrom = 4990;
  return fuzz::read_registers(kAddress, kFrom + fuzz::next(input, at), input, at);
}

Bytes answer(ByteView request, ByteView content) { return fuzz::modbus_answer(kAddress, request, content); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      renogy_drivers().front(), {.address = kAddress, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
