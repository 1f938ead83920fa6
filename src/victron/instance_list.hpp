#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace bms::victron {

/// Device instances and names by device id in a small text file: what stays with a device where there is no
/// com.victronenergy.settings, and the copy of what that service said where there is one.
///
/// One line per device: `INSTANCE ID NAME`, the name to the end of the line. Lines that say nothing sensible are left
/// out.
class InstanceList {
 public:
  struct Entry {
    std::int32_t instance = 0;
    std::string custom_name;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// An empty path keeps the list in memory. A file that is not there yet is an empty list.
  explicit InstanceList(std::filesystem::path file);

  /// nullptr when the device is not known.
  [[nodiscard]] const Entry* find(std::string_view id) const;
  /// The device's entry; a new device gets the lowest instance from 1 that no other has.
  const Entry& reserve(std::string_view id);
  /// Remembers and, when something changed, writes the file (a new one that takes the place of the old).
  void set(std::string_view id, const Entry& entry);

 private:
  void save() const;

  std::filesystem::path file_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace bms::victron
