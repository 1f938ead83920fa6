// Any bytes as a file of the Store, and any text behind a right header: it is refused with a reason, or it is what was
// written.
#include <cstdint>
#include <cstdlib>

#include "store/record.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto any = bms::store::decode(text);
  require(any.wrong.empty() ? text.ends_with('\n' + any.body) : any.wrong.find('\n') == std::string::npos);

  const std::uint64_t sequence = std::uint64_t{data[0]} << (data[1] % 57U);
  const std::string body = text.substr(3);
  std::string file = bms::store::encode(body, sequence);
  const auto written = bms::store::decode(file);
  require(written.wrong.empty() && written.body == body && written.sequence == sequence);
  // One bit that fell over, anywhere behind the first word, is seen.
  const std::size_t place = data[2] * file.size() / 256;
  file[place] = static_cast<char>(file[place] ^ (1 << data[1] % 8U));
  const auto damaged = bms::store::decode(file);
  require(!damaged.wrong.empty() || (damaged.body == body && damaged.sequence == sequence));
  return 0;
}
