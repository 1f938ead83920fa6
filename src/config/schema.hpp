#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

/// The one table of everything config.ini may say: parsing, check-config, proposals, config/config.ini and
/// docs/configuration.md all come from it.
namespace bms::config {

/// Value of a key after its kind and range were checked.
struct Value {
  std::string_view text;
  double number = 0;
  unsigned whole = 0;
  bool flag = false;
  std::size_t choice = 0;  ///< position among the choices
  std::vector<unsigned> list;
};

/// One key of a section of type Owner.
template <class Owner>
struct Key {
  enum class Kind : std::uint8_t { text, boolean, number, whole, whole_list, choice };
  std::string_view name;
  Kind kind;
  std::string_view default_text;  ///< empty: there is none, the key is left out
  std::string_view unit;          ///< "s", "Ah"; empty: none
  double min;                     ///< of numbers
  double max;
  std::string_view allowed;  ///< choices as "a | b", or for texts what they must be
  std::string_view example;  ///< where there is no default
  std::string_view meaning;
  /// False: the value is not what `allowed` says.
  bool (*store)(Owner& owner, const Value& value);
};

/// A key of a section that is being read: its name and the way to its place.
struct Binding {
  std::string name;
  /// nullopt: stored. Otherwise what is allowed.
  std::function<std::optional<std::string>(std::string_view value)> set;
};

std::vector<Binding> bind(Daemon& daemon);
/// `info`: the driver, for its own keys; nullptr when not known: those of all `drivers` are taken.
std::vector<Binding> bind(Battery& battery, const DriverInfo* info, std::span<const DriverInfo> drivers);
std::vector<Binding> bind(Bank& bank);
std::vector<Binding> bind(limits::Config& limits);
std::vector<Binding> bind(Output& output);
std::vector<Binding> bind(Remote& remote);
std::vector<Binding> bind(Web& web);

/// What documentation says of one key.
struct KeyInfo {
  std::string name;
  std::string default_text;  ///< empty: none
  std::string unit;
  std::string allowed;
  std::string example;  ///< where there is no default
  std::string meaning;
};

struct SectionInfo {
  std::string name;     ///< "battery:NAME"
  std::string meaning;  ///< one sentence
  std::vector<KeyInfo> keys;
};

/// All sections with all keys (without the keys of single drivers), in the order of config/config.ini.
std::vector<SectionInfo> schema();

/// Section names without a name of their own ("daemon") and, with the colon, the others ("battery:").
std::span<const std::string_view> section_names();

/// Names that `[battery:NAME]` must not have: they mean something else where batteries are named.
bool reserved_name(std::string_view name);

}  // namespace bms::config
