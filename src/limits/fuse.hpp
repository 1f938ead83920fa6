#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bms::limits {

/// Fuse in the charging line from an alternator: one, or two in parallel ("2x30").
struct Fuse {
  int count = 1;        ///< 1 or 2
  double rating_A = 0;  ///< A, of one fuse
  friend bool operator==(const Fuse&, const Fuse&) = default;
};

/// Continuous charge current this fuse allows, A (Smart BMS 12-200 manual, section 3.4, table 1). A fuse that is not in
/// the table counts as the next smaller one; nullopt: smaller than 2 x 7.5 A.
std::optional<double> alternator_limit_A(const Fuse& fuse);

/// "80", "80 A", "2x30"; nullopt: not a fuse.
std::optional<Fuse> fuse_from_text(std::string_view text);
std::string to_text(const Fuse& fuse);

}  // namespace bms::limits
