#pragma once

#include <string_view>

namespace bms::web {

/// The status page: HTML with its style and script inside, under 100 kB.
std::string_view page();

}  // namespace bms::web
