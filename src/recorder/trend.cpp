#include "recorder/trend.hpp"

#include <algorithm>
#include <cmath>

namespace bms::recorder {
namespace {

constexpr std::int64_t kWidest_ms = 320000;
constexpr const char* kKeys[Trend::kCount] = {"voltage_V",  "current_A", "soc_pct", "min_cell_V",
                                              "max_cell_V", "cvl_V",     "ccl_A",   "dcl_A"};
constexpr double kGrid[Trend::kCount] = {100, 10, 10, 1000, 1000, 100, 10, 10};

}  // namespace

void Trend::join(Point& into, const Point& other) {
  for (std::size_t i = 0; i < kCount; ++i) {
    // Cells are shown by their extremes, everything else by its mean.
    if (i == min_cell || i == max_cell) {
      if (other.count[i] == 0) continue;
      const bool better = i == min_cell ? other.sum[i] < into.sum[i] : other.sum[i] > into.sum[i];
      if (into.count[i] == 0 || better) into.sum[i] = other.sum[i];
      into.count[i] = 1;
    } else {
      into.sum[i] += other.sum[i];
      into.count[i] += other.count[i];
    }
  }
}

void Trend::halve() {
  width_ms_ *= 2;
  std::vector<Point> fewer;
  for (Point& point : points_) {
    point.slot = point.slot >= 0 ? point.slot / 2 : (point.slot - 1) / 2;
    if (!fewer.empty() && fewer.back().slot == point.slot) {
      join(fewer.back(), point);
    } else {
      fewer.push_back(point);
    }
  }
  points_ = std::move(fewer);
}

void Trend::add(std::int64_t at_ms, const Reading* reading, const limits::Limits* limits,
                const std::optional<CellExtremes>& cells) {
  Point point;
  const auto set = [&point](Series series, const std::optional<double>& value) {
    if (!value || !std::isfinite(*value)) return;
    point.sum[series] = static_cast<float>(*value);
    point.count[series] = 1;
  };
  if (reading != nullptr) {
    set(voltage, reading->voltage_V ? reading->voltage_V : cell_sum(*reading));
    set(current, reading->current_A);
    set(soc, limits != nullptr && limits->soc_pct ? limits->soc_pct : reading->soc_pct);
  }
  if (cells) {
    set(min_cell, cells->min_V);
    set(max_cell, cells->max_V);
  }
  if (limits != nullptr && limits->started) {
    set(cvl, limits->cvl.value_V);
    set(ccl, limits->ccl.value_A);
    set(dcl, limits->dcl.value_A);
  }
  point.slot = at_ms / width_ms_;
  if (!points_.empty() && points_.back().slot >= point.slot) return join(points_.back(), point);
  if (points_.size() >= kMostPoints && width_ms_ < kWidest_ms) {
    halve();
    point.slot = at_ms / width_ms_;
    if (points_.back().slot >= point.slot) return join(points_.back(), point);
  }
  if (points_.size() >= kMostPoints) points_.erase(points_.begin());
  points_.push_back(point);
}

nlohmann::ordered_json Trend::to_json(std::int64_t now_ms) const {
  nlohmann::ordered_json out;
  auto& times = out["t"] = nlohmann::ordered_json::array();
  for (const Point& point : points_) {
    const std::int64_t middle_ms = std::min(point.slot * width_ms_ + width_ms_ / 2, now_ms);
    times.push_back(std::round(static_cast<double>(middle_ms - now_ms) / 1000));
  }
  for (std::size_t i = 0; i < kCount; ++i) {
    if (std::none_of(points_.begin(), points_.end(), [&](const Point& point) { return point.count[i] > 0; })) continue;
    auto& values = out[kKeys[i]] = nlohmann::ordered_json::array();
    for (const Point& point : points_) {
      if (point.count[i] == 0) {
        values.push_back(nullptr);
      } else {
        values.push_back(std::round(static_cast<double>(point.sum[i]) / point.count[i] * kGrid[i]) / kGrid[i]);
      }
    }
  }
  return out;
}

}  // namespace bms::recorder
