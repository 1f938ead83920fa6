#include "capture/capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bms {
namespace {

constexpr std::size_t kMostBytesOfFile = 64U << 20U;
constexpr std::size_t kMostBytesOfLine = 64U << 10U;
constexpr std::size_t kMostProblems = 20;
constexpr double kMostSeconds = 1e9;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Text from a hostile file as it may stand in a message: short and printable.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > 40 ? out + "..." : out;
}

template <class Number>
std::optional<Number> whole(std::string_view text, int base) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int> nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// "4E 57" or "4E57": pairs of digits, blanks between pairs.
tl::expected<Bytes, std::string> hex_bytes(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t') {
      ++i;
      continue;
    }
    const auto high = nibble(text[i]);
    if (!high) return tl::unexpected(fmt::format("'{}' is no hex digit", shown(text.substr(i, 1))));
    const auto low = i + 1 < text.size() ? nibble(text[i + 1]) : std::nullopt;
    if (!low) return tl::unexpected(fmt::format("'{}': a byte needs two hex digits", shown(text.substr(i, 2))));
    bytes.push_back(static_cast<std::uint8_t>(*high * 16 + *low));
    if (bytes.size() > kMostBytesOfLine) return tl::unexpected(std::string("more than 65536 bytes in one line"));
    i += 2;
  }
  if (bytes.empty()) return tl::unexpected(std::string("no bytes behind the direction"));
  return bytes;
}

class Parser {
 public:
  explicit Parser(std::string_view file) { capture_.file = file; }

  void line(std::string_view text) {
    ++line_;
    text = trimmed(text);
    if (text.starts_with("#!")) {
      header(trimmed(text.substr(2)));
    } else if (!text.empty() && text.front() != '#') {
      frame(text);
    }
  }

  [[nodiscard]] bool full() const { return problems_.size() >= kMostProblems; }

  tl::expected<Capture, std::string> result() && {
    if (problems_.empty()) return std::move(capture_);
    std::string all;
    for (const auto& problem : problems_) all += (all.empty() ? "" : "\n") + problem;
    return tl::unexpected(all);
  }

 private:
  void problem(std::string_view what) { problems_.push_back(fmt::format("{}:{}: {}", capture_.file, line_, what)); }

  void header(std::string_view text) {
    const auto colon = text.find(':');
    const auto key = trimmed(text.substr(0, colon));
    if (colon == std::string_view::npos || key.empty()) {
      return problem(fmt::format("'#! {}': a header is '#! key: value'", shown(text)));
    }
    const auto [at, fresh] = capture_.headers.emplace(key, trimmed(text.substr(colon + 1)));
    if (!fresh) problem(fmt::format("header '{}' stands here a second time", shown(at->first)));
  }

  void frame(std::string_view text) {
    CaptureLine line;
    line.line = line_;
    if (text.front() == '@') {
      const auto end = std::min(text.find_first_of(" \t"), text.size());
      line.seconds = decimal(text.substr(1, end - 1));
      if (!line.seconds || *line.seconds < 0 || *line.seconds > kMostSeconds) {
        return problem(fmt::format("'{}': a time is '@SECONDS', decimal, not negative", shown(text.substr(0, end))));
      }
      text = trimmed(text.substr(end));
    }
    if (text.empty() || (text.front() != '>' && text.front() != '<')) {
      return problem(fmt::format("'{}': a line is '> HEX', '< HEX', '# comment' or '#! key: value'", shown(text)));
    }
    line.to_battery = text.front() == '>';
    auto bytes = hex_bytes(text.substr(1, text.find('#') - 1));
    if (!bytes) return problem(bytes.error());
    line.bytes = std::move(*bytes);
    capture_.lines.push_back(std::move(line));
  }

  Capture capture_;
  std::vector<std::string> problems_;
  std::size_t line_ = 0;
};

}  // namespace

tl::expected<Capture, std::string> parse_capture(std::string_view text, std::string_view file) {
  Parser parser(file);
  while (!text.empty() && !parser.full()) {
    const auto end = text.find('\n');
    parser.line(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return std::move(parser).result();
}

tl::expected<Capture, std::string> load_capture(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (std::filesystem::is_directory(status)) return tl::unexpected(fmt::format("{}: is a directory", file));
  std::ifstream in(file, std::ios::binary);
  if (!in) return tl::unexpected(fmt::format("{}: cannot be read", file));
  std::string text;
  std::vector<char> block(64U << 10U);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMostBytesOfFile) return tl::unexpected(fmt::format("{}: is larger than 64 MB", file));
  }
  return parse_capture(text, file);
}

tl::expected<DriverOptions, std::string> capture_options(const Capture& capture, const DriverInfo& driver) {
  DriverOptions options;
  options.address = driver.address_default;
  for (const auto& [key, value] : capture.headers) {
    const auto wrong = [&, &name = key, &text = value](std::string_view allowed) {
      return tl::unexpected(fmt::format("{}: {}: {}: {}", capture.file, shown(name), shown(text), allowed));
    };
    if (key == "address") {
      const bool hex = value.starts_with("0x");
      const auto address = whole<unsigned>(std::string_view(value).substr(hex ? 2 : 0), hex ? 16 : 10);
      if (!address || *address > 0xFFFF) return wrong("must be an address, decimal or 0x..");
      options.address = *address;
    } else if (key == "cells") {
      options.cells = whole<int>(value, 10);
      if (!options.cells || *options.cells < 1 || *options.cells > 64) return wrong("must be 1 to 64");
    } else if (key == "capacity") {
      options.capacity_Ah = decimal(value);
      if (!options.capacity_Ah || *options.capacity_Ah <= 0) return wrong("must be a number of Ah above 0");
    } else if (std::any_of(driver.settings.begin(), driver.settings.end(),
                           [&, &name = key](const DriverSetting& setting) { return setting.key == name; })) {
      options.settings.emplace(key, value);
    }
  }
  return options;
}

std::string format_capture_line(bool to_battery, ByteView bytes, std::optional<double> seconds) {
  const std::string time = seconds ? fmt::format("@{:.3f} ", *seconds) : "";
  return fmt::format("{}{} {}", time, to_battery ? '>' : '<', to_hex(bytes));
}

}  // namespace bms
