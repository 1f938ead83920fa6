#include "plant/curves.hpp"

#include <fmt/format.h>

#include "limits/parameters.hpp"

namespace bms::bench {
namespace {

constexpr double kLeft = 44, kRight = 406, kTop = 28, kBottom = 176;

struct Picture {
  std::string_view key;
  std::string_view direction;
  std::string_view input;
};
constexpr Picture kPictures[] = {
    {"charge_cell_v", "charging", "highest cell, V"},
    {"discharge_cell_v", "discharging", "lowest cell, V"},
    {"charge_temp", "charging", "battery temperature, °C"},
    {"discharge_temp", "discharging", "battery temperature, °C"},
    {"charge_mosfet", "charging", "MOSFET temperature, °C"},
    {"discharge_mosfet", "discharging", "MOSFET temperature, °C"},
    {"charge_soc", "charging", "state of charge, %"},
    {"discharge_soc", "discharging", "state of charge, %"},
    {"cell_diff", "charging", "spread of the cells, V"},
};

struct Shown {
  limits::Curve curve;
  bool off = false;
};

Shown default_curve(const limits::Parameter& parameter) {
  limits::Config config;
  auto limits::Config::*const member = std::get<limits::Curve limits::Config::*>(parameter.member);
  const bool off = (config.*member).points.empty();
  if (off) parameter.set(config, parameter.suggestion);
  return {config.*member, off};
}

double height(double fraction) { return kBottom - fraction * (kBottom - kTop); }

/// Beyond its ends a curve goes on as it ends: a sixth of the picture shows it.
struct Axis {
  double low, high;
  explicit Axis(const limits::Curve& curve) : low(curve.points.front().x), high(curve.points.back().x) {
    const double margin = (high - low) / 4;
    low -= margin;
    high += margin;
  }
  [[nodiscard]] double at(double x) const { return kLeft + (x - low) / (high - low) * (kRight - kLeft); }
};

std::string grid() {
  std::string out;
  for (int percent = 0; percent <= 100; percent += 25) {
    const double y = height(percent / 100.0);
    out += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>", kLeft, kRight, y, y);
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{} %</text>\n", kLeft - 6, y + 4, percent);
  }
  return out;
}

/// Points with their numbers, where there is room for them.
std::string dots(const limits::Curve& curve, const Axis& axis) {
  constexpr double kRoom = 24;
  std::string out;
  double last = 0;
  for (const auto& point : curve.points) {
    const double x = axis.at(point.x);
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"#06c\"/>", x, height(point.fraction));
    if (x - last >= kRoom) {
      out += fmt::format("<text x=\"{:.1f}\" y=\"192\" text-anchor=\"middle\">{:g}</text>", x, point.x);
      last = x;
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::vector<std::string_view> drawn_curves() {
  std::vector<std::string_view> keys;
  for (const auto& picture : kPictures) keys.push_back(picture.key);
  return keys;
}

std::string curve_svg(std::string_view key) {
  const auto* parameter = limits::find_parameter(key);
  if (parameter == nullptr) return {};
  const auto [curve, off] = default_curve(*parameter);
  const Axis axis(curve);
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 420 220\" font-family=\"sans-serif\" font-size=\"11\">\n"
      "<rect width=\"420\" height=\"220\" fill=\"#fff\"/>\n";
  for (const auto& picture : kPictures) {
    if (picture.key != key) continue;
    out += fmt::format("<text x=\"{}\" y=\"16\" font-weight=\"bold\">{}: {}{}</text>\n", kLeft, key, picture.direction,
                       off ? " (off unless configured)" : "");
    out += fmt::format("<text x=\"{:.1f}\" y=\"212\" text-anchor=\"middle\">{}</text>\n", (kLeft + kRight) / 2,
                       picture.input);
  }
  out += grid() + dots(curve, axis) + "<polyline points=\"";
  out += fmt::format("{:.1f},{:.1f}", kLeft, height(curve.points.front().fraction));
  for (const auto& point : curve.points) out += fmt::format(" {:.1f},{:.1f}", axis.at(point.x), height(point.fraction));
  out += fmt::format(" {:.1f},{:.1f}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>\n</svg>\n", kRight,
                     height(curve.points.back().fraction));
  return out;
}

}  // namespace bms::bench
