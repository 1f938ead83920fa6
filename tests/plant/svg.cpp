#include "plant/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bms::bench {
namespace {

constexpr double kWidth = 720, kLeft = 56, kRight = 12, kTop = 40, kPanel = 150, kGap = 34, kBottom = 28;

/// A distance of ticks that people count in: 1, 2 or 5 times a power of ten, for about five of them.
double tick(double span) {
  const double rough = span / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

struct Range {
  double low = 1e300, high = -1e300;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] double at(double value, double from, double to) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

std::string polyline(const Series& series, const Range& x, const Range& y, double top) {
  std::string points;
  for (const Point& point : series.points) {
    points += fmt::format("{:.1f},{:.1f} ", x.at(point.x, kLeft, kWidth - kRight), y.at(point.y, top + kPanel, top));
  }
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"{} points=\"{}\"/>\n", series.colour,
                     series.dashed ? " stroke-dasharray=\"4 3\"" : "", points);
}

std::string draw(const Panel& panel, const Range& x, double top) {
  Range y;
  for (const auto& series : panel.series) {
    for (const auto& point : series.points) y.add(point.y);
  }
  const double step = tick(std::max(1e-9, y.high - y.low));
  y = {std::floor(y.low / step) * step, std::ceil(y.high / step) * step};
  if (y.high <= y.low) y.high = y.low + step;
  std::string out =
      fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n", kLeft, top - 6, panel.title);
  for (double value = y.low; value <= y.high + step / 2; value += step) {
    const double at = y.at(value, top + kPanel, top);
    out += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>", kLeft,
                       kWidth - kRight, at, at);
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.{}f}</text>\n", kLeft - 6, at + 4, value,
                       panel.decimals);
  }
  double name_x = kWidth - kRight;
  for (auto series = panel.series.rbegin(); series != panel.series.rend(); ++series) {
    out += fmt::format("<text x=\"{:.0f}\" y=\"{}\" text-anchor=\"end\" fill=\"{}\">{}</text>\n", name_x, top - 6,
                       series->colour, series->name);
    name_x -= 7.0 * static_cast<double>(series->name.size()) + 14;
  }
  for (const auto& series : panel.series) out += polyline(series, x, y, top);
  return out;
}

}  // namespace

std::string svg(const std::string& title, const std::string& x_unit, const std::vector<Panel>& panels) {
  Range x;
  for (const auto& panel : panels) {
    for (const auto& series : panel.series) {
      for (const auto& point : series.points) x.add(point.x);
    }
  }
  const double bottom = kTop + 20 + static_cast<double>(panels.size()) * (kPanel + kGap) - kGap;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"11\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n<text x=\"{2}\" y=\"18\" font-size=\"13\" "
      "font-weight=\"bold\">{3}</text>\n",
      kWidth, bottom + kBottom, kLeft, title);
  double top = kTop + 20;
  for (const auto& panel : panels) {
    out += draw(panel, x, top);
    top += kPanel + kGap;
  }
  const double step = tick(x.high - x.low);
  for (double value = x.low; value <= x.high + step / 1000; value += step) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g} {}</text>\n",
                       x.at(value, kLeft, kWidth - kRight), bottom + 16, value, x_unit);
  }
  return out + "</svg>\n";
}

}  // namespace bms::bench
