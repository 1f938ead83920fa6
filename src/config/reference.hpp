#pragma once

#include <string>

namespace bms::config {

/// config/config.ini: the lines a newcomer needs, then every key with default, unit and meaning, commented out. A line
/// that begins with `;` is a setting to switch on, one with `#` is an explanation.
std::string reference_ini();

/// The tables of docs/configuration.md: every section and key.
std::string reference_markdown();

}  // namespace bms::config
