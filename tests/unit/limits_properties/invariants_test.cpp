// Invariants of limit-engine.md chapter 13 that hold in every single step: 1 to 4, 11b, 13 to 21, 29, 31, 32.
#include <gtest/gtest.h>

#include <cmath>

#include "limits/samples.hpp"
#include "limits/soc.hpp"
#include "world.hpp"

namespace bms::limits {
namespace {

/// What one current limit must have done since the step before.
struct Follower {
  double max_A;
  double out_A = 0;
  double last_at_target_s = 0;
  double fet_open_s = -1e9;

  void check(const Config& config, const CurrentLimit& limit, double dt_s, double run_s, bool first) {
    RC_ASSERT(std::isfinite(limit.exact_A));                          // 31
    RC_ASSERT(limit.value_A >= 0 && limit.value_A <= max_A + kTiny);  // 1
    RC_ASSERT(limit.exact_A <= limit.target_A + kTiny);               // 2
    if (!first) {
      RC_ASSERT(limit.exact_A <= out_A + config.recovery_rate_a_s * dt_s + kTiny);  // 13
      if (limit.exact_A > out_A + kTiny) {
        RC_ASSERT(run_s - last_at_target_s >= config.recovery_hold_s - kTiny);  // 13
      }
      if (out_A == 0 && limit.exact_A > 0) {
        RC_ASSERT(limit.target_A >= config.zero_exit_fraction * max_A - kTiny);  // 14
      }
      if (limit.target_A < out_A - kTiny) {
        RC_ASSERT(std::abs(limit.exact_A - limit.target_A) <= kTiny);  // 15
      }
      if (limit.frozen) {
        RC_ASSERT(limit.exact_A <= out_A + kTiny);  // 11
      }
    }
    if (limit.target_A <= limit.exact_A + kTiny) last_at_target_s = run_s;
    out_A = limit.exact_A;
    check_reasons(limit);
  }

  static void check_reasons(const CurrentLimit& limit) {  // 29
    RC_ASSERT(!limit.why.empty());
    RC_ASSERT(limit.why.front().value.has_value());
    double lowest = 1e9;
    for (const Cause& cause : limit.why) {
      RC_ASSERT(!cause.id.empty());
      if (!cause.value) continue;
      RC_ASSERT(std::isfinite(*cause.value));
      if (!cause.recovering) lowest = std::min(lowest, *cause.value);
    }
    RC_ASSERT(std::abs(lowest - limit.target_A) <= kTiny);
    if (limit.exact_A < limit.target_A - kTiny && !limit.why.front().recovering) {
      RC_ASSERT(limit.shaping != Shaping::direct);
    }
  }
};

bool hard_stop(const CurrentLimit& limit) {
  for (const Cause& cause : limit.why) {
    if (!cause.value || *cause.value > 0) continue;
    for (const auto soft : {id::kCellV, id::kTemp, id::kMosfet, id::kSoc, id::kSocFloor}) {
      if (cause.id == soft) goto next;
    }
    return true;
  next:;
  }
  return false;
}

/// Walks one script and asserts after every step.
class Walk {
 public:
  Walk(std::uint64_t seed) : config_(random_config(seed)), world_(seed) {
    charge_.max_A = config_.max_charge_a;
    discharge_.max_A = config_.max_discharge_a;
  }

  std::uint64_t run(const Script& script) {
    for (const auto event : script) {
      for (int left = world_.apply(event); left > 0; --left) step();
    }
    return steps_;
  }

 private:
  void step() {
    ++steps_;
    const State before = state_;
    const Input& input = world_.input();
    now_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(world_.step_s()));
    limits::step(config_, world_.device(), state_, input, now_, limits_);
    const double dt_s = state_.run_s - before.run_s;
    RC_ASSERT(std::isfinite(limits_.cvl.exact_V));  // 31
    if (!limits_.started) {
      RC_ASSERT(limits_.ccl.value_A == 0 && limits_.dcl.value_A == 0);
      return;
    }
    const bool first = !before.started || limits_.events.new_device;
    check_pre_alarm(first);
    charge_.check(config_, limits_.ccl, dt_s, state_.run_s, first);
    discharge_.check(config_, limits_.dcl, dt_s, state_.run_s, first);
    check_flags();
    check_voltage(before, first);
    check_soc(before, input);
    pre_alarm_ = limits_.pre_alarm;
    cvl_V_ = limits_.cvl.exact_V;
  }

  void check_pre_alarm(bool first) {  // 19
    if (limits_.pre_alarm && !pre_alarm_) pre_alarm_since_s_ = state_.run_s;
    const bool dropped = !first && discharge_.out_A > config_.prealarm_fraction * config_.max_discharge_a + kTiny &&
                         limits_.dcl.exact_A == 0;
    if (!dropped) return;
    const bool announced = limits_.pre_alarm && state_.run_s - pre_alarm_since_s_ >= config_.prealarm_s - kTiny;
    RC_ASSERT(announced || hard_stop(limits_.dcl));
  }

  void check_flags() {
    const Inputs& in = state_.inputs;
    const bool charge_open = in.charge_fet.known && !in.charge_fet.value;
    const bool discharge_open = in.discharge_fet.known && !in.discharge_fet.value;
    RC_ASSERT(limits_.allow_charge == !(limits_.ccl.value_A == 0 || charge_open));        // 16
    RC_ASSERT(limits_.allow_discharge == !(limits_.dcl.value_A == 0 || discharge_open));  // 16
    if (in.v_max >= config_.cell_v_hard) RC_ASSERT(limits_.ccl.value_A == 0);             // 17
    if (in.v_min <= config_.cell_v_hard_min) RC_ASSERT(limits_.dcl.value_A == 0);         // 17
    for (auto [open, follower, limit] :
         {std::tuple{charge_open, &charge_, &limits_.ccl}, {discharge_open, &discharge_, &limits_.dcl}}) {
      if (open) follower->fet_open_s = state_.run_s;
      // 18. The hold runs from the first step with the FET closed, one step after the last open one.
      if (state_.run_s - follower->fet_open_s < config_.recovery_hold_s - kTiny || open) RC_ASSERT(limit->value_A == 0);
    }
  }

  void check_voltage(const State& before, bool first) {
    const int n = state_.cells;
    const double cvl_V = limits_.cvl.exact_V;
    const Phases& phases = state_.phases;
    RC_ASSERT(cvl_V <= n * config_.cell_v_top + kTiny);  // 3
    if (state_.cap.value_V >= n * config_.cvl_floor_cell_v) RC_ASSERT(cvl_V >= n * config_.cvl_floor_cell_v - kTiny);
    if (phases.top != TopBalance::active && !phases.top_decay) {
      RC_ASSERT(cvl_V <= n * config_.cell_v_max + kTiny);  // 4
    }
    RC_ASSERT(state_.regulation.trim_V <= 0 && state_.enforcement.trim_V <= 0);  // 20
    RC_ASSERT(cvl_V <= phases.v_ph + kTiny);                                     // 20
    if (phases.phase == Phase::absorption) {                                     // 21
      RC_ASSERT(phases.absorbed_s <= config_.absorption_max_s + 10 || phases.top == TopBalance::active);
      if (phases.top == TopBalance::active && state_.freshness == Freshness::fresh) {
        const bool fresh = cell_freshness(config_, world_.device(), state_) == Freshness::fresh;
        RC_ASSERT(!fresh || state_.run_s - phases.top_since_s <= config_.top_timeout_s + 10);
      }
    }
    if (!first && (state_.freshness == Freshness::lost || state_.freshness == Freshness::stale)) {
      RC_ASSERT(cvl_V <= cvl_V_ + kTiny);  // 11
    }
    RC_ASSERT(!limits_.cvl.why.empty());
    double lowest = 1e9;
    for (const Cause& cause : limits_.cvl.why) lowest = std::min(lowest, cause.value.value_or(1e9));
    RC_ASSERT(std::abs(lowest - cvl_V) <= kTiny || cvl_V == n * config_.cvl_floor_cell_v);  // 29
    RC_ASSERT(before.clock_s <= state_.clock_s);
  }

  void check_soc(const State& before, const Input& input) {  // 32
    if (limits_.soc_pct) RC_ASSERT(*limits_.soc_pct >= 0 && *limits_.soc_pct <= 100);
    const auto& was = before.soc.counter_pct;
    const auto& is = state_.soc.counter_pct;
    if (!was || !is || limits_.events.soc_synchronised || input.set_soc_pct || limits_.events.new_device) return;
    if (state_.soc.emptied && !before.soc.emptied) return;
    const double gap_s = state_.soc.current_at_s - before.soc.current_at_s;
    const double current_A =
        std::max(std::abs(state_.soc.current_A), std::abs(before.soc.current_A)) + config_.soc_idle_a;
    RC_ASSERT(std::abs(*is - *was) <= current_A * gap_s / 36 / 100 + kTiny);
  }

  Config config_;
  World world_;
  State state_;
  Limits limits_;
  TimePoint now_{};
  Follower charge_{}, discharge_{};
  bool pre_alarm_ = false;
  double pre_alarm_since_s_ = 0;
  double cvl_V_ = 0;
  std::uint64_t steps_ = 0;
};

TEST(Invariants, OfEveryStep) {
  check_steps("invariants 1 to 4, 11, 13 to 21, 29, 31 and 32",
              [](std::uint64_t seed, const Script& script) { return Walk(seed).run(script); });
}

}  // namespace
}  // namespace bms::limits
