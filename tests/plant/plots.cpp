#include "plant/plots.hpp"

#include <fmt/format.h>

#include <fstream>

#include "plant/curves.hpp"
#include "plant/plant.hpp"
#include "plant/svg.hpp"

namespace bms::bench {
namespace {

constexpr const char* kOurs = "#06c";
constexpr const char* kPeers = "#c40";
constexpr std::size_t kEvery_s = 30;

Series series(const std::string& name, const char* colour, const std::vector<limits::Moment>& course,
              double limits::Moment::*value, bool dashed = false) {
  Series out{name, colour, {}, dashed};
  for (std::size_t t = 0; t < course.size(); t += kEvery_s) {
    out.points.push_back({static_cast<double>(t) / 3600, course[t].*value});
  }
  return out;
}

}  // namespace

std::string closed_loop_svg(double offset_V, double ahead_pct) {
  using limits::Moment;
  std::vector<Moment> ours;
  std::vector<Moment> peers;
  limits::run_plant(ahead_pct, offset_V, limits::engine_law(), &ours);
  limits::run_plant(ahead_pct, offset_V, limits::peer_law(), &peers);
  return svg(
      fmt::format("Charger {:+.1f} V off, highest cell {:.1f} % ahead", offset_V, ahead_pct), "h",
      {{"CVL (V)",
        {series("usual Python driver", kPeers, peers, &Moment::cvl_V), series("dbus-bms", kOurs, ours, &Moment::cvl_V)},
        1},
       {"highest and lowest cell (V)",
        {series("usual Python driver", kPeers, peers, &Moment::highest_V),
         series("lowest", kPeers, peers, &Moment::lowest_V, true), series("dbus-bms", kOurs, ours, &Moment::highest_V),
         series("lowest", kOurs, ours, &Moment::lowest_V, true)},
        2},
       {"charge current (A)",
        {series("usual Python driver", kPeers, peers, &Moment::current_A),
         series("dbus-bms", kOurs, ours, &Moment::current_A)},
        0}});
}

void plot_closed_loop(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const double offset_V : {-0.2, 0.0, 0.2}) {
    for (const double ahead_pct : {0.5, 1.5}) {
      std::ofstream(folder / fmt::format("closed_loop_{:+.1f}_{:.1f}.svg", offset_V, ahead_pct))
          << closed_loop_svg(offset_V, ahead_pct);
    }
  }
}

void draw_all(const std::filesystem::path& folder) {
  plot_closed_loop(folder);
  for (const auto key : drawn_curves()) std::ofstream(folder / fmt::format("{}.svg", key)) << curve_svg(key);
}

}  // namespace bms::bench
