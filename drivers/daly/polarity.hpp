#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace bms::daly {

/// What a board says of itself in its state byte.
enum class PackState : std::uint8_t { idle = 0, charging = 1, discharging = 2 };

/// The sign of a Daly current: both polarities are in the field, so the state byte decides (see
/// Louisvdw/dbus-serialbattery#65 and #1075 for boards on either side).
class Polarity {
 public:
  /// `above_is_charge`: what to believe until the state byte has told.
  explicit Polarity(bool above_is_charge) : above_is_charge_(above_is_charge) {}

  /// Current in tenths of an ampere, charging > 0, from the raw value (offset 30000) and the state byte.
  [[nodiscard]] int current(int raw, std::optional<PackState> state) const {
    const int above = raw - kZero;
    if (state == PackState::charging) return std::abs(above);
    if (state == PackState::discharging) return -std::abs(above);
    return above_is_charge_ ? above : -above;
  }

  /// Remembers the polarity that a pair of raw current and state reveals; small currents are too noisy to tell.
  void learn(int raw, PackState state) {
    constexpr int kClear = 10;  // 1 A
    if (state == PackState::idle || std::abs(raw - kZero) < kClear) return;
    above_is_charge_ = (raw > kZero) == (state == PackState::charging);
  }

  static constexpr int kZero = 30000;

 private:
  bool above_is_charge_;
};

}  // namespace bms::daly
