#pragma once

#include <vector>

#include "config/dsb_file.hpp"
#include "limits/config.hpp"

namespace bms::config::dsb {

/// A line of config.ini holds 197 characters; a value longer than this does not fit.
inline constexpr std::size_t kLongestValue = 170;

/// Settings of [limits] for what the file says. Together with the defaults they pass limits::validate().
std::vector<Setting> import_limits(File& file, Report& report);

}  // namespace bms::config::dsb
