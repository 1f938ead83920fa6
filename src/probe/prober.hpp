#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bms/driver.hpp"

namespace bms::probe {

/// One question of the search: this driver's probe() at this rate and address.
struct Attempt {
  const DriverInfo* driver;
  unsigned baud;
  unsigned address;

  friend bool operator==(const Attempt&, const Attempt&) = default;
};

/// "jk-pb at 115200 baud, address 3"
std::string to_string(const Attempt& attempt);

/// What the user wants to be searched.
struct Scope {
  std::string driver;               ///< only this one; empty: all that may be probed
  std::optional<unsigned> address;  ///< only this one
  std::optional<unsigned> baud;     ///< only this rate
  bool thorough = false;            ///< every address a driver can have, and go on after a find
};

struct Found {
  Attempt attempt;
  Reading reading;  ///< whatever identifies the battery
};

/// Something that answered but is no battery for us (a DC energy meter, another vendor's Modbus device).
struct Remark {
  Attempt attempt;
  Fault fault;
};

/// Finds out what is connected to one port, without knowing ports: asks for attempts, is told what came of them.
///
/// Order, so that no device is disturbed: who speaks unasked is listened to first, then read-only questions, those that
/// a foreign device could take for a write last (DriverInfo::probe_rank; from kDisturbing on only when all others found
/// nothing). Each driver is asked at its usual address first, in two rounds: an answer may get lost or come late, and
/// traffic on the UART port wakes a Daly board that slept. The other addresses follow when nothing was found that way.
/// After a find only batteries that can share its line are looked for: same driver, same rate.
///
///     while (auto attempt = prober.next()) prober.result(*attempt, co_await run_on_port(*attempt));
class Prober {
 public:
  /// Ranks from here on belong to drivers that must send a write to read.
  static constexpr int kDisturbing = 90;

  Prober(std::span<const DriverInfo> drivers, Scope scope);

  /// What to try next; nullopt: the search is over.
  std::optional<Attempt> next();
  /// Outcome of the driver's probe() conversation. Fault::io ends the search: the port is gone.
  void result(const Attempt& attempt, Outcome<Reading> outcome);

  [[nodiscard]] const std::vector<Found>& found() const { return found_; }
  [[nodiscard]] const std::vector<Remark>& remarks() const { return remarks_; }
  /// The port failed; what was found before stays.
  [[nodiscard]] bool port_lost() const { return port_lost_; }

  [[nodiscard]] std::size_t done() const { return done_; }
  /// Attempts made and still planned; shrinks when a find makes some needless.
  [[nodiscard]] std::size_t total() const { return done_ + plan_.size(); }

 private:
  /// Of the addresses of a driver: the one it usually has, or the rest.
  enum class Part : std::uint8_t { usual, others };
  void add(const DriverInfo& driver, Part part);
  void narrow_to(const Attempt& hit);
  [[nodiscard]] std::vector<unsigned> addresses_of(const DriverInfo& driver) const;
  [[nodiscard]] bool wanted(const DriverInfo& driver) const;

  Scope scope_;
  std::deque<Attempt> plan_;
  std::vector<Found> found_;
  std::vector<Remark> remarks_;
  std::size_t done_ = 0;
  bool port_lost_ = false;
};

}  // namespace bms::probe
