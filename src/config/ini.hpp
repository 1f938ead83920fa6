#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bms::config {

/// `key = value` as it stands in the file, blanks and comments removed.
struct IniEntry {
  std::string key;
  std::string value;
  std::size_t line = 0;  ///< from 1
};

/// All entries under one `[name]` line. A section that is opened twice appears twice.
struct IniSection {
  std::string name;  ///< empty: entries before the first section
  std::size_t line = 0;
  std::vector<IniEntry> entries;
};

/// A line that is neither comment nor section nor `key = value`.
struct IniFault {
  std::size_t line = 0;
  std::string section;  ///< the section it stands in
  std::string text;     ///< the line, shortened and printable
  std::string reason;   ///< what is allowed
};

struct IniFile {
  std::vector<IniSection> sections;
  std::vector<IniFault> faults;
};

/// Reads INI text: `[section]`, `key = value` or `key: value`; comments begin with `;` or `#` at the start of a line,
/// or with `;` after a blank. Byte order mark, CR LF and indentation are accepted; a line is never continued. Every bad
/// line is reported, none stops the reading.
IniFile parse_ini(std::string_view text);

/// `text` with unprintable bytes as "\xNN" and cut at `limit` characters: for messages about hostile input.
std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace bms::config
