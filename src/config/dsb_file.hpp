#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/dsb_report.hpp"

namespace bms::config::dsb {

/// One line of their file.
struct Entry {
  std::string name;  ///< as written
  std::string value;
  /// "KEY = value", fit for a report.
  [[nodiscard]] std::string text() const;
};

/// One line of ours.
struct Setting {
  std::string key;
  std::string value;
  std::string from;  ///< Entry::text() of its origin; empty: none
};

/// A config.ini of dbus-serialbattery, by present names of keys. Remembers what was asked for.
class File {
 public:
  /// Lines that cannot be read are reported.
  File(std::string_view text, Report& report);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool has(std::string_view name) const { return entries_.count(name) != 0; }
  /// nullptr when the file does not say it.
  const Entry* find(std::string_view name);
  /// As find(), but also nullptr when nothing stands behind the `=`.
  const Entry* find_value(std::string_view name);
  /// Entries that nobody asked for, with their present names.
  [[nodiscard]] std::vector<std::pair<std::string, const Entry*>> unused() const;

 private:
  std::map<std::string, Entry, std::less<>> entries_;  ///< by name in upper case
  std::set<std::string, std::less<>> used_;
};

/// True/False of their file; `otherwise` when it is not there or neither.
bool is_true(const Entry* entry, bool otherwise);

}  // namespace bms::config::dsb
