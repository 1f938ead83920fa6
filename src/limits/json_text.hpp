#pragma once

#include <optional>
#include <string>

#include "limits/output.hpp"

namespace bms::limits {

/// to_json() without its time, as text and at a tenth of its cost: batteries are polled meanwhile. A test compares the
/// two. `most_acting`: of each limit only so many constraints, and only those that act; absent: all of them.
std::string json_text(const Limits& limits, std::optional<std::size_t> most_acting = std::nullopt);

}  // namespace bms::limits
