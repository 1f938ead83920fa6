#pragma once

#include <optional>
#include <string>

namespace bms::cli {

/// "3" or "0x03", at most 255; nullopt for anything else.
std::optional<unsigned> parse_address(const std::string& text);

/// "--driver x: must be one of ..."
std::string unknown_driver(const std::string& name);

}  // namespace bms::cli
