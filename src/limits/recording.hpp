#pragma once

#include <istream>
#include <string>
#include <vector>

#include "limits/replay.hpp"

namespace bms::limits {

/// Whether `line`, the first one, says that a recording follows.
bool begins_recording(const std::string& line);

/// Replays the lines behind it. `number`: of the first line.
std::vector<ReplayProblem> replay_recording(std::istream& lines, std::size_t number, const ReplayOptions& options,
                                            const ReplaySink& sink);

}  // namespace bms::limits
