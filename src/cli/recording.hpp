#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bms::cli {

/// What running daemons recorded, one archive each. `problems`: sentences about those that did not answer. Throws
/// sdbus::Error when the bus cannot be reached.
struct Recordings {
  std::vector<std::string> archives;
  std::vector<std::string> problems;
};
Recordings read_recordings(const std::optional<std::string>& bus_address);

}  // namespace bms::cli
