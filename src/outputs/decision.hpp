#pragma once

#include <optional>

#include "bms/reading.hpp"
#include "config/config.hpp"
#include "limits/output.hpp"

namespace bms::outputs {

/// Where an output is wired to: how fast it may blink depends on it.
enum class Wear : std::uint8_t {
  none,   ///< GPIO: switching costs nothing
  flash,  ///< GX relay: every change is written to the settings of the device
};

/// Remote on/off as it is now. Without a remote input: on.
struct RemoteState {
  bool off = false;
  config::RemoteMode mode = config::RemoteMode::limits;
};

/// What the limits of a battery or bank say to all outputs that follow it.
struct Verdict {
  bool load = false;       ///< allowed to discharge (ATD)
  bool charge = false;     ///< allowed to charge (ATC)
  bool pre_alarm = false;  ///< a stop of the loads is near, or the battery is lost
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// nullptr or limits that have not started: nothing is allowed. `remote.mode` limits leaves the disconnect outputs as
/// they would be without the remote switch; everything takes them off with it.
Verdict verdict(const limits::Limits* limits, const RemoteState& remote);

/// One output: from what the limits say to a level. Asked once a second.
class Decision {
 public:
  explicit Decision(const config::Output& output);

  /// The level of the line now: true is 1. A disconnect output is active while it is allowed, a pre-alarm output while
  /// there is a pre-alarm; `invert` turns the level, not the meaning.
  bool level(const Verdict& verdict, TimePoint now);

  /// What a wire that hangs in the air says too: not allowed, no pre-alarm. Before the first values, and at the end.
  [[nodiscard]] bool safe_level() const { return invert_; }

 private:
  [[nodiscard]] bool lit(TimePoint now) const;

  config::OutputFunction function_;
  bool invert_;
  bool blinks_;
  Wear wear_;
  std::optional<TimePoint> alarm_since_;
};

}  // namespace bms::outputs
