#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace bms::victron {

/// What an item holds: nothing known (published as an empty array of int32), a measurement, a count or flag, a text.
using Value = std::variant<std::monostate, double, std::int32_t, std::string>;
inline bool is_valid(const Value& value) { return !std::holds_alternative<std::monostate>(value); }

/// D-Bus type of an item. It belongs to the path and never changes.
enum class Kind : std::uint8_t {
  number,   ///< "d"
  integer,  ///< "i"
  text,     ///< "s"
};

/// What a writer of a path has to expect.
enum class Access : std::uint8_t { read_only, writable };

/// How the values of one path look like: type, resolution, unit and what can be true.
struct Format {
  Kind kind = Kind::number;
  std::uint8_t decimals = 2;  ///< display resolution: changes below it are no changes
  const char* unit = "";      ///< part of the text; static storage
  double min = -1e9;          ///< numbers outside min..max are published as invalid and refused as a write
  double max = 1e9;           ///< text: longest accepted write in bytes is kMaxText
  Access access = Access::read_only;
};
inline constexpr std::size_t kMaxText = 16384;       ///< bytes of a published text; the rest is cut
inline constexpr std::size_t kMaxWrittenText = 128;  ///< bytes of a text a writer may set

/// One leaf of the tree.
struct Item {
  std::string_view path;  ///< absolute, "/Dc/0/Voltage"
  Format format;
  Value value;                   ///< already rounded to the format's resolution
  mutable bool changed = false;  ///< stands in the tree's list of changes

  [[nodiscard]] std::string text() const;  ///< for people, with unit; "---" when invalid
};

/// The value as it may be published under this format: rounded, of the format's type; invalid for NaN, infinity, values
/// out of range and values of another type. Texts become clean UTF-8 without control characters.
Value normalised(const Format& format, Value value);

/// What a writer sent, as a value of this format: numbers are converted between each other where nothing is lost.
/// nullopt: refuse it (a text for a number, a number for a text, a fraction for an integer, out of range, invalid).
std::optional<Value> converted(const Format& format, const Value& written);

/// What converted() takes, for people: "a number from 0 to 100 %".
std::string allowed(const Format& format);
/// A value for the log, clean and short: 12.5, "House", nothing.
std::string sample(const Value& value);

/// All items of one service by path, and which of them changed since they were last announced. Pure: it knows no D-Bus.
///
///     ItemTree tree;
///     Item* soc = tree.add("/Soc", {.decimals = 1, .unit = "%", .min = 0, .max = 100});
///     tree.set(soc, 55.04);                   // 55.0
///     for (const Item* item : tree.take_changes()) ...
class ItemTree {
 public:
  ItemTree() = default;
  ItemTree(const ItemTree&) = delete;
  ItemTree& operator=(const ItemTree&) = delete;

  /// Adds a leaf; it counts as changed, so that a path added to a live service is announced. The pointer stays good as
  /// long as the tree. nullptr: not a path of [A-Za-z0-9_] elements, already there, or it would be both value and
  /// branch.
  Item* add(std::string_view path, const Format& format, Value value = {});
  /// True when the published value changes. A null item (add() refused it) is ignored.
  bool set(Item* item, Value value);
  bool set(std::string_view path, Value value) { return set(find(path), std::move(value)); }

  [[nodiscard]] Item* find(std::string_view path);
  [[nodiscard]] const Item* find(std::string_view path) const;
  [[nodiscard]] const Value& value(std::string_view path) const;  ///< invalid when there is no such item

  /// True for "/" and every inner node ("/Dc", "/Dc/0").
  [[nodiscard]] bool is_branch(std::string_view path) const;
  /// All leaves below a branch, in order of their paths, with the key relative to it ("0/Voltage" below "/Dc").
  [[nodiscard]] std::vector<std::pair<std::string_view, const Item*>> below(std::string_view branch) const;
  /// All inner nodes without "/".
  [[nodiscard]] std::vector<std::string> branches() const;

  [[nodiscard]] const std::map<std::string, Item, std::less<>>& items() const { return items_; }
  [[nodiscard]] bool has_changes() const { return !changes_.empty(); }
  /// What changed since the last take_changes(), each item once, in the order of the first change.
  [[nodiscard]] const std::vector<const Item*>& changes() const { return changes_; }
  std::vector<const Item*> take_changes();

 private:
  std::map<std::string, Item, std::less<>> items_;
  std::unordered_map<std::string_view, Item*> by_path_;  ///< the same, for a hundred look-ups with every poll
  std::vector<const Item*> changes_;
};

}  // namespace bms::victron
