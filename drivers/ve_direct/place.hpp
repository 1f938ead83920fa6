#pragma once

#include <optional>
#include <variant>

#include "bms/layout.hpp"
#include "bms/reading.hpp"

namespace bms::ve_direct {

/// A name in Reading::history.
struct HistoryName {
  std::string_view name;
};

/// Where a number of the device stands in a Reading. TEXT labels and HEX registers share these.
using Place =
    std::variant<std::optional<double> Reading::*, std::optional<std::int64_t> Reading::*, HistoryName, bms::ExtraName>;

/// Puts `value` there; nullopt takes an earlier value away (the device says "not available").
void store(const Place& place, Reading& reading, std::optional<double> value);
/// What stands there, for the simulated device.
std::optional<double> load(const Place& place, const Reading& reading);

}  // namespace bms::ve_direct
