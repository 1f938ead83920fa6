#include "config/dsb_report.hpp"

#include <ostream>
#include <string_view>

namespace bms::config::dsb {

void Report::write(std::ostream& out) const {
  constexpr std::array<std::string_view, 7> kTitles = {
      "Taken over:",
      "Works differently here:",
      "Not in your file, and the defaults differ:",
      "Not supported:",
      "Not needed here:",
      "For you to decide:",
      "Wrong, not taken over:",
  };
  bool first = true;
  for (std::size_t subject = 0; subject < lines_.size(); ++subject) {
    if (lines_[subject].empty()) continue;
    if (!first) out << '\n';
    first = false;
    out << kTitles[subject] << '\n';
    for (const auto& line : lines_[subject]) out << "  " << line << '\n';
  }
}

}  // namespace bms::config::dsb
