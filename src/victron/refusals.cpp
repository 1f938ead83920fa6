#include "victron/refusals.hpp"

#include <algorithm>

namespace bms::victron {

bool Refusals::worth_telling(std::string_view path, std::string_view reason, TimePoint now) {
  constexpr auto kAgain = std::chrono::hours(1);
  constexpr double kPerSecond = 1.0 / 60;
  auto told = told_.find(path);
  if (told != told_.end() && told->second.reason == reason && now - told->second.at < kAgain) return false;
  allowance_ = std::min(kMostInARow, allowance_ + kPerSecond * std::chrono::duration<double>(now - refilled_).count());
  refilled_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  // Paths are those of the tree: a few hundred.
  told_.insert_or_assign(std::string(path), Told{std::string(reason), now});
  return true;
}

}  // namespace bms::victron
