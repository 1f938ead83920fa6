#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "bms/reading.hpp"

namespace bms {

/// Which shunts give what for a battery or a bank (`soc_from`, `current_from`, `voltage_from`); the name is for notes,
/// empty: the battery itself.
struct ShuntSources {
  std::string soc;
  std::string current;
  std::string voltage;

  [[nodiscard]] bool any() const { return !soc.empty() || !current.empty() || !voltage.empty(); }
};

/// The newest accepted Reading of each source; nullptr: nothing came from it yet. Their `time` tells their age.
struct ShuntReadings {
  const Reading* soc = nullptr;
  const Reading* current = nullptr;
  const Reading* voltage = nullptr;
};

/// What a user should see about the shunt of a battery.
struct ShuntNote {
  enum class Kind : std::uint8_t {
    lost,             ///< the battery's own value stands in
    current_differs,  ///< for a minute (limit-engine S6)
    voltage_differs,  ///< for a minute
  };
  Kind kind;
  std::string text;  ///< one sentence with the numbers
  friend bool operator==(const ShuntNote&, const ShuntNote&) = default;
};

struct ShuntMerged {
  Reading reading;               ///< the battery's own, with what the shunts know better
  std::vector<ShuntNote> notes;  ///< in force now
  bool soc_from_shunt = false;
  bool current_from_shunt = false;
  bool voltage_from_shunt = false;
};

/// Chooses, quantity by quantity, between a shunt and the battery's own measurement, and watches that both agree.
///
/// A shunt that says nothing new for 10 s is lost: the battery's own value takes over and a note says so. It has to be
/// back for 10 s without a gap before it counts again. At a change of the source the SoC glides (1 % per second)
/// instead of jumping. Nothing stale is ever used: where neither knows, the value is absent.
///
/// Differences of more than 5 % + 2 A (current) or 1 % + 0.1 V (voltage) that last 60 s are noted: another scale,
/// another sign, a load between the two, a bad cable. Pure: no clock; `now` is passed in.
class ShuntMerge {
 public:
  explicit ShuntMerge(ShuntSources sources) : sources_(std::move(sources)) {}

  /// `own` is the battery's newest Reading. To be called at every Reading of one of them, at least every few seconds.
  ShuntMerged step(const Reading& own, const ShuntReadings& shunts, TimePoint now);

 private:
  /// One quantity: whether its shunt is believed.
  struct Choice {
    bool on_shunt = false;
    bool decided = false;                ///< at the very first step a fresh shunt counts at once
    std::optional<TimePoint> known_at;   ///< newest value of the shunt
    std::optional<TimePoint> back_from;  ///< fresh without a gap since
    double last = 0;                     ///< that value
  };
  /// A difference and since when it lasts.
  struct Watch {
    std::optional<TimePoint> since;
    std::optional<TimePoint> gone_since;
    bool reported = false;
  };

  static std::optional<double> choose(Choice& choice, const Reading* shunt, std::optional<double> value,
                                      std::optional<double> own, TimePoint now);
  static bool lasts(Watch& watch, bool differs, TimePoint now);
  std::optional<double> glide(std::optional<double> target, bool source_changed, TimePoint now);
  void choose_soc(const Reading& own, const Reading* shunt, TimePoint now, ShuntMerged& merged);
  void note_lost(ShuntMerged& merged) const;
  void compare(const Reading& own, const ShuntReadings& shunts, TimePoint now, ShuntMerged& merged);

  ShuntSources sources_;
  Choice soc_;
  Choice current_;
  Choice voltage_;
  Watch current_watch_;
  Watch voltage_watch_;
  std::optional<double> shown_soc_pct_;
  TimePoint shown_at_{};
  bool gliding_ = false;
};

}  // namespace bms
