#include "limits/fuse.hpp"

#include <fmt/format.h>

#include "limits/text.hpp"

namespace bms::limits {
namespace {

struct Entry {
  int count;
  double rating_A;
  double limit_A;
};
/// Descending by total rating; at equal total the single fuse carries more.
constexpr Entry kTable[] = {{1, 125, 100}, {1, 100, 90}, {1, 80, 60}, {1, 60, 50}, {2, 30, 40},
                            {2, 20, 25},   {2, 15, 20},  {2, 10, 12}, {2, 7.5, 9}};

}  // namespace

std::optional<double> alternator_limit_A(const Fuse& fuse) {
  const double total = fuse.count * fuse.rating_A;
  for (const Entry& entry : kTable) {
    // Two fuses never share evenly: a pair is not taken for a single fuse of the same total.
    if (fuse.count == 2 && entry.count == 1) continue;
    if (entry.count * entry.rating_A <= total) return entry.limit_A;
  }
  return std::nullopt;
}

std::optional<Fuse> fuse_from_text(std::string_view text) {
  text = text::trim(text);
  if (text.ends_with('A') || text.ends_with('a')) text = text::trim(text.substr(0, text.size() - 1));
  Fuse fuse;
  if (const auto cross = text.find_first_of("xX"); cross != std::string_view::npos) {
    const auto count = text::number(text.substr(0, cross));
    if (!count || (*count != 1 && *count != 2)) return std::nullopt;
    fuse.count = static_cast<int>(*count);
    text = text.substr(cross + 1);
  }
  const auto rating = text::number(text);
  if (!rating || *rating <= 0 || *rating > 10000) return std::nullopt;
  fuse.rating_A = *rating;
  return fuse;
}

std::string to_text(const Fuse& fuse) {
  return fuse.count == 1 ? fmt::format("{}", fuse.rating_A) : fmt::format("{}x{}", fuse.count, fuse.rating_A);
}

}  // namespace bms::limits
