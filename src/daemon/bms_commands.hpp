#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "port/bus.hpp"

namespace bms::daemon {

/// Commands to one BMS itself: one at a time, at most one a poll, and of each kind the newest wish only, so that a
/// client that floods them keeps nobody from being polled.
class BmsCommands {
 public:
  enum class Kind : std::uint8_t { charge_fet, discharge_fet, soc };
  /// True: the BMS has confirmed it, by what it says of itself afterwards.
  using Done = std::function<void(bool confirmed)>;

  void attach(port::Bus& bus, port::Station& station) {
    bus_ = &bus;
    station_ = &station;
  }

  /// `value`: 1 on and 0 off of a MOSFET, % of the SoC. A newer command of the same kind replaces one that waits.
  void ask(Kind kind, double value, TimePoint now, Done done);
  /// After each accepted Reading and every second: sends what waits, gives up what waited too long.
  void send(TimePoint now);

 private:
  struct Waiting {
    Kind kind;
    double value;
    TimePoint until;
    Done done;
  };

  port::Bus* bus_ = nullptr;
  port::Station* station_ = nullptr;
  std::vector<Waiting> waiting_;
  std::uint64_t good_ = 0;  ///< LinkHealth::good when the last command was sent
  bool sent_ = false;       ///< one is under way
};

}  // namespace bms::daemon
