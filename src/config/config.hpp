#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bms/driver.hpp"
#include "limits/config.hpp"

/// config.ini as values. Text, ranges and defaults are in schema.hpp, reading is in load.hpp.
namespace bms::config {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

/// `[daemon]`
struct Daemon {
  LogLevel log_level = LogLevel::info;
  std::chrono::milliseconds poll_interval{1000};  ///< for batteries that name none, 100 ms .. 1 h
  std::string state_dir;       ///< absolute path; empty: $STATE_DIRECTORY, else what the platform uses
  bool allow_control = false;  ///< D-Bus writes may switch the BMS's MOSFETs and set its SoC
  friend bool operator==(const Daemon&, const Daemon&) = default;
};

/// What D-Bus instance and custom name of a battery follow.
enum class Identity : std::uint8_t {
  serial,   ///< the serial number of the BMS: it keeps them on another port
  section,  ///< the name of the section: an exchanged BMS takes them over
};

/// One physical battery: a section has one per address. What daemon, bank and `limits` work with.
struct BatteryUnit {
  std::string name;                 ///< "rack", with several addresses "rack_1", "rack_a" (lower-case hex address)
  std::optional<unsigned> address;  ///< as given, else the driver's default; nullopt: the driver has none, or `auto`
  std::string service_suffix;       ///< "dbusbms_rack_1": [A-Za-z0-9_] only, unique
  std::string display_name;         ///< "House 1" with several addresses, else "House"
  limits::Config limits;            ///< [limits], then [limits:SECTION], then [limits:UNIT]
  bool limits_fallback = false;     ///< its limits were wrong: `limits` is limits::fallback() (G11)

  /// "com.victronenergy.battery." and the suffix.
  [[nodiscard]] std::string service_name() const;
  friend bool operator==(const BatteryUnit&, const BatteryUnit&) = default;
};

/// `[battery:SECTION]`
struct Battery {
  std::string section;              ///< as written behind "battery:"
  std::string driver;               ///< name of a DriverInfo, "auto" or "dbus"
  std::string port;                 ///< /dev/..., usb:SERIAL or path:BY-PATH; empty only for driver dbus
  std::vector<unsigned> addresses;  ///< as given; empty: the driver's default
  std::string name;                 ///< shown on the GX; empty: the section's name
  Identity identity = Identity::serial;
  std::optional<std::chrono::milliseconds> poll_interval_given;
  std::chrono::milliseconds poll_interval{1000};  ///< given, else the daemon's; not yet raised to what the wire carries
  std::optional<unsigned> baud;                   ///< instead of the driver's, 8N1
  std::optional<int> cells;                       ///< in series, 1..64, for protocols that do not tell
  std::optional<double> capacity_Ah;              ///< Ah, > 0, likewise
  std::string soc_from;                           ///< unit that gives the SoC; empty: this battery itself
  std::string current_from;                       ///< likewise for the current
  std::string voltage_from;                       ///< likewise for the pack voltage
  std::string service;                            ///< driver dbus only: com.victronenergy.battery.*
  std::map<std::string, std::string, std::less<>> settings;  ///< the driver's own keys that were given, checked
  std::vector<BatteryUnit> units;                            ///< at least one
  friend bool operator==(const Battery&, const Battery&) = default;
};

/// What Driver::make wants to know for this unit.
DriverOptions driver_options(const Battery& battery, const BatteryUnit& unit);

enum class BankEnabled : std::uint8_t { automatic, yes, no };  ///< automatic: with more than one battery
enum class PublishMembers : std::uint8_t { measurements, full, none };

/// `[bank]`
struct Bank {
  BankEnabled enabled = BankEnabled::automatic;
  std::string name = "Battery bank";  ///< shown on the GX
  std::vector<std::string> members;   ///< unit names; `all` is resolved: every battery but shunts and services
  PublishMembers publish_members = PublishMembers::measurements;
  limits::BankConfig engine;     ///< shares, series, ceilings, soc_from (weighted, minimum or a unit name)
  limits::Config limits;         ///< of the bank's phase machine: [limits], then [limits:bank]
  bool limits_fallback = false;  ///< as in BatteryUnit
  friend bool operator==(const Bank&, const Bank&) = default;
};

/// A GX relay or a GPIO line.
struct Line {
  enum class Kind : std::uint8_t { none, relay, gpio, dbus };
  Kind kind = Kind::none;
  unsigned number = 0;  ///< relay: N of com.victronenergy.system /Relay/N/State; gpio: line
  std::string chip;     ///< gpio: "gpiochip0"
  friend bool operator==(const Line&, const Line&) = default;
};

enum class OutputFunction : std::uint8_t { load_disconnect, charge_disconnect, pre_alarm };
enum class PreAlarmForm : std::uint8_t { continuous, intermittent };

/// `[output:NAME]`: what a smallBMS has as output, on a relay or a GPIO line.
struct Output {
  std::string name;
  OutputFunction function = OutputFunction::load_disconnect;
  Line target;                                   ///< relay or gpio
  bool invert = false;                           ///< active means off (0)
  PreAlarmForm form = PreAlarmForm::continuous;  ///< pre-alarm only
  std::string battery;  ///< unit name or "bank"; empty: the bank if there is one, else the only battery
  friend bool operator==(const Output&, const Output&) = default;
};

/// What a remote input that is off does (Smart BMS 12-200 manual 3.5.1).
enum class RemoteMode : std::uint8_t {
  limits,      ///< CCL = DCL = 0; the outputs stay
  everything,  ///< and all disconnect outputs go off
};

/// `[remote]`: remote on/off. A missing signal means off.
struct Remote {
  Line source;          ///< gpio, or dbus: the item /Remote of the services; none: there is no remote input
  bool invert = false;  ///< a low level means on
  RemoteMode mode = RemoteMode::limits;
  friend bool operator==(const Remote&, const Remote&) = default;
};

/// `[web]`: read-only status page.
struct Web {
  std::string host;        ///< address without brackets; empty: no page
  std::uint16_t port = 0;  ///< 1..65535
  std::string token;       ///< asked from every client; mandatory beyond loopback
  friend bool operator==(const Web&, const Web&) = default;
};

struct Config {
  Daemon daemon;
  std::vector<Battery> batteries;  ///< in the order of the file
  Bank bank;
  std::vector<Output> outputs;
  Remote remote;
  Web web;
  limits::Config limits;         ///< `[limits]`: for everything that has no section of its own
  bool limits_fallback = false;  ///< some limits were wrong: configuration alarm
  /// Complete limits by the NAME of `[limits:NAME]`.
  std::map<std::string, limits::Config, std::less<>> named_limits;

  /// Those of `[limits:NAME]`, else `[limits]`.
  [[nodiscard]] const limits::Config& limits_for(std::string_view name) const;
  /// The unit of this name and its section; {nullptr, nullptr} when there is none.
  struct Found {
    const Battery* battery = nullptr;
    const BatteryUnit* unit = nullptr;
  };
  [[nodiscard]] Found find_unit(std::string_view name) const;
  [[nodiscard]] std::size_t unit_count() const;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace bms::config
