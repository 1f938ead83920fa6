// Daren: any bytes as answers, and frames whose checks are right whatever their content.
#include "bms/ascii_frame.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daren_drivers();
}

namespace {

using namespace bms;

Bytes request(ByteView input, std::size_t& at) {
  static const std::pair<std::uint8_t, Bytes> kQuestions[] = {
      {0x42, {1}},
      {0x47, {1}},
      {0x4F, {}},
      {0x51, {}},
      {0x83, {1, 1}},
      {0xB0, {1, 1, 3, 0xFF, 0}},
      {0xB0, {1, 1, 4, 0xFF, 0}},
  };
  const auto& [command, operands] = kQuestions[fuzz::next(input, at) % std::size(kQuestions)];
  return ascii::build({0x22, 1, 0x4A, command, operands});
}

Bytes answer(ByteView /*request*/, ByteView content) {
  content = content.first(std::min(content.size(), ascii::kMostInfo));
  return ascii::build({0x22, 1, 0x4A, 0, Bytes(content.begin(), content.end())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Family family{
      daren_drivers().front(), {.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}}, request, answer};
  return fuzz::exchanges(family, {data, size});
}
