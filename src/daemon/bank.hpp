#pragma once

#include <memory>
#include <vector>

#include "daemon/battery.hpp"
#include "daemon/custom_name.hpp"
#include "limits/bank.hpp"

namespace bms::daemon {

/// The bank that several batteries form: one set of limits and one service, from the same Readings as its members.
class Bank {
 public:
  Bank(Shared& shared, const config::Bank& config, std::vector<Battery*> members);
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;

  /// The battery named by `soc_from` (a shunt, perhaps no member); nullptr: there is none.
  void set_soc_source(Battery* source);
  /// A member has stepped: restrictions reach the chargers at once, everything else once a second (tick()).
  void member_stepped(TimePoint now);
  void tick(TimePoint now);
  /// The bank's part of a configuration that was loaded anew.
  void set_limits(const config::Bank& bank);
  [[nodiscard]] Controls& controls() { return controls_; }

  [[nodiscard]] std::size_t channel() const { return channel_; }
  [[nodiscard]] const history::State& history() const { return past_.state(); }
  void reset_history(std::optional<history::Field> field);

  [[nodiscard]] nlohmann::json save() const;
  void restore(const nlohmann::json& saved, std::optional<double> seconds_ago);

  [[nodiscard]] const limits::Limits& limits() const { return limits_; }
  [[nodiscard]] const Reading& reading() const { return reading_; }
  [[nodiscard]] const std::vector<Battery*>& members() const { return members_; }
  [[nodiscard]] const std::string& name() const { return name_.shown(); }

 private:
  bool complete(TimePoint now);
  void step(TimePoint now);
  void publish();
  void make_service(const victron::DeviceSettings& settings);
  void update_items();
  void show_controls();
  victron::WriteAnswer written(std::string_view path, const victron::Value& value);

  Shared& shared_;
  config::Bank config_;
  std::vector<Battery*> members_;
  const Battery* soc_from_ = nullptr;
  limits::BankState state_;
  limits::Limits limits_;
  Reading reading_;
  TimePoint now_{};
  Past past_;
  std::size_t channel_;  ///< of the recorder
  std::optional<TimePoint> first_heard_;
  Controls controls_;
  LogFilter log_;
  CustomName name_;
  bool registering_ = false;
  std::unique_ptr<victron::BatteryService> service_;
  std::unique_ptr<victron::BatteryPaths> paths_;
};

}  // namespace bms::daemon
