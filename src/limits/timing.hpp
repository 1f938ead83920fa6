#pragma once

#include <algorithm>

namespace bms::limits {

inline constexpr double kEpsilon = 1e-6;
inline constexpr double kLongestStep_s = 10;  ///< G7
inline constexpr double kLongestGap_s = 600;  ///< L6, G8: nothing from before is trusted after that
inline constexpr double kDay_s = 86400;
inline constexpr double kMaxTime_s = 1e9;  ///< of recorded readings, either sign

/// Comparisons of measured values: equal within 1e-6 is equal (limit-engine chapter 1).
inline bool at_least(double a, double b) { return a >= b - kEpsilon; }
inline bool at_most(double a, double b) { return a <= b + kEpsilon; }
inline bool above(double a, double b) { return a > b + kEpsilon; }
inline bool below(double a, double b) { return a < b - kEpsilon; }

/// The engine's own time in one step. Nothing in the state is a point in time of the system.
struct Timing {
  double clock_s = 0;  ///< s since the state began, true time: ages
  double run_s = 0;    ///< s observed, a late step counts 10 s at most: holds and "in one piece"
  double dt_s = 0;     ///< 0..10 s, the part of run_s of this step
};

/// "Holds for so long in one piece": one interruption, and it starts anew.
struct Spell {
  bool running = false;
  double since_s = 0;

  bool held(bool condition, const Timing& time, double duration_s) {
    if (!condition) {
      running = false;
      return false;
    }
    if (!running) since_s = time.run_s;
    running = true;
    return at_least(time.run_s - since_s, duration_s);
  }
  void stop() { running = false; }
  [[nodiscard]] double remaining_s(const Timing& time, double duration_s) const {
    return running ? std::max(0.0, duration_s - (time.run_s - since_s)) : 0.0;
  }
};

}  // namespace bms::limits
