#pragma once

#include <cmath>
#include <optional>

#include "bms/reading.hpp"

namespace bms::renogy {

/// Compares the current with what it does to the remaining capacity: off by ten means the wrong scale.
class ScaleCheck {
 public:
  /// Current over change of capacity, too high or too low by far more than a factor of 3 could explain; nullopt: fine,
  /// or not known yet. `current_A` charging > 0, `remaining_Ah` from the same poll.
  enum class Verdict : std::uint8_t { too_small, too_large };
  std::optional<Verdict> add(TimePoint now, double current_A, double remaining_Ah) {
    constexpr auto kWindow = std::chrono::minutes(10);
    constexpr auto kGap = std::chrono::seconds(60);
    constexpr double kClear_Ah = 0.5;
    constexpr double kFactor = 3;
    if (!started_ || now - last_ > kGap) return start(now, remaining_Ah);
    charge_Ah_ += current_A * std::chrono::duration<double, std::ratio<3600>>(now - last_).count();
    last_ = now;
    const double moved_Ah = remaining_Ah - first_Ah_;
    if (now - begin_ < kWindow) return std::nullopt;
    const double charge_Ah = charge_Ah_;
    start(now, remaining_Ah);
    const bool same_way = moved_Ah * charge_Ah > 0;
    std::optional<Verdict> found;
    if (same_way && std::abs(moved_Ah) >= kClear_Ah && std::abs(moved_Ah) > kFactor * std::abs(charge_Ah)) {
      found = Verdict::too_small;
    } else if (same_way && std::abs(charge_Ah) >= kClear_Ah && std::abs(charge_Ah) > kFactor * std::abs(moved_Ah)) {
      found = Verdict::too_large;
    }
    // A capacity that the battery corrects in one step looks the same; it does not happen twice in a row.
    const bool confirmed = found && found == suspected_;
    suspected_ = confirmed ? std::nullopt : found;
    return confirmed ? found : std::nullopt;
  }

 private:
  std::optional<Verdict> start(TimePoint now, double remaining_Ah) {
    started_ = true;
    begin_ = last_ = now;
    first_Ah_ = remaining_Ah;
    charge_Ah_ = 0;
    return std::nullopt;
  }

  bool started_ = false;
  TimePoint begin_{};
  TimePoint last_{};
  double first_Ah_ = 0;
  double charge_Ah_ = 0;
  std::optional<Verdict> suspected_;
};

}  // namespace bms::renogy
