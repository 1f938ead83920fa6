// Any text as the stored state of the limit engine: it is refused, or the engine runs on from it.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "limits/engine.hpp"
#include "limits/state_json.hpp"

namespace {

using namespace bms;

void require(bool condition) {
  if (!condition) std::abort();
}

void run_on(limits::State state) {
  limits::restart(state, 60.0);
  limits::Config config;
  Reading reading;
  reading.cells_V.assign(16, 3.3);
  reading.voltage_V = 52.8;
  reading.current_A = 10;
  reading.soc_pct = 50;
  limits::Input input;
  input.reading = &reading;
  limits::Limits out;
  limits::step(config, {}, state, input, TimePoint{} + std::chrono::seconds(1), out);
  require(!std::isnan(out.ccl.value_A) && !std::isnan(out.dcl.value_A) && out.ccl.value_A >= 0 && out.dcl.value_A >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return 0;
  if (const auto state = limits::state_from_json(document, TimePoint{})) {
    const auto written = limits::to_json(*state);
    const auto again = limits::state_from_json(written, TimePoint{});
    require(again && limits::to_json(*again) == written);
    run_on(*state);
  }
  if (const auto state = limits::bank_state_from_json(document, TimePoint{})) {
    const auto written = limits::to_json(*state);
    const auto again = limits::bank_state_from_json(written, TimePoint{});
    require(again && limits::to_json(*again) == written);
  }
  return 0;
}
