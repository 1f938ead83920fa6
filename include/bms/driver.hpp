#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bms/bytes.hpp"
#include "bms/conversation.hpp"
#include "bms/outcome.hpp"
#include "bms/reading.hpp"
#include "bms/simulator.hpp"

namespace bms {

/// What a frame search found at the front of the bytes received so far.
struct Scan {
  enum class Kind : std::uint8_t {
    need_more,  ///< nothing decided yet; wait for at least `size` more bytes (0: nobody knows how many)
    frame,      ///< bytes [begin, begin + size) are the complete, checked answer
    discard,    ///< the first `size` bytes belong to no answer; `fault` says why, if it is worth counting
  };
  Kind kind = Kind::need_more;
  std::size_t begin = 0;
  std::size_t size = 0;
  std::optional<Fault> fault;

  static Scan more(std::size_t missing = 0) { return {Kind::need_more, 0, missing, std::nullopt}; }
  static Scan found(std::size_t begin, std::size_t size) { return {Kind::frame, begin, size, std::nullopt}; }
  static Scan drop(std::size_t size, std::optional<Fault> why = std::nullopt) { return {Kind::discard, 0, size, why}; }
};

/// What a user may say about one battery of a driver; checked by the configuration before it gets here.
struct DriverOptions {
  unsigned address = 0;
  std::optional<int> cells;                                  ///< only for protocols that do not tell
  std::optional<double> capacity_Ah;                         ///< likewise
  std::map<std::string, std::string, std::less<>> settings;  ///< the driver's own keys, see DriverInfo::settings
};

/// One protocol, spoken with one battery. Knows frames and their meaning; knows no port, no clock, no limits, no D-Bus.
///
/// All decoding goes through accept(), for live answers and for recorded ones, so that a capture tests what runs.
class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  /// Finds the answer to `request` in `buffer`, or says what to throw away. Must decide in bounded steps: it never
  /// discards nothing and never asks for more than the longest frame of the protocol. After a failed check it discards
  /// just what cannot be the start of a frame: a good frame may stand inside a torn one.
  [[nodiscard]] virtual Scan scan(ByteView request, ByteView buffer) const = 0;

  /// The address of the battery that `request` asks, as in `address =`; nullopt: it does not tell. Makes one pack out
  /// of a recording of several.
  [[nodiscard]] virtual std::optional<unsigned> asked(ByteView /*request*/) const { return std::nullopt; }

  /// The question that answers heard without one belong to, as far as they tell; empty: they do not, or need none.
  /// For recordings of answers alone.
  [[nodiscard]] virtual Bytes question_to(ByteView /*heard*/) const { return {}; }

  /// Takes one frame that scan() found as the answer to `request` into memory.
  /// Errors: refused (the device's error answer), foreign, implausible. On error nothing is kept of this frame.
  virtual Outcome<void> accept(ByteView request, ByteView frame) = 0;

  /// The Reading, once accept() has completed a set; then gathering starts anew. Slow facts (identity, settings) stay.
  virtual std::optional<Reading> take() = 0;
  /// What was gathered since the last complete Reading (nullopt: nothing).
  [[nodiscard]] virtual std::optional<Reading> partial() const = 0;

  /// One complete Reading from the device. `now` paces slow facts (settings, identity). `Reading::time` is set by the
  /// caller.
  virtual Conversation<Outcome<Reading>> poll(TimePoint now) = 0;
  /// The next poll reads slow facts (settings, identity) again too: something in them looked wrong.
  virtual void refresh() {}
  /// Read-only identification: a Reading with whatever identifies the device (may be partial). Never sends a write
  /// except where the protocol has no other way to read and the reference says it is safe.
  virtual Conversation<Outcome<Reading>> probe() = 0;

  /// Commands; a device or driver that has none answers Fault::unsupported. They read back what they switched.
  virtual Conversation<Outcome<bool>> switch_charge(bool on);
  virtual Conversation<Outcome<bool>> switch_discharge(bool on);
  virtual Conversation<Outcome<bool>> set_soc(double soc_pct);

  /// `received` (all bytes heard in answer to `request`, intact or damaged) without passwords and PINs, for captures
  /// and logs: same length, secrets blanked, check sums of intact frames repaired so that they still replay.
  [[nodiscard]] virtual Bytes redacted(ByteView request, ByteView received) const;
};

/// Which quantities a protocol can never deliver. Only what is declared here makes a limit constraint inactive (G5).
struct Unavailable {
  bool temperatures = false;
  bool mos_temperature = false;
  bool cells = false;
  bool fets = false;
  bool bms_limits = false;
  bool alarms = false;
};

/// A key of a `[battery:NAME]` section that only this driver has.
struct DriverSetting {
  enum class Kind : std::uint8_t { boolean, number, text };
  std::string_view key;
  Kind kind;
  std::string_view default_value;
  double min = 0;  ///< numbers only
  double max = 0;
  std::string_view meaning;
};

/// Everything the rest of the program must know of a driver before it makes one.
struct DriverInfo {
  std::string_view name;                  ///< as in `driver = NAME`
  std::string_view title;                 ///< for people: "JK BMS, UART 4E57"
  std::string_view models;                ///< devices known to speak it
  unsigned baud = 9600;                   ///< default rate, 8N1
  std::vector<unsigned> probe_bauds;      ///< rates to try when identifying; empty: only `baud`
  std::vector<unsigned> probe_addresses;  ///< addresses to try when identifying; empty: address_min to address_max
  bool has_address = false;               ///< several batteries can share the line
  unsigned address_min = 0;
  unsigned address_max = 0;
  unsigned address_default = 0;
  std::chrono::milliseconds min_interval{1000};  ///< shortest sensible poll period of one battery
  bool needs_cells = false;                      ///< `cells` is mandatory
  bool needs_capacity = false;                   ///< `capacity` is mandatory
  bool unsolicited = false;                      ///< the device speaks by itself; captures hold pieces of a stream
  int probe_rank = 0;  ///< lower is asked first; those that could disturb a foreign device come last. < 0: never
  bool can_switch_fets = false;
  bool can_set_soc = false;
  Unavailable unavailable;
  std::vector<DriverSetting> settings;
  std::unique_ptr<Driver> (*make)(const DriverOptions& options) = nullptr;
  /// A simulated device of this protocol; nullptr where there is none.
  std::unique_ptr<SimulatedDevice> (*simulate)(const SimulatorOptions& options) = nullptr;
};

/// All drivers that were built in, sorted by name. Made from `drivers/CMakeLists.txt`.
std::span<const DriverInfo> drivers();
/// nullptr when there is none of this name.
const DriverInfo* find_driver(std::string_view name);

}  // namespace bms
