#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bms/reading.hpp"
#include "history/history.hpp"
#include "limits/output.hpp"
#include "port/link_health.hpp"

namespace bms::victron {

/// What does not change while a service is on the bus. Empty texts are published as invalid, but never those of the
/// paths that must be valid.
struct BatteryIdentity {
  std::int32_t instance = 0;    ///< from SettingsClient
  std::string connection;       ///< "RS485 /dev/ttyUSB0 address 2"; never empty
  std::string custom_name;      ///< given by the user on the GX, may be empty
  std::string product_name;     ///< shown when there is no custom name; empty: the model of the first Reading
  std::string process_version;  ///< of dbus-bms
  std::string family;           ///< name of the driver
  std::string manufacturer;
  bool insecure_connection = false;  ///< a radio link: others must not take their voltage from this battery
  std::string serial;  ///< where it differs from the Reading's (equal serials told apart); empty: the Reading's
};

/// One battery of a bank.
struct MemberView {
  std::string_view name = {};
  const Reading* reading = nullptr;        ///< newest complete Reading; nullptr: never any
  const limits::Limits* limits = nullptr;  ///< its own step of the engine
};

/// Estimated time until a state of charge is reached.
struct TimeToSoc {
  int soc_pct = 0;                ///< %, 0..100
  std::optional<double> seconds;  ///< nullopt: not on this way
};

/// Everything a service publishes in one update. The referenced objects must live during BatteryPaths::update() only.
struct BatteryView {
  TimePoint now = {};
  const Reading* reading = nullptr;        ///< newest complete Reading, of a bank the merged one; nullptr: never any
  const limits::Limits* limits = nullptr;  ///< nullptr: a shunt, or no engine; nothing below /Info then
  /// Of a shunt, which has no limits: its values are only shown while they are fresh.
  std::optional<limits::Freshness> freshness = {};
  const port::LinkHealth* link = nullptr;    ///< nullptr: no link of its own (a bank)
  const history::State* history = nullptr;   ///< ours; a device's own (Reading::history) goes before it
  std::optional<double> low_voltage_V = {};  ///< pack V below which nothing may discharge
  std::span<const MemberView> members = {};  ///< batteries of a bank; empty: a single battery
  int in_series = 1;                         ///< batteries in series per string
  std::span<const TimeToSoc> time_to_soc = {};
  std::span<const std::string> notes = {};  ///< what else a user should see, beside the engine's own notes
};

}  // namespace bms::victron
