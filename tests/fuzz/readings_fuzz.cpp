// Any text as the JSON lines of `dbus-bms limits`: problems with the number of their line, or limits that are numbers.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "limits/replay.hpp"

namespace {
/// Two times far apart ask for a million steps, which find nothing that the first ones do not.
constexpr int kMostLines = 500;
struct Enough {};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  bms::limits::ReplayOptions options;
  options.until = 2;
  options.bank = true;
  int lines = 0;
  const auto check = [&lines](double t, const std::string&, const bms::limits::Limits& limits) {
    if (std::isnan(t) || std::isnan(limits.ccl.value_A) || std::isnan(limits.dcl.value_A)) std::abort();
    if (++lines >= kMostLines) throw Enough{};
  };
  try {
    for (const auto& problem : bms::limits::replay(in, options, check)) {
      if (problem.message.empty()) std::abort();
    }
  } catch (const Enough&) {
    return 0;
  }
  return 0;
}
