// Daren: any bytes as answers, and frames whose checks are right whatever their content.
#include "bms/ascii_frame.hpp"
#include "exchange_fuzz.hpp"

namespace bms {
std::vector<DriverInfo> daren_drivers();
}

namespace {

using namespace bms;

/// Answers made of the input: the question, then INFO.
void answers(Driver& driver, ByteView input, std::size_t at) {
  const std::pair<std::uint8_t, Bytes> questions[] = {
      {0x42, {1}},    {0x47, {1}},
      {0x4F, {}},     {0x51, {}},
      {0x83, {1, 1}}, {0xB0, {1, 1, 3, 0xFF, 0}},
      {0x42, {1}},    {0xB0, {1, 1, 4, 0xFF, 0}},
  };
  while (at < input.size()) {
    const auto& [command, operands] = questions[input[at++] % std::size(questions)];
    const ByteView data = fuzz::slice(input, at, 255);
    fuzz::search(driver, ascii::build({0x22, 1, 0x4A, command, operands}),
                 ascii::build({0x22, 1, 0x4A, 0, Bytes(data.begin(), data.end())}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DriverInfo info = daren_drivers().front();
  const ByteView input(data, size);
  if (input.empty()) return 0;
  const auto driver = info.make({.address = 1, .cells = {}, .capacity_Ah = {}, .settings = {}});
  std::size_t at = 1;
  if (input[0] % 3 == 0) {
    answers(*driver, input, at);
  } else if (input[0] % 3 == 1) {
    const ByteView request = fuzz::slice(input, at, 40);
    fuzz::search(*driver, request, Bytes(input.begin() + static_cast<std::ptrdiff_t>(at), input.end()));
  } else {
    fuzz::converse(*driver, driver->poll(TimePoint{}), input, at);
    fuzz::converse(*driver, driver->probe(), input, at);
  }
  return 0;
}
