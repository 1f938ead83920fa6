#include "config/dsb_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/dsb_keys.hpp"
#include "config/ini.hpp"
#include "config/text.hpp"

namespace bms::config::dsb {
namespace {

/// Their parser takes keys in any case.
std::string present_name(std::string_view key) {
  std::string name(key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (const auto& alias : aliases()) {
    if (alias.former == name) return std::string(alias.name);
  }
  return name;
}

}  // namespace

std::string Entry::text() const { return fmt::format("{} = {}", printable(name), printable(value)); }

File::File(std::string_view text, Report& report) {
  const IniFile file = parse_ini(text);
  for (const auto& fault : file.faults) {
    report.wrong(fmt::format("line {}: {}: {}", fault.line, fault.text, fault.reason));
  }
  for (const auto& section : file.sections) {
    for (const auto& entry : section.entries) entries_[present_name(entry.key)] = {entry.key, entry.value};
  }
}

const Entry* File::find(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  used_.insert(found->first);
  return &found->second;
}

const Entry* File::find_value(std::string_view name) {
  const Entry* entry = find(name);
  return entry != nullptr && !entry->value.empty() ? entry : nullptr;
}

std::vector<std::pair<std::string, const Entry*>> File::unused() const {
  std::vector<std::pair<std::string, const Entry*>> rest;
  for (const auto& [name, entry] : entries_) {
    if (used_.count(name) == 0) rest.emplace_back(name, &entry);
  }
  return rest;
}

bool is_true(const Entry* entry, bool otherwise) {
  return entry == nullptr ? otherwise : text::boolean(entry->value).value_or(otherwise);
}

}  // namespace bms::config::dsb
