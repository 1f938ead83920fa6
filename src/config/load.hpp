#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bms/driver.hpp"
#include "config/config.hpp"

namespace bms::config {

/// One thing that is wrong in a configuration file.
struct Problem {
  enum class Severity : std::uint8_t {
    fatal,   ///< the daemon does not start
    limits,  ///< it starts with built-in limits at 20 % and a configuration alarm (G11)
  };
  Severity severity = Severity::fatal;
  std::string file;
  std::size_t line = 0;  ///< from 1; 0: the file as a whole
  std::string section;   ///< "battery:rack"; empty: none
  std::string key;       ///< key, or "[section]" when the section itself is wrong; empty: the line or file
  std::string value;     ///< as written; empty: missing
  std::string allowed;   ///< what is allowed, or what is wrong
  std::string nearest;   ///< nearest valid spelling, empty when none is near

  /// FILE:LINE: key: value: what is allowed (did you mean "..."?)
  [[nodiscard]] std::string text() const;
};

struct Loaded {
  Config config;
  std::vector<Problem> problems;  ///< all of them, by line

  /// The daemon may start with `config`; wrong limits are then replaced already.
  [[nodiscard]] bool usable() const;
  [[nodiscard]] bool ok() const { return problems.empty(); }
};

/// What the reader of a configuration needs of it.
enum class Scope : std::uint8_t {
  daemon,       ///< everything; at least one battery
  limits_only,  ///< [limits*] and [bank]: `dbus-bms limits`; batteries may be absent, any [limits:NAME] is allowed
};

/// `drivers` are those that `driver =` may name, beside `auto` and `dbus`; usually bms::drivers().
Loaded load_file(const std::string& path, std::span<const DriverInfo> drivers, Scope scope = Scope::daemon);
/// `name` stands for the file in problems.
Loaded load_text(std::string_view text, std::string_view name, std::span<const DriverInfo> drivers,
                 Scope scope = Scope::daemon);

/// `dbus-bms check-config`: every problem on a line of its own. 0: nothing wrong, 1: something is.
int check(const std::string& path, std::span<const DriverInfo> drivers, std::ostream& out);

}  // namespace bms::config
