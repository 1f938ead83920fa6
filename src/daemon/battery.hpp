#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bank/shunt_merge.hpp"
#include "config/config.hpp"
#include "daemon/controls.hpp"
#include "daemon/custom_name.hpp"
#include "daemon/log_filter.hpp"
#include "daemon/past.hpp"
#include "daemon/shared.hpp"
#include "limits/engine.hpp"
#include "port/bus.hpp"
#include "victron/battery_paths.hpp"
#include "victron/battery_service.hpp"

namespace bms::daemon {

/// What a battery's place in the system is, beside its own section.
struct Role {
  bool member = false;               ///< belongs to a bank that is published
  bool publish = true;               ///< has a service of its own
  bool publish_limits = true;        ///< that service carries CVL, CCL and DCL
  bool configuration_fault = false;  ///< runs on built-in limits (G11)
};

/// The engine's times as a service shows them.
std::vector<victron::TimeToSoc> times_to_soc(const limits::Limits& limits);

/// The remote switch as item of a service, and a write to it.
void show_remote(const outputs::Remote& remote, victron::BatteryService& service);
victron::WriteResult throw_remote(outputs::Remote& remote, const victron::Value& value);

/// One battery: accepted Readings go in, limits are worked out, its service on D-Bus follows.
class Battery {
 public:
  Battery(Shared& shared, const config::Battery& section, const config::BatteryUnit& unit, const DriverInfo* driver,
          Role role);
  Battery(const Battery&) = delete;
  Battery& operator=(const Battery&) = delete;
  ~Battery();

  /// Batteries (shunts) that know SoC, current or voltage of this one better; nullptr: it knows itself.
  void set_sources(Battery* soc, const Battery* current, const Battery* voltage);
  /// What was found out about a battery that is configured with `driver = auto`.
  void identified(const DriverInfo& driver, unsigned address);
  /// Where it sits on a serial port; the health of its link is published from there.
  void attach(port::Bus& bus, port::Station& station);

  /// An accepted Reading: one engine step and one signal on D-Bus.
  void take(const Reading& reading);
  /// Called every second: lets time pass while nothing arrives.
  void tick(TimePoint now);

  /// Called after every step; for the bank.
  std::function<void(TimePoint now)> on_step;

  [[nodiscard]] const std::string& name() const { return unit_.name; }
  [[nodiscard]] const std::string& shown_name() const { return name_.shown(); }  ///< on every screen
  [[nodiscard]] const config::BatteryUnit& unit() const { return unit_; }
  [[nodiscard]] const std::optional<Reading>& reading() const { return reading_; }
  [[nodiscard]] const limits::Limits& limits() const { return limits_; }
  [[nodiscard]] const limits::State& state() const { return state_; }
  [[nodiscard]] const limits::Device& device() const { return device_; }
  [[nodiscard]] const limits::Config& limits_config() const { return controls_.in_force().limits; }
  [[nodiscard]] const port::Station* station() const { return station_; }
  /// A device without cells: measures, has no limits of its own.
  [[nodiscard]] bool is_shunt() const { return device_.unavailable.cells; }
  /// What its user should know beside the engine's notes.
  [[nodiscard]] std::vector<std::string> notes() const;
  /// What users change of it.
  [[nodiscard]] Controls& controls() { return controls_; }
  /// Sets the SoC where it comes from: the shunt, the own counter, the BMS.
  victron::WriteAnswer set_soc(double soc_pct);
  /// Limits by configuration; replaced when the configuration is loaded anew.
  void set_limits(const limits::Config& config, bool fault);

  [[nodiscard]] std::size_t channel() const { return channel_; }
  [[nodiscard]] const history::State& history() const { return past_.state(); }
  /// One value of the history, or all, starts anew.
  void reset_history(std::optional<history::Field> field);

  /// Its part of the state file, and back.
  [[nodiscard]] nlohmann::json save() const;
  void restore(const nlohmann::json& saved, std::optional<double> seconds_ago);

 private:
  void step(const Reading* reading, TimePoint now);
  void age_shunt(TimePoint now);
  Reading with_shunts(const Reading& own);
  void publish();
  void register_service();
  void make_service(const victron::DeviceSettings& settings);
  void update_items();
  void tell(TimePoint now);
  [[nodiscard]] bool may_switch() const;
  [[nodiscard]] bool may_set_soc() const;
  void show_controls();
  victron::WriteAnswer written(std::string_view path, const victron::Value& value);
  [[nodiscard]] std::string claim_device_id();
  [[nodiscard]] std::string position() const;
  bool exchanged();
  [[nodiscard]] std::string connection_text() const;

  Shared& shared_;
  config::Battery section_;
  config::BatteryUnit unit_;
  const DriverInfo* driver_;
  Role role_;
  port::Bus* bus_ = nullptr;
  port::Station* station_ = nullptr;

  limits::Device device_;
  limits::State state_;
  limits::Limits limits_;
  std::optional<Reading> reading_;
  TimePoint last_step_{};
  Past past_;
  std::size_t channel_;  ///< of the recorder
  std::optional<ShuntMerge> merge_;
  bool soc_on_shunt_ = false;
  Battery* soc_from_ = nullptr;
  const Battery* current_from_ = nullptr;
  const Battery* voltage_from_ = nullptr;

  Controls controls_;
  BmsCommands commands_;
  std::vector<std::string> notes_;  ///< about its shunts
  LogFilter log_;
  std::string device_id_;     ///< in com.victronenergy.settings
  std::string serial_;        ///< of the BMS the service was registered for; empty: by section
  std::string shown_serial_;  ///< where it is not unique
  std::optional<TimePoint> other_serial_since_;
  CustomName name_;
  bool registering_ = false;
  std::unique_ptr<victron::BatteryService> service_;
  std::unique_ptr<victron::BatteryPaths> paths_;
};

}  // namespace bms::daemon
