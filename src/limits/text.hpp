#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

/// Small pieces of reading configuration text.
namespace bms::limits::text {

inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// A finite decimal number and nothing else.
inline std::optional<double> number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// yes/no, on/off, true/false, 1/0.
inline std::optional<bool> boolean(std::string_view text) {
  text = trim(text);
  for (const auto yes : {"yes", "on", "true", "1"}) {
    if (text == yes) return true;
  }
  for (const auto no : {"no", "off", "false", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

/// Takes the part before the next `separator` off the front of `rest`.
inline std::string_view next(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return trim(piece);
}

}  // namespace bms::limits::text
