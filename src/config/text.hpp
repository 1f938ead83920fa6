#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Reading values of configuration text. Everything not understood to its last character is nullopt.
namespace bms::config::text {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  ///< ASCII only

/// UTF-8 without control characters (a tab is none): what may go to a log, a terminal and D-Bus.
bool clean(std::string_view text);

/// Decimal number with a point; finite.
std::optional<double> number(std::string_view text);
/// Whole number, decimal or 0x..., not negative.
std::optional<unsigned> whole(std::string_view text);
/// yes/no, on/off, true/false, 1/0, in any case.
std::optional<bool> boolean(std::string_view text);
/// The pieces between commas, trimmed. Empty text: none; "1,,2" has an empty piece.
std::vector<std::string_view> list(std::string_view text);

/// The candidate with the fewest changed, inserted, left-out or swapped letters, case ignored; empty when all are
/// further away than a third of the word. The first of equals.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace bms::config::text
