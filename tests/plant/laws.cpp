#include <algorithm>
#include <memory>

#include "plant/plant.hpp"

namespace bms::limits {
namespace {

struct Engine {
  Config config;
  State state;
  Limits limits;

  Engine() { config.max_charge_a = config.max_discharge_a = 100; }
  Command step_at(const Reading& reading, int second) {
    Input input;
    input.reading = &reading;
    step(config, {}, state, input, TimePoint{std::chrono::seconds(second)}, limits);
    return {limits.cvl.exact_V, limits.ccl.value_A};
  }
};

}  // namespace

Law engine_law() {
  return [engine = std::make_shared<Engine>()](const Reading& reading, int second) {
    return engine->step_at(reading, second);
  };
}

Law peer_law() {
  struct Peer {
    Engine currents;
    double cvl_V = Plant::kCells * 3.450;
    int calm_s = 0;
  };
  return [peer = std::make_shared<Peer>()](const Reading& reading, int second) {
    constexpr double kCellMax_V = 3.450;
    constexpr double kTarget_V = Plant::kCells * kCellMax_V;
    constexpr int kHold_s = 60;
    constexpr double kRise_V = 0.001;
    double sum_V = 0;
    double excess_V = 0;
    for (const auto& cell : reading.cells_V) {
      sum_V += *cell;
      excess_V += std::max(0.0, *cell - kCellMax_V);
    }
    if (excess_V > 0) {
      peer->cvl_V = std::min(kTarget_V, sum_V - excess_V);
      peer->calm_s = 0;
    } else if (++peer->calm_s > kHold_s) {
      peer->cvl_V = std::min(kTarget_V, peer->cvl_V + kRise_V);
    }
    return Command{peer->cvl_V, peer->currents.step_at(reading, second).ccl_A};
  };
}

}  // namespace bms::limits
