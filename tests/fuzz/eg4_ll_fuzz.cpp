// EG4 LL: any bytes as answers, and blocks of any registers with a right CRC.
#include "modbus_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> eg4_drivers();
}

namespace {

using namespace bms;

Bytes request(ByteView input, std::size_t& at) {
  constexpr unsigned kFirst[] = {0, 19, 45, 105, 113};
  const unsigned choice = fuzz::next(input, at);
  return fuzz::read_registers(1, choice < 200 ? kFirst[choice % std::size(kFirst)] : choice, input, at);
}

Bytes answer(ByteView request, ByteView content) { return fuzz::modbus_answer(1, request, content); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      eg4_drivers().back(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
