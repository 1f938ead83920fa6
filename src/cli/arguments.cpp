#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <charconv>

#include "bms/driver.hpp"

namespace bms::cli {

std::optional<unsigned> parse_address(const std::string& text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const char* first = text.data() + (hex ? 2 : 0);
  const char* last = text.data() + text.size();
  unsigned value = 0;
  const auto [end, error] = std::from_chars(first, last, value, hex ? 16 : 10);
  if (error != std::errc() || end != last || value > 255) return std::nullopt;
  return value;
}

std::string unknown_driver(const std::string& name) {
  std::string text = fmt::format("--driver {}: must be one of", name);
  for (const auto& driver : drivers()) text += fmt::format(" {}", driver.name);
  return text;
}

}  // namespace bms::cli
