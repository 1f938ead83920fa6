#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bms::bench {

/// Keys of the curves that docs/limits.md shows.
std::vector<std::string_view> drawn_curves();

/// The default of such a curve as SVG, of a curve that is off the one that is proposed: points and lines of the
/// engine's own configuration.
std::string curve_svg(std::string_view key);

}  // namespace bms::bench
