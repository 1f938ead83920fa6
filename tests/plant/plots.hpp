#pragma once

#include <filesystem>
#include <string>

namespace bms::bench {

/// The closed loop of limit-engine chapter 15, our engine beside the usual Python driver's law.
std::string closed_loop_svg(double offset_V, double ahead_pct);

/// Pictures of the closed loop of limit-engine chapter 15, our engine beside the usual Python driver's law: one for
/// each offset of the charger and head start of the highest cell, closed_loop_<offset>_<ahead>.svg in `folder`.
void plot_closed_loop(const std::filesystem::path& folder);

/// These and the default curves, <key>.svg: all pictures of docs/limits.md.
void draw_all(const std::filesystem::path& folder);

}  // namespace bms::bench
