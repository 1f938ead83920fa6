#pragma once

#include <span>
#include <string_view>

/// The keys of dbus-serialbattery's config.ini and what becomes of them. Names, defaults and meanings from
/// mr-manuel/venus-os_dbus-serialbattery: dbus-serialbattery/config.default.ini, and its CHANGELOG for former names.
namespace bms::config::dsb {

/// Former names, still found in files of users.
struct Alias {
  std::string_view former;
  std::string_view name;
};
std::span<const Alias> aliases();

/// A number that becomes a key of [limits].
struct Number {
  std::string_view name;
  std::string_view ours;
  double factor;         ///< of units: minutes to seconds
  std::string_view off;  ///< what an empty or larger than allowed value ("to disable, set to 10") becomes
  enum class Careful : std::uint8_t { none, larger, smaller } careful;  ///< which counts when two keys become one
};
std::span<const Number> numbers();

/// Two lists that become one curve of [limits].
struct Table {
  std::string_view xs;
  std::string_view fractions;
  std::string_view default_xs;
  std::string_view default_fractions;
  std::string_view ours;
  std::string_view enable;  ///< True/False key of this limitation
  bool on_by_default;
  bool may_be_off;  ///< our curve can be switched off
};
std::span<const Table> tables();

/// A key without a counterpart, and what to say about it.
struct Remark {
  enum class Kind : std::uint8_t { differs, unsupported, not_needed };
  std::string_view name;
  Kind kind;
  std::string_view text;
  std::string_view harmless;  ///< value that needs no word; empty values never do
};
std::span<const Remark> remarks();

/// Names of BMS types and our drivers; empty: there is none.
struct Type {
  std::string_view name;
  std::string_view driver;
};
std::span<const Type> types();

/// A default that differs, told when the file does not set the key.
struct OtherDefault {
  std::string_view name;
  std::string_view theirs;
  std::string_view ours;  ///< key of [limits]
};
std::span<const OtherDefault> other_defaults();

}  // namespace bms::config::dsb
