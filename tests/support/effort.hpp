#pragma once

#include <chrono>

namespace bms::test {

/// How long a test waits for what must happen: longer than a busy machine with sanitizers needs. Only what hangs takes
/// it.
inline constexpr std::chrono::seconds kPatience{60};

/// True in the build with sanitizers: it takes ten to fifty times as long for a step and keeps freed memory.
#ifdef DBUS_BMS_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// How much of a long computation a test makes. The sanitizers see the same steps as the release build, but a part of
/// them: what counts is judged by the release build of the same `./dev test`.
template <class Count>
constexpr Count effort(Count all, Count under_sanitizers) {
  return kSanitized ? under_sanitizers : all;
}

}  // namespace bms::test
