#pragma once

#include <functional>
#include <string>

#include "daemon/log_filter.hpp"
#include "victron/battery_service.hpp"
#include "victron/settings_client.hpp"

namespace bms::daemon {

/// The name a user gives to a service, on whatever screen: checked like that of the file, kept with the device, shown.
class CustomName {
 public:
  using Show = std::function<void(const std::string& name)>;

  /// `label` for the log; `of_file` is shown as long as the user has given none.
  CustomName(victron::SettingsClient& settings, std::string label, std::string of_file)
      : settings_(settings), label_(std::move(label)), of_file_(std::move(of_file)) {}

  /// A service appears for this device, whose kept name is `kept`. `show` gets every other one from now on.
  void begin(const std::string& device_id, const std::string& kept, Show show);
  [[nodiscard]] const std::string& shown() const { return given_.empty() ? of_file_ : given_; }
  /// Of the user; an empty one is that of the file again.
  victron::WriteAnswer write(const std::string& name);

 private:
  void take(const std::string& name);

  victron::SettingsClient& settings_;
  std::string label_;
  std::string of_file_;
  std::string device_id_;
  std::string given_;
  Show show_;
  LogFilter log_;
};

}  // namespace bms::daemon
