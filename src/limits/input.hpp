#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bms/driver.hpp"
#include "bms/reading.hpp"

namespace bms::limits {

/// What is known of a battery whatever it says.
struct Device {
  int cells = 0;                      ///< cells in series; 0: as many as its first sample has
  std::optional<double> capacity_Ah;  ///< Ah, only used while the battery does not tell
  Unavailable unavailable;            ///< quantities its protocol can never deliver (G5)
  bool configuration_fault = false;   ///< runs on fallback() because its own configuration was refused (G11)
  double poll_interval_s = 1;         ///< s
  /// s, periods of quantities that are read rarely by design; 0: with every poll.
  double temperature_period_s = 0;
  double alarm_period_s = 0;
};

/// A limit from somebody else (C12): a user on D-Bus, a generator, MQTT. It can only lower. The same name replaces.
struct ExternalLimit {
  enum class Source : std::uint8_t { user, external, alternator };
  std::string_view name;
  Source source = Source::external;
  std::optional<double> charge_A;     ///< A, >= 0
  std::optional<double> discharge_A;  ///< A, >= 0
  std::optional<double> voltage_V;    ///< V, cap of the charge voltage
  std::optional<double> ttl_s;        ///< s until it disappears; nullopt: never
};

/// What a shunt that was configured as source for this battery measured.
struct ShuntValues {
  std::optional<double> soc_pct;    ///< %
  std::optional<double> current_A;  ///< A, charging > 0
};

/// Everything that reaches the engine in one step.
struct Input {
  const Reading* reading = nullptr;         ///< nullptr: nothing arrived
  const ShuntValues* shunt = nullptr;       ///< nullptr: nothing arrived
  std::span<const ExternalLimit> external;  ///< new or changed ones; one without any value removes its name
  bool charge_off = false;                  ///< remote off (B8), as long as it is set
  bool discharge_off = false;
  bool rebulk = false;                ///< user request: leave float (V6d)
  bool top_balance = false;           ///< user request: top-balance charge (V11)
  bool acknowledge = false;           ///< user request: notes that stay until seen go
  std::optional<double> set_soc_pct;  ///< user request: SoC of the counter (S5); 100 synchronises
};

}  // namespace bms::limits
