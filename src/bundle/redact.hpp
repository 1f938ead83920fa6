#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bms::bundle {

/// Whether a key of a configuration names something nobody else may know: token, PIN, password.
bool is_secret_key(std::string_view key);

/// A configuration without its secrets, also those in lines that are commented out, and what they were. Any text is
/// fine, be it a configuration or not.
struct Redacted {
  std::string text;
  std::vector<std::string> secrets;
};
Redacted redact_config(const std::string& text);

/// `text` with every place where one of the secrets stands made unreadable.
std::string without(std::string text, const std::vector<std::string>& secrets);

}  // namespace bms::bundle
