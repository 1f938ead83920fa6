#pragma once

#include <string>
#include <vector>

namespace bms::bench {

struct Point {
  double x;
  double y;
};

/// One line of a picture.
struct Series {
  std::string name;
  std::string colour;  ///< "#06c"
  std::vector<Point> points;
  bool dashed = false;
};

/// One of several pictures above each other that share the x axis.
struct Panel {
  std::string title;
  std::vector<Series> series;
  int decimals = 2;  ///< of the labels at the y axis
};

/// The picture as SVG: axes with round numbers, a line for each series, their names on top.
std::string svg(const std::string& title, const std::string& x_unit, const std::vector<Panel>& panels);

}  // namespace bms::bench
