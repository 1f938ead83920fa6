#include "limits/curve.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bms::limits {

double Curve::at(double x, CurveMode mode) const {
  if (x <= points.front().x) return points.front().fraction;
  if (x >= points.back().x) return points.back().fraction;
  std::size_t right = 1;
  while (points[right].x < x) ++right;
  const Point& above = points[right];
  const Point& below = points[right - 1];
  if (above.x == x) return above.fraction;
  if (mode == CurveMode::step) return std::min(below.fraction, above.fraction);
  const double share = (x - below.x) / (above.x - below.x);
  return below.fraction + (above.fraction - below.fraction) * share;
}

std::string to_text(const Curve& curve) {
  if (curve.off()) return "off";
  std::string text;
  for (const auto& point : curve.points) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ", ", point.x, point.fraction);
  }
  return text;
}

}  // namespace bms::limits
