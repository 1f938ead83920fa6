#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "victron/item_tree.hpp"

namespace bms::victron {

/// One path of a battery service, or one family of paths: "<n>" stands for a number.
struct PathInfo {
  std::string_view pattern;
  Format format;
  std::string_view meaning;  ///< one line for docs/dbus-paths.md
};

/// Every path this program may ever publish; anything else is a mistake, and a test says so.
std::span<const PathInfo> path_table();

/// The row a path belongs to; nullptr: not one of ours.
const PathInfo* path_info(std::string_view path);

/// docs/dbus-paths.md: the table for people. The file in the repository is compared with it.
std::string path_table_markdown();

/// Shown as /ProductId. Not assigned by Victron; outside Victron's own 0xA3xx and of the ids that systemcalc treats
/// specially (0xB004 to 0xB055), and not one of dbus-serialbattery (0xBA77) or dbus-aggregate-batteries (0xBA44).
inline constexpr std::int32_t kProductId = 0xBD05;

}  // namespace bms::victron
