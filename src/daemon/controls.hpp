#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/overrides.hpp"
#include "daemon/bms_commands.hpp"
#include "daemon/log_filter.hpp"
#include "daemon/user_settings.hpp"
#include "limits/bank.hpp"
#include "limits/input.hpp"
#include "victron/battery_service.hpp"

namespace bms::daemon {

/// The writable items of one service and what they do: limits on top of the file, switches, requests to the engine.
///
/// A bank passes on what only its batteries can do; a write that one of them refuses changes none.
class Controls {
 public:
  struct Setup {
    std::string name;  ///< for the log and the store
    bool bank = false;
    config::Tunable file;
    bool locked = false;  ///< the file's limits were wrong
  };
  Controls(Setup setup, UserSettings& settings);
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;

  /// The batteries of a bank.
  void set_members(std::vector<Controls*> members) { members_ = std::move(members); }
  /// The BMS's MOSFETs can be switched by these; nullptr: switches act on the limits only.
  void set_commands(BmsCommands* commands) { commands_ = commands; }
  /// How the SoC of this battery is set, or why it is not.
  std::function<victron::WriteAnswer(double soc_pct)> set_soc;

  /// What users have changed of the file's limits; called when it may have become something else.
  std::function<void(const config::Overrides::Values&)> on_values;

  /// What an earlier run kept.
  void restore();
  void set_file(const config::Tunable& file, bool locked);
  [[nodiscard]] const config::Tunable& in_force() const { return overrides_.effective(); }
  /// The SoC of the engine's own counter.
  void request_soc(double soc_pct) { soc_pct_ = soc_pct; }

  /// nullopt: not an item of this.
  std::optional<victron::WriteAnswer> written(std::string_view path, const victron::Value& value);
  /// Hands the requests of users to the next step.
  void fill(limits::Input& input);
  void fill(limits::BankInput& input);
  /// Settings and switches as they are.
  void show(victron::ItemTree& tree) const;
  /// What differs from the file, and what the BMS did not do.
  void add_notes(std::vector<std::string>& notes) const;
  /// All MOSFETs concerned can be switched.
  [[nodiscard]] bool can_switch() const;

 private:
  /// Charging or discharging, switched off by a user.
  struct Switch {
    BmsCommands::Kind kind;
    bool UserChoice::*off;
    const char* what;
    bool pending = false;  ///< the BMS has not answered yet
    bool wanted_off = false;
    std::string failure = {};
  };

  victron::WriteAnswer change_limit(std::string_view key, double value);
  std::optional<std::string> change_all(std::string_view key, double value);
  victron::WriteAnswer restore_file();
  victron::WriteAnswer turn(Switch& which, bool off);
  void turned(Switch& which, bool off, bool confirmed);
  victron::WriteAnswer set_mode(int mode);
  victron::WriteAnswer change_soc(double soc_pct);
  void acknowledge();
  [[nodiscard]] bool shown(const Switch& which) const;
  [[nodiscard]] bool shared(std::string_view key) const;
  void keep();
  void look_up();
  void log(const std::string& subject, const std::string& text);

  Setup setup_;
  UserSettings& settings_;
  config::Overrides overrides_;
  std::vector<std::optional<double>> values_;  ///< of setting_paths(), in force
  std::vector<std::string> differences_;       ///< from the file
  std::vector<Controls*> members_;
  BmsCommands* commands_ = nullptr;
  Switch charge_{BmsCommands::Kind::charge_fet, &UserChoice::charge_off, "charging"};
  Switch discharge_{BmsCommands::Kind::discharge_fet, &UserChoice::discharge_off, "discharging"};
  LogFilter log_;
  std::optional<double> soc_pct_;
  bool rebulk_ = false;
  bool top_balance_ = false;
  bool acknowledge_ = false;
};

}  // namespace bms::daemon
