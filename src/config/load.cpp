#include "config/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ostream>
#include <tl/expected.hpp>

#include "config/assemble.hpp"
#include "config/document.hpp"

namespace bms::config {
namespace {

/// Far beyond any sensible configuration; what is longer is something else (a log, /dev/zero).
constexpr std::size_t kLargestFile = 262144;

/// The text, or one sentence why not.
tl::expected<std::string, std::string> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (file < 0) return tl::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
  std::string text;
  std::array<char, 16384> piece{};
  ssize_t got = 0;
  do {
    got = ::read(file, piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  } while (text.size() <= kLargestFile && (got > 0 || (got < 0 && errno == EINTR)));
  const int error = errno;
  close(file);
  if (got < 0) return tl::unexpected(fmt::format("cannot be read: {}", std::strerror(error)));
  if (text.size() > kLargestFile) {
    return tl::unexpected(fmt::format("larger than {} kB, this is no configuration", kLargestFile / 1024));
  }
  return text;
}

}  // namespace

std::string Problem::text() const {
  std::string out = printable(file, 200);
  if (line != 0) out += fmt::format(":{}", line);
  if (!key.empty()) out += ": " + printable(key);
  if (!value.empty()) out += ": " + printable(value);
  out += ": " + allowed;
  if (!nearest.empty()) out += fmt::format("; did you mean {}?", printable(nearest));
  return out;
}

bool Loaded::usable() const {
  return std::none_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.severity == Problem::Severity::fatal; });
}

Loaded load_text(std::string_view text, std::string_view name, std::span<const DriverInfo> drivers, Scope scope) {
  Document document(text, name);
  Loaded loaded;
  loaded.config = assemble(document, drivers, scope);
  loaded.problems = document.take_problems();
  return loaded;
}

Loaded load_file(const std::string& path, std::span<const DriverInfo> drivers, Scope scope) {
  const auto text = read_file(path);
  if (text) return load_text(*text, path, drivers, scope);
  Loaded loaded;
  loaded.problems.push_back({Problem::Severity::fatal, path, 0, {}, {}, {}, text.error(), {}});
  return loaded;
}

int check(const std::string& path, std::span<const DriverInfo> drivers, std::ostream& out) {
  const Loaded loaded = load_file(path, drivers);
  for (const auto& problem : loaded.problems) out << problem.text() << '\n';
  return loaded.ok() ? 0 : 1;
}

}  // namespace bms::config
