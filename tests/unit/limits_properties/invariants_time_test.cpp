// Invariants 11, 12, 22, 23, 24 and 30 of limit-engine.md chapter 13: two runs against each other, and long ones.
#include <gtest/gtest.h>

#include <cmath>

#include "limits/state_json.hpp"
#include "world.hpp"

namespace bms::limits {
namespace {

constexpr double kSame = 1e-6;

std::chrono::nanoseconds seconds(double s) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(s));
}

void same(const Limits& a, const Limits& b, double tolerance) {
  RC_ASSERT(std::abs(a.ccl.exact_A - b.ccl.exact_A) <= tolerance);
  RC_ASSERT(std::abs(a.dcl.exact_A - b.dcl.exact_A) <= tolerance);
  RC_ASSERT(std::abs(a.ccl.target_A - b.ccl.target_A) <= tolerance);
  RC_ASSERT(std::abs(a.dcl.target_A - b.dcl.target_A) <= tolerance);
  RC_ASSERT(std::abs(a.cvl.exact_V - b.cvl.exact_V) <= tolerance);
  RC_ASSERT(a.phase == b.phase);
  RC_ASSERT(a.top_balance == b.top_balance);
  RC_ASSERT(a.allow_charge == b.allow_charge);
  RC_ASSERT(a.allow_discharge == b.allow_discharge);
  RC_ASSERT(a.pre_alarm == b.pre_alarm);
  RC_ASSERT(a.alarms == b.alarms);
}

TEST(Invariants, DroppedSampleIsARepeatedOne) {  // 11
  check_steps("invariant 11", [](std::uint64_t seed, const Script& script) {
    Config config = random_config(seed);
    config.jump_temp_c = 200;            // a sample that repeats a jump confirms it: another rule
    config.soc_source = SocSource::bms;  // the trapezoid over a gap is not the sum of its steps when the current moves
    World world(seed);
    world.calm();
    State every, some;
    Limits all, fewer;
    TimePoint now{};
    std::uint64_t steps = 0;
    for (const auto event : script) {
      Dice dice(event ^ 0x5555);
      double since_s = 0;
      bool repeats = false;
      for (int left = world.apply(event); left > 0; --left, ++steps) {
        Input input = world.input();
        const double step_s = world.step_s();
        now += seconds(step_s);
        limits::step(config, world.device(), every, input, now, all);
        since_s += step_s;
        // Only what was sent before can be dropped. The last one before a change is delivered, or what stops arriving
        // then would be older in one of the runs.
        if (repeats && left > 1 && since_s < config.stale_s && dice.chance(2)) {
          input.reading = nullptr;
        } else {
          since_s = 0;
        }
        limits::step(config, world.device(), some, input, now, fewer);
        same(all, fewer, kSame);
        repeats = true;
      }
    }
    return steps;
  });
}

TEST(Invariants, TimeShiftChangesNothing) {  // 23
  check_steps("invariant 23", [](std::uint64_t seed, const Script& script) {
    const Config config = random_config(seed);
    World world(seed);
    State here, there;
    Limits now_limits, then_limits;
    TimePoint now{};
    const auto shift = std::chrono::hours(static_cast<int>(seed % 1000000));
    std::uint64_t steps = 0;
    for (const auto event : script) {
      for (int left = world.apply(event); left > 0; --left, ++steps) {
        const Input& input = world.input();
        now += seconds(world.step_s());
        limits::step(config, world.device(), here, input, now, now_limits);
        limits::step(config, world.device(), there, input, now + shift, then_limits);
        same(now_limits, then_limits, 0);
      }
    }
    return steps;
  });
}

TEST(Invariants, RestoredStateGoesOnAsIfNothingHappened) {  // 30
  check_steps("invariant 30", [](std::uint64_t seed, const Script& script) {
    const Config config = random_config(seed);
    World world(seed);
    State live, stored;
    Limits a, b;
    TimePoint now{};
    std::uint64_t steps = 0;
    for (const auto event : script) {
      const auto restored = state_from_json(nlohmann::json::parse(to_json(stored).dump()), now);
      RC_ASSERT(restored.has_value());
      stored = *restored;
      for (int left = world.apply(event); left > 0; --left, ++steps) {
        const Input& input = world.input();
        now += seconds(world.step_s());
        limits::step(config, world.device(), live, input, now, a);
        limits::step(config, world.device(), stored, input, now, b);
        same(a, b, 0);
        RC_ASSERT(a.ccl.why.front().text() == b.ccl.why.front().text());
      }
    }
    return steps;
  });
}

/// Takes one quantity out of a sample.
void remove(Reading& reading, std::uint64_t which) {
  switch (which) {
    case 0:
      return reading.cells_V.clear();
    case 1:
      return reading.temps_C[1].reset();
    case 2:
      return reading.mos_temp_C.reset();
    case 3:
      return reading.soc_pct.reset();
    case 4:
      return reading.alarms.reset();
    case 5:
      return reading.charge_fet.reset();
    case 6:
      return reading.discharge_fet.reset();
    case 7:
      return reading.max_charge_current_A.reset();
    case 8:
      return reading.current_A.reset();
    default:
      return reading.cells_V.front().reset();
  }
}

/// Copies one quantity.
void copy(Reading& to, const Reading& from, std::uint64_t which) {
  if (which == 0) to.cells_V = from.cells_V;
  if (which == 1) to.temps_C[1] = from.temps_C[1];
  if (which == 2) to.mos_temp_C = from.mos_temp_C;
  if (which == 3) to.soc_pct = from.soc_pct;
  if (which == 4) to.alarms = from.alarms;
  if (which == 5) to.charge_fet = from.charge_fet;
  if (which == 6) to.discharge_fet = from.discharge_fet;
  if (which == 7) to.max_charge_current_A = from.max_charge_current_A;
  if (which == 8) to.current_A = from.current_A;
  if (which >= 9) to.cells_V.front() = from.cells_V.front();
}

/// The newest value of each quantity that arrived: a sample may lack some of them.
void arrive(Reading& known, const Reading& sample) {
  const auto newer = [](auto& to, const auto& from) {
    if (from) to = from;
  };
  for (std::size_t i = 0; i < sample.cells_V.size(); ++i) newer(known.cells_V[i], sample.cells_V[i]);
  newer(known.temps_C[1], sample.temps_C[1]);
  newer(known.mos_temp_C, sample.mos_temp_C);
  newer(known.soc_pct, sample.soc_pct);
  newer(known.alarms, sample.alarms);
  newer(known.charge_fet, sample.charge_fet);
  newer(known.discharge_fet, sample.discharge_fet);
  newer(known.max_charge_current_A, sample.max_charge_current_A);
  newer(known.current_A, sample.current_A);
}

TEST(Invariants, RemovedInputNeverAllowsMoreThanAFrozenOne) {  // 12
  check_steps("invariant 12", [](std::uint64_t seed, const Script& script) {
    Config config = random_config(seed);
    config.jump_temp_c = 200;
    config.soc_source = SocSource::bms;
    World world(seed);
    world.calm();
    State removed, frozen;
    Limits less, more;
    TimePoint now{};
    std::uint64_t steps = 0;
    const std::uint64_t which = script.front() % 10;
    Reading seen;  // by both runs
    seen.cells_V.resize(world.reading().cells_V.size());
    seen.temps_C.resize(world.reading().temps_C.size());
    bool cutting = false;
    for (const auto event : script) {
      for (int left = world.apply(event); left > 0; --left, ++steps) {
        Input input = world.input();
        now += seconds(world.step_s());
        cutting = cutting || (steps >= 50 && removed.started);
        Reading reading;
        Input cut = input;
        if (cutting && input.reading != nullptr) {
          // Everything else arrives in both runs.
          Reading whole = world.reading();
          reading = whole;
          remove(reading, which);
          copy(whole, seen, which);
          cut.reading = &reading;
          input.reading = &whole;
          limits::step(config, world.device(), removed, cut, now, less);
          limits::step(config, world.device(), frozen, input, now, more);
        } else {
          if (input.reading != nullptr) arrive(seen, *input.reading);
          limits::step(config, world.device(), removed, cut, now, less);
          limits::step(config, world.device(), frozen, input, now, more);
        }
        RC_ASSERT(less.ccl.target_A <= more.ccl.target_A + kSame);
        RC_ASSERT(less.dcl.target_A <= more.dcl.target_A + kSame);
      }
    }
    return steps;
  });
}

TEST(Invariants, ConstantInputsComeToRest) {  // 22
  check_steps(
      "invariant 22",
      [](std::uint64_t seed, const Script& script) {
        Dice dice(seed);
        Config config;
        World world(0);
        for (const auto event : script) world.apply(event);
        world.set_link(true);
        const double level = dice.pick(3) == 0 ? 3.447 : dice.real(2.8, 3.6);
        for (auto& cell : world.reading().cells_V) cell = level;
        if (dice.chance(2)) *world.reading().cells_V[0] = dice.real(2.8, 3.6);
        const Reading reading = world.reading();
        Input input;
        input.reading = &reading;
        State state;
        Limits limits, before;
        TimePoint now{};
        constexpr double kStep_s = 10;
        constexpr int kSteps = 8640;  // a day
        int changes = 0;
        double phase_since_s = 0;
        for (int i = 0; i < kSteps; ++i) {
          now += seconds(kStep_s);
          limits::step(config, world.device(), state, input, now, limits);
          const double t_s = i * kStep_s;
          if (limits.phase != before.phase && i > 0) {
            ++changes;
            phase_since_s = t_s;
          }
          if (t_s > 600 && limits.started) {
            RC_ASSERT(limits.ccl.exact_A == before.ccl.exact_A);
            RC_ASSERT(limits.dcl.exact_A == before.dcl.exact_A);
          }
          const double over_V = state.inputs.v_max - (config.cell_v_max + config.reg_deadband_v);
          const bool regulating = over_V > 0 && over_V < 0.01;  // comes to rest as well, but slower than a phase lasts
          if (t_s - phase_since_s > 7200 && !regulating) {
            RC_ASSERT(std::abs(limits.cvl.exact_V - before.cvl.exact_V) < 1e-9);
          }
          before = limits;
        }
        RC_ASSERT(changes <= 24);
        return static_cast<std::uint64_t>(kSteps);
      },
      20);
}

/// One piecewise constant input, changing every 60 s, stepped at another rate.
struct Paced {
  double step_s;
  State state = {};
  Limits limits = {};
};

TEST(Invariants, PollRateMakesNoDifference) {  // 24
  check_steps("invariant 24", [](std::uint64_t seed, const Script& script) {
    Dice dice(seed);
    Config config;
    config.max_charge_a = config.max_discharge_a = 100;
    config.absorption_s = 1e6;  // phases are counted in true time; their own steps would hide what is looked at here
    config.enforce_enable = false;
    Paced runs[] = {{1}, {2}, {5}};
    World world(0);
    Reading reading = world.reading();
    reading.current_A = 30;
    Input input;
    input.reading = &reading;
    std::uint64_t steps = 0;
    double trim_allowed_V = 0;
    constexpr double kSpan_s = 60;
    for (std::size_t span = 0; span < script.size() / 8; ++span) {
      const double level = 3.30 + 0.01 * static_cast<double>(dice.pick(15));
      const double odd = dice.chance(2) ? 3.46 + 0.01 * static_cast<double>(dice.pick(8)) : level;
      for (auto& cell : reading.cells_V) cell = level;
      *reading.cells_V[0] = odd;
      const double over_V = std::max(level, odd) - 3.46;
      const double gain = config.ki_per_cell * 16;
      trim_allowed_V += over_V > 0 ? gain * over_V * 5 + config.trim_ramp_v_s * 5 : config.trim_ramp_v_s * 5;
      for (double at_s = 10; at_s <= kSpan_s; at_s += 10) {
        for (Paced& run : runs) {
          for (double part_s = run.step_s; part_s <= 10; part_s += run.step_s, ++steps) {
            const double t_s = static_cast<double>(span) * kSpan_s + at_s - 10 + part_s;
            limits::step(config, world.device(), run.state, input, TimePoint{seconds(t_s)}, run.limits);
          }
        }
        for (const Paced& run : {runs[1], runs[2]}) {
          const bool ramp = run.limits.ccl.shaping == Shaping::ramp || runs[0].limits.ccl.shaping == Shaping::ramp;
          const double allowed_A =
              ramp || run.limits.ccl.shaping != runs[0].limits.ccl.shaping ? config.recovery_rate_a_s * 5 : kSame;
          const double apart_A = std::abs(run.limits.ccl.exact_A - runs[0].limits.ccl.exact_A);
          RC_ASSERT(apart_A <= config.recovery_rate_a_s * 5 + kSame);
          RC_ASSERT(apart_A <= allowed_A || run.limits.ccl.exact_A < run.limits.ccl.target_A);
          RC_ASSERT(std::abs(run.state.regulation.trim_V - runs[0].state.regulation.trim_V) <= trim_allowed_V + kSame);
        }
      }
    }
    return steps;
  });
}

}  // namespace
}  // namespace bms::limits
