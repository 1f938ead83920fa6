#pragma once

namespace bms::daemon {

/// Ends a process whose event loop hangs, so that whoever supervises it starts it again. systemd is told that the loop
/// lives and would act by itself; daemontools on a GX device watches nothing, there an alarm clock does it.
class Watchdog {
 public:
  /// Starts the clock: 30 s, or what systemd's unit says (WATCHDOG_USEC).
  Watchdog();
  /// From the event loop, at least every few seconds.
  void feed() const;

 private:
  unsigned limit_s_ = 30;
};

}  // namespace bms::daemon
