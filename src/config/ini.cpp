#include "config/ini.hpp"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <cstring>

#include "config/text.hpp"

namespace bms::config {
namespace {

/// inih cuts section names and keys at 49 characters without a word.
constexpr std::size_t kLongestName = 49;
constexpr std::size_t kLongestLine = INI_MAX_LINE - 3;

/// Several times the longest sensible file; bounds the time that a hostile one can cost.
constexpr std::size_t kMostLines = 3000;

/// Without the comment that inih would remove: from a `;` behind a blank.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == ';' && text::is_blank(line[i - 1])) return text::trim(line.substr(0, i));
  }
  return line;
}

/// Feeds inih one line at a time. inih tells its handler neither line numbers nor empty sections, and reports only the
/// first bad line: all of that is found here.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  IniFile read() {
    ini_parse_stream(&Reader::next_line, this, &Reader::take_entry, this);
    close_line();
    return std::move(file_);
  }

 private:
  static char* next_line(char* buffer, int size, void* self) {
    return static_cast<Reader*>(self)->next(buffer, static_cast<std::size_t>(size));
  }

  static int take_entry(void* self, const char* /*section*/, const char* key, const char* value) {
    return static_cast<Reader*>(self)->entry(key, value) ? 1 : 0;
  }

  char* next(char* buffer, std::size_t size) {
    close_line();
    if (rest_.empty()) return nullptr;
    const auto end = rest_.find('\n');
    line_ = text::trim(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (++number_ > kMostLines) {
      refuse(fmt::format("at most {} lines in a file", kMostLines));
      return nullptr;
    }
    const std::string_view piece = acceptable_piece();
    const std::size_t length = std::min(piece.size(), size - 2);
    std::copy_n(piece.begin(), length, buffer);
    std::memcpy(buffer + length, "\n", 2);
    return buffer;
  }

  /// What inih shall see of the line; nothing when the line is a comment, a section or refused.
  std::string_view acceptable_piece() {
    if (line_.empty() || line_.front() == ';' || line_.front() == '#') return {};
    if (line_.find('\0') != std::string_view::npos) return refuse("a line of text; there are NUL bytes in it");
    const std::string_view piece = without_comment(line_);
    if (piece.front() == '[') return section(piece);
    if (piece.size() > kLongestLine) {
      return refuse(fmt::format("at most {} characters in a line, without its comment", kLongestLine));
    }
    if (!text::clean(piece)) return refuse("UTF-8 text without control characters; save the file as UTF-8");
    const auto key = text::trim(piece.substr(0, piece.find_first_of("=:")));
    if (key.size() > kLongestName) return refuse(fmt::format("a key of at most {} characters", kLongestName));
    expect_entry_ = true;
    return piece;
  }

  std::string_view section(std::string_view piece) {
    const auto close = piece.find(']');
    if (close == std::string_view::npos) return refuse("a section name ends with ]");
    if (close + 1 != piece.size()) return refuse("nothing may follow the ] of a section name");
    if (!text::clean(piece)) return refuse("UTF-8 text without control characters; save the file as UTF-8");
    const auto name = text::trim(piece.substr(1, close - 1));
    if (name.size() > kLongestName) {
      return refuse(fmt::format("a section name of at most {} characters", kLongestName));
    }
    if (name.empty()) return refuse("a section has a name");
    file_.sections.push_back({std::string(name), number_, {}});
    return {};
  }

  std::string_view refuse(std::string reason) {
    const std::string current = file_.sections.empty() ? std::string() : file_.sections.back().name;
    file_.faults.push_back({number_, current, printable(line_), std::move(reason)});
    return {};
  }

  bool entry(std::string_view key, std::string_view value) {
    if (key.empty()) return false;
    if (file_.sections.empty()) file_.sections.push_back({"", number_, {}});
    file_.sections.back().entries.push_back({std::string(key), std::string(value), number_});
    expect_entry_ = false;
    return true;
  }

  /// A line that inih got and did not hand to the handler was not `key = value`.
  void close_line() {
    if (expect_entry_) refuse("[section], key = value, or a comment that begins with ; or #");
    expect_entry_ = false;
  }

  std::string_view rest_;
  std::string_view line_;
  std::size_t number_ = 0;
  bool expect_entry_ = false;
  IniFile file_;
};

}  // namespace

IniFile parse_ini(std::string_view text) { return Reader(text).read(); }

std::string printable(std::string_view text, std::size_t limit) {
  const bool utf8 = text::clean(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool begins_character = (byte & 0xC0U) != 0x80U;
    if (out.size() >= limit && (begins_character || !utf8)) return out + "...";
    // Other bytes could play with the terminal, or be no UTF-8.
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace bms::config
