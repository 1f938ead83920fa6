// Any bytes as config.ini: the loader comes back with a valid configuration or with problems that fit on a line each.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bms/driver.hpp"
#include "config/load.hpp"
#include "config/text.hpp"
#include "limits/config.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scope = size % 4 == 0 ? bms::config::Scope::limits_only : bms::config::Scope::daemon;
  const auto loaded = bms::config::load_text(text, "fuzz.ini", bms::drivers(), scope);
  for (const auto& problem : loaded.problems) {
    const std::string line = problem.text();
    require(line.find('\n') == std::string::npos && bms::config::text::clean(line));
  }
  if (!loaded.usable()) return 0;
  require(scope == bms::config::Scope::limits_only || loaded.config.unit_count() > 0);
  require(bms::limits::validate(loaded.config.limits).empty());
  for (const auto& battery : loaded.config.batteries) {
    for (const auto& unit : battery.units) require(bms::limits::validate(unit.limits).empty());
  }
  return 0;
}
