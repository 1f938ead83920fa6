// Any text as the JSON lines of `dbus-bms limits`: problems with the number of their line, or limits that are numbers.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "limits/replay.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  bms::limits::ReplayOptions options;
  options.until = 2;
  options.bank = true;
  const auto problems =
      bms::limits::replay(in, options, [](double t, const std::string&, const bms::limits::Limits& limits) {
        if (std::isnan(t) || std::isnan(limits.ccl.value_A) || std::isnan(limits.dcl.value_A)) std::abort();
      });
  for (const auto& problem : problems) {
    if (problem.message.empty()) std::abort();
  }
  return 0;
}
