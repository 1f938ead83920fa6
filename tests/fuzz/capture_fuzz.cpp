// Any bytes as a capture: what is read can be written and read again, and problems name a line each.
#include <cstdint>
#include <cstdlib>

#include "capture/capture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto capture = bms::parse_capture({reinterpret_cast<const char*>(data), size}, "fuzz.cap");
  if (!capture) {
    if (!capture.error().starts_with("fuzz.cap:")) std::abort();
    return 0;
  }
  std::string text;
  for (const auto& line : capture->lines) {
    text += bms::format_capture_line(line.to_battery, line.bytes, line.seconds) + "\n";
  }
  const auto again = bms::parse_capture(text, "again.cap");
  if (!again || again->lines.size() != capture->lines.size()) std::abort();
  for (std::size_t i = 0; i < again->lines.size(); ++i) {
    if (again->lines[i].bytes != capture->lines[i].bytes) std::abort();
  }
  return 0;
}
