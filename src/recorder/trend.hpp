#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "bms/reading.hpp"
#include "limits/output.hpp"

namespace bms::recorder {

/// The last day of a battery in a few hundred points, for plots. Points are 5 s apart at first; when there are 300 of
/// them, pairs become one, until they are 5 min 20 s apart and the oldest ones go.
class Trend {
 public:
  enum Series : std::uint8_t { voltage, current, soc, min_cell, max_cell, cvl, ccl, dcl, kCount };
  static constexpr std::size_t kMostPoints = 300;

  /// `limits` nullptr: a shunt.
  void add(std::int64_t at_ms, const Reading* reading, const limits::Limits* limits) {
    cells_ = reading != nullptr ? cell_extremes(*reading) : std::nullopt;
    add(at_ms, reading, limits, cells_);
  }
  /// A bank: `cells` are those of its batteries.
  void add(std::int64_t at_ms, const Reading* reading, const limits::Limits* limits,
           const std::optional<CellExtremes>& cells);
  /// Of what was added last.
  [[nodiscard]] const std::optional<CellExtremes>& cells() const { return cells_; }
  /// {"t": [s, 0 = now, negative], "voltage_V": [..], ...}, null where nothing is known; a series without any value is
  /// left out.
  [[nodiscard]] nlohmann::ordered_json to_json(std::int64_t now_ms) const;
  [[nodiscard]] std::size_t points() const { return points_.size(); }

 private:
  struct Point {
    std::int64_t slot = 0;  ///< time over width
    std::array<float, kCount> sum{};
    std::array<std::uint32_t, kCount> count{};
  };
  static void join(Point& into, const Point& other);
  void halve();

  std::int64_t width_ms_ = 5000;
  std::vector<Point> points_;
  std::optional<CellExtremes> cells_;
};

}  // namespace bms::recorder
