#include "daemon/watchdog.hpp"

#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace bms::daemon {
namespace {

constexpr std::uint64_t kMicroseconds = 1'000'000;

/// Says why and dies of the signal; only what is allowed inside a signal handler.
void loop_hangs(int number) {
  constexpr std::string_view kReason = "[critical] the event loop hangs: ending, to be started again\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kReason.data(), kReason.size());
  ::signal(number, SIG_DFL);
  ::raise(number);
}

}  // namespace

Watchdog::Watchdog() {
  std::uint64_t limit_us = 0;
  if (sd_watchdog_enabled(0, &limit_us) > 0) {
    limit_s_ = static_cast<unsigned>((limit_us + kMicroseconds - 1) / kMicroseconds);
  }
  struct sigaction action {};
  action.sa_handler = &loop_hangs;
  ::sigaction(SIGALRM, &action, nullptr);
  feed();
}

void Watchdog::feed() const {
  sd_notify(0, "WATCHDOG=1");
  ::alarm(limit_s_);
}

}  // namespace bms::daemon
