// Invariants 5 to 10 of limit-engine.md chapter 13: same state, one input changed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace bms::limits {
namespace {

class Pairs {
 public:
  explicit Pairs(std::uint64_t seed) : config_(random_config(seed)), world_(seed) {
    world_.calm();
    config_.jump_temp_c = 200;  // the filter of jumps is another rule; here a change must arrive
  }

  std::uint64_t run(const Script& script) {
    for (const auto event : script) {
      for (int left = world_.apply(event); left > 0; --left) step(Dice(event * 31 + static_cast<std::uint64_t>(left)));
    }
    return steps_;
  }

 private:
  using Change = std::function<void(Reading&, Input&)>;

  /// The same step with one thing changed.
  void with(const Change& change) {
    State state = state_;
    Reading reading = *input_.reading;
    Input input = input_;
    input.reading = &reading;
    change(reading, input);
    limits::step(config_, world_.device(), state, input, now_, changed_);
  }

  void not_above(int invariant, double changed, double base) {
    if (changed > base + kTiny) RC_FAIL(fmt::format("invariant {}: {} is above {}", invariant, changed, base));
  }

  void step(Dice dice) {
    ++steps_;
    input_ = world_.input();
    now_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(world_.step_s()));
    State next = state_;
    limits::step(config_, world_.device(), next, input_, now_, base_);
    if (input_.reading != nullptr && state_.started && !input_.reading->cells_V.empty()) vary(dice);
    state_ = std::move(next);
  }

  void vary(Dice& dice) {
    const std::size_t cells = input_.reading->cells_V.size();
    const std::size_t any = dice.pick(cells);
    const double delta_V = dice.real(0.001, 0.3);
    std::size_t highest = 0;
    for (std::size_t i = 0; i < cells; ++i) {
      if (input_.reading->cells_V[i].value_or(0) > input_.reading->cells_V[highest].value_or(0)) highest = i;
    }
    const std::size_t raised = config_.cell_diff.off() ? any : highest;
    with([&](Reading& r, Input&) {  // 5
      if (r.cells_V[raised]) *r.cells_V[raised] += delta_V;
    });
    // A cell that keeps a charge from being complete also keeps the counter from 100 %, where a SoC curve is strictest.
    if (changed_.events.soc_synchronised == base_.events.soc_synchronised) {
      not_above(5, changed_.ccl.exact_A, base_.ccl.exact_A);
    }
    with([&](Reading& r, Input&) {  // 6
      if (r.cells_V[any]) *r.cells_V[any] -= delta_V;
    });
    not_above(6, changed_.dcl.exact_A, base_.dcl.exact_A);
    with([&](Reading& r, Input&) {  // 7
      if (r.cells_V[highest]) *r.cells_V[highest] += delta_V;
    });
    // A higher cell can keep the pack from being balanced or end float: then the phase decides otherwise, and V_ph
    // moves by at most one step of its ramps. The reference excepts only the start of a top-balance charge; float (V5)
    // and re-bulk by spread (V6b) need the same exception.
    const bool decided = changed_.phase != base_.phase || changed_.top_balance != base_.top_balance;
    if (!decided) not_above(7, changed_.cvl.exact_V, base_.cvl.exact_V);
    if (decided && changed_.top_balance == base_.top_balance) {
      not_above(7, changed_.cvl.exact_V, base_.cvl.exact_V + 10 * (config_.cvl_ramp_v_s + config_.float_ramp_v_s));
    }
    with([&](Reading& r, Input&) {  // 8
      if (r.temps_C.size() < 2 || !r.temps_C[1]) return;
      *r.temps_C[1] = *r.temps_C[1] >= 25 ? std::min(99.0, std::max(*r.temps_C[1], 40.0) + 100 * delta_V)
                                          : std::max(-39.0, std::min(*r.temps_C[1], 10.0) - 100 * delta_V);
    });
    not_above(8, changed_.ccl.exact_A, base_.ccl.exact_A);
    not_above(8, changed_.dcl.exact_A, base_.dcl.exact_A);
    vary_more(dice);
  }

  void vary_more(Dice& dice) {
    const double delta_pct = dice.real(0.1, 40);
    with([&](Reading& r, Input&) {  // 9
      if (r.soc_pct) r.soc_pct = std::min(100.0, *r.soc_pct + delta_pct);
    });
    not_above(9, changed_.ccl.exact_A, base_.ccl.exact_A);
    with([&](Reading& r, Input&) {  // 9
      if (r.soc_pct) r.soc_pct = std::max(0.0, *r.soc_pct - delta_pct);
    });
    not_above(9, changed_.dcl.exact_A, base_.dcl.exact_A);

    const double limit_A = dice.real(0, 100);
    const ExternalLimit stricter{"new", ExternalLimit::Source::user, limit_A, limit_A, 50.0, std::nullopt};
    const Change lower[] = {
        [&](Reading& r, Input&) {
          const Inputs& in = state_.inputs;
          const double charge_A = r.max_charge_current_A.value_or(in.charge_limit.known ? in.charge_limit.value : 1e4);
          r.max_charge_current_A = std::min(charge_A, limit_A);
          const double now_A = in.discharge_limit.known ? in.discharge_limit.value : 1e4;
          r.max_discharge_current_A = std::min(r.max_discharge_current_A.value_or(now_A), limit_A);
        },
        [&](Reading&, Input& input) { input.charge_off = input.discharge_off = true; },
        [&](Reading&, Input& input) {
          input.external = {&stricter, 1};
        },
    };
    for (std::size_t i = input_.external.empty() ? 0 : 1; i < std::size(lower); ++i) {  // 10
      if (i == 2 && !input_.external.empty()) continue;
      with(lower[i]);
      not_above(10, changed_.ccl.exact_A, base_.ccl.exact_A);
      not_above(10, changed_.dcl.exact_A, base_.dcl.exact_A);
      not_above(10, changed_.cvl.exact_V, base_.cvl.exact_V);
    }
  }

  Config config_;
  World world_;
  State state_;
  Limits base_, changed_;
  Input input_;
  TimePoint now_{};
  std::uint64_t steps_ = 0;
};

TEST(Invariants, OfOneChangedInput) {
  check_steps("invariants 5 to 10", [](std::uint64_t seed, const Script& script) { return Pairs(seed).run(script); });
}

}  // namespace
}  // namespace bms::limits
