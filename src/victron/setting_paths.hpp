#pragma once

#include <span>
#include <string_view>

#include "victron/item_tree.hpp"

namespace bms::victron {

/// A writable item that stands for a key of config.ini.
struct SettingPath {
  std::string_view path;
  std::string_view key;       ///< of `[limits]`
  std::string_view bank_key;  ///< of `[bank]` where the bank's service means that; else `key`
  bool charging;              ///< only on services that carry the charge voltage
};

std::span<const SettingPath> setting_paths();
/// nullptr: no such setting.
const SettingPath* setting_path(std::string_view path);

/// The key that a setting of this service means.
constexpr std::string_view key_of(const SettingPath& setting, bool bank) {
  return bank && !setting.bank_key.empty() ? setting.bank_key : setting.key;
}

/// All keys of a service, for config::Overrides.
std::span<const std::string_view> setting_keys(bool bank);

/// How the item looks like; its range is that of the configuration's schema.
Format setting_format(const SettingPath& setting, bool bank);

}  // namespace bms::victron
