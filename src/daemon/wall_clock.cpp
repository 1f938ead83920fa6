#include "daemon/wall_clock.hpp"

#include <time.h>

namespace bms::daemon {

std::optional<std::int64_t> wall_clock_s() {
  constexpr std::int64_t kTrustedSince_s = 1767225600;  // 2026-01-01: a clock before that has never been set
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto seconds = static_cast<std::int64_t>(now.tv_sec);
  return seconds < kTrustedSince_s ? std::nullopt : std::optional(seconds);
}

}  // namespace bms::daemon
