// Any text as the stored history: it is refused with a reason, or it is written and read again unchanged, and goes on
// counting with numbers.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "history/json.hpp"

namespace {

using namespace bms;

void require(bool condition) {
  if (!condition) std::abort();
}

void go_on(history::State state) {
  Reading reading;
  reading.cells_V.assign(4, 3.3);
  reading.voltage_V = 13.2;
  reading.current_A = -10;
  reading.soc_pct = 50;
  history::restart(state, 60.0);
  history::step(state, {.elapsed_s = 1, .reading = &reading, .limits = nullptr, .capacity_Ah = 100, .unix_s = {}});
  for (std::size_t field = 0; field < history::kFieldCount; ++field) {
    const auto value = history::value(state, static_cast<history::Field>(field));
    require(!value || std::isfinite(*value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return 0;
  const auto state = history::from_json(document);
  if (!state) {
    require(!state.error().empty());
    return 0;
  }
  const auto written = history::to_json(*state);
  const auto again = history::from_json(nlohmann::json::parse(written.dump()));
  require(again && history::to_json(*again) == written);
  go_on(*state);
  return 0;
}
