#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/ini.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"

namespace bms::config {

/// A configuration file while it is being understood: its sections by name, and everything found wrong so far.
class Document {
 public:
  /// All entries of one section name, also when it was opened twice.
  struct Group {
    std::string name;
    std::size_t line = 0;
    std::vector<IniEntry> entries;

    [[nodiscard]] const IniEntry* find(std::string_view key) const;
    /// "rack" of "battery:rack"; empty without a colon.
    [[nodiscard]] std::string_view suffix() const;
  };

  /// Bad lines, unknown, repeated and unnamed sections are reported at once.
  Document(std::string_view text, std::string_view file);

  [[nodiscard]] const Group* find(std::string_view name) const;
  /// All of "battery:" in the order of the file.
  [[nodiscard]] std::vector<const Group*> with_prefix(std::string_view prefix) const;

  /// Stores what the section says; unknown and repeated keys and wrong values are reported.
  void read(const Group& group, const std::vector<Binding>& bindings);

  /// At the line of `key` with the value given there, or at the section's line when the key is missing.
  void report(const Group& group, std::string_view key, std::string allowed, std::string_view nearest = {});
  /// At the section's line.
  void report_section(const Group& group, std::string allowed, std::string_view nearest = {});
  /// The file as a whole.
  void report_file(std::string allowed);

  /// A problem of class `limits` was reported for the section of this name, or for one that may have been meant as a
  /// section of limits ("limits").
  [[nodiscard]] bool limits_wrong(std::string_view section) const;

  /// By line; the document keeps none.
  std::vector<Problem> take_problems();

 private:
  void add(Problem problem);
  void collect(IniSection&& section);
  void check_name(const Group& group);

  std::string file_;
  std::vector<Group> groups_;
  std::vector<Problem> problems_;
};

}  // namespace bms::config
