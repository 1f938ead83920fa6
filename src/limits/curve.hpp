#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bms::limits {

/// How a curve is read between two of its points (C1).
enum class CurveMode : std::uint8_t {
  linear,  ///< interpolation
  step,    ///< the smaller of the two neighbouring fractions
};

/// A fraction of a configured maximum over a measured quantity. Empty: this constraint is off.
struct Curve {
  struct Point {
    double x;         ///< V, degC or %, as the curve is named
    double fraction;  ///< 0..1
    friend bool operator==(const Point&, const Point&) = default;
  };
  std::vector<Point> points;  ///< strictly ascending in x

  [[nodiscard]] bool off() const { return points.empty(); }
  /// C1. Outside the points the end values apply. Must not be off.
  [[nodiscard]] double at(double x, CurveMode mode) const;
  friend bool operator==(const Curve&, const Curve&) = default;
};

/// "3.45:1, 3.5:0.4"; "off" for an empty curve.
std::string to_text(const Curve& curve);

}  // namespace bms::limits
