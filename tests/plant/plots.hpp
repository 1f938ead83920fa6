#pragma once

#include <filesystem>

namespace bms::bench {

/// Pictures of the closed loop of limit-engine chapter 15, our engine beside the usual Python driver's law: one for
/// each offset of the charger and head start of the highest cell, closed_loop_<offset>_<ahead>.svg in `folder`.
void plot_closed_loop(const std::filesystem::path& folder);

}  // namespace bms::bench
