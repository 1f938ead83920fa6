#include "victron/item_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bms::victron {
namespace {

bool is_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  char previous = 'x';
  for (const char c : path) {
    const bool element = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!element && (c != '/' || previous == '/')) return false;
    previous = c;
  }
  return true;
}

/// Length of the valid UTF-8 sequence at the begin of `text`, 0 when there is none (overlong forms and surrogates too).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  if (length > 2) {
    const unsigned second = byte(1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  }
  return length;
}

/// What a battery calls its serial number can be any bytes; one that is not UTF-8 would make the whole message invalid.
std::string clean(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), kMaxText));
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const bool control = (length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F)) ||
                         (text[0] == '\xC2' && length == 2 && static_cast<unsigned char>(text[1]) < 0xA0);  // C1
    if (out.size() + std::max<std::size_t>(length, 1) > kMaxText) break;
    if (length == 0) {
      out += '?';
    } else if (!control) {
      out.append(text.substr(0, length));
    } else if (text[0] == '\n' || text[0] == '\t') {
      out += ' ';
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::optional<double> as_number(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return *integer;
  return std::nullopt;
}

bool in_range(const Format& format, double number) {
  constexpr double kTolerance = 1e-9;
  return std::isfinite(number) && number >= format.min - kTolerance && number <= format.max + kTolerance;
}

double rounded(double number, int decimals) {
  constexpr double kPowers[] = {1, 10, 100, 1000, 10000};
  const double scale = kPowers[std::clamp(decimals, 0, 4)];
  return std::round(number * scale) / scale + 0.0;  // + 0.0: no negative zero
}

bool fits_int32(double number) {
  return number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace

std::string Item::text() const {
  if (const auto* number = std::get_if<double>(&value)) {
    return fmt::format("{:.{}f}{}", *number, format.decimals, format.unit);
  }
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return fmt::format("{}{}", *integer, format.unit);
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  return "---";
}

Value normalised(const Format& format, Value value) {
  if (format.kind == Kind::text) {
    if (const auto* string = std::get_if<std::string>(&value)) return clean(*string);
    return {};
  }
  const auto number = as_number(value);
  if (!number || !in_range(format, *number)) return {};
  if (format.kind == Kind::number) return rounded(*number, format.decimals);
  const double whole = std::round(*number);
  if (!fits_int32(whole)) return {};
  return static_cast<std::int32_t>(whole);
}

std::optional<Value> converted(const Format& format, const Value& written) {
  if (format.kind == Kind::text) {
    const auto* string = std::get_if<std::string>(&written);
    if (string == nullptr || string->size() > kMaxWrittenText) return std::nullopt;
    return Value(clean(*string));
  }
  const auto number = as_number(written);
  if (!number || !in_range(format, *number)) return std::nullopt;
  if (format.kind == Kind::integer && std::trunc(*number) != *number) return std::nullopt;
  Value value = normalised(format, *number);
  if (!is_valid(value)) return std::nullopt;
  return value;
}

std::string allowed(const Format& format) {
  if (format.kind == Kind::text) return fmt::format("a text of at most {} bytes", kMaxWrittenText);
  return fmt::format("{} from {:g} to {:g}{}{}", format.kind == Kind::integer ? "a whole number" : "a number",
                     format.min, format.max, *format.unit == '\0' ? "" : " ", format.unit);
}

std::string sample(const Value& value) {
  constexpr std::size_t kLongest = 40;
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* text = std::get_if<std::string>(&value)) {
    const bool longer = text->size() > kLongest;
    return fmt::format("\"{}{}\"", clean(std::string_view(*text).substr(0, kLongest)), longer ? "..." : "");
  }
  return "nothing";
}

Item* ItemTree::add(std::string_view path, const Format& format, Value value) {
  if (!is_path(path) || items_.contains(path) || is_branch(path)) return nullptr;
  for (auto slash = path.rfind('/'); slash > 0; slash = path.rfind('/', slash - 1)) {
    if (items_.contains(path.substr(0, slash))) return nullptr;
  }
  const auto [entry, added] = items_.emplace(std::string(path), Item{});
  Item& item = entry->second;
  item = {entry->first, format, normalised(format, std::move(value)), true};
  by_path_.emplace(item.path, &item);
  changes_.push_back(&item);
  return &item;
}

bool ItemTree::set(Item* item, Value value) {
  if (item == nullptr || value == item->value) return false;  // what is published already needs no second look
  Value next = normalised(item->format, std::move(value));
  if (next == item->value) return false;
  item->value = std::move(next);
  if (!item->changed) {
    item->changed = true;
    changes_.push_back(item);
  }
  return true;
}

Item* ItemTree::find(std::string_view path) {
  const auto entry = by_path_.find(path);
  return entry == by_path_.end() ? nullptr : entry->second;
}

const Item* ItemTree::find(std::string_view path) const {
  const auto entry = by_path_.find(path);
  return entry == by_path_.end() ? nullptr : entry->second;
}

const Value& ItemTree::value(std::string_view path) const {
  static const Value kInvalid;
  const Item* item = find(path);
  return item == nullptr ? kInvalid : item->value;
}

bool ItemTree::is_branch(std::string_view path) const {
  if (path == "/") return true;
  const std::string prefix = std::string(path) + '/';
  const auto entry = items_.lower_bound(prefix);
  return entry != items_.end() && entry->first.starts_with(prefix);
}

std::vector<std::pair<std::string_view, const Item*>> ItemTree::below(std::string_view branch) const {
  const std::string prefix = branch == "/" ? "/" : std::string(branch) + '/';
  std::vector<std::pair<std::string_view, const Item*>> leaves;
  for (auto entry = items_.lower_bound(prefix); entry != items_.end() && entry->first.starts_with(prefix); ++entry) {
    leaves.emplace_back(std::string_view(entry->first).substr(prefix.size()), &entry->second);
  }
  return leaves;
}

std::vector<std::string> ItemTree::branches() const {
  std::vector<std::string> nodes;
  for (const auto& [path, item] : items_) {
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      nodes.push_back(path.substr(0, slash));
    }
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

std::vector<const Item*> ItemTree::take_changes() {
  for (const Item* item : changes_) item->changed = false;
  return std::exchange(changes_, {});
}

}  // namespace bms::victron
