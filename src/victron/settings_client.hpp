#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace bms::victron {

/// What com.victronenergy.settings (or, without it, the own list) knows about a device.
struct DeviceSettings {
  std::int32_t instance = 0;  ///< /DeviceInstance, >= 1; stays with the device id
  std::string custom_name;    ///< name given by the user, may be empty
  bool own = false;           ///< true: not from com.victronenergy.settings
};

/// Client of com.victronenergy.settings ("localsettings"): device instances and names of users.
///
/// The settings service may come late or never. On Venus OS it is waited for without end (`patience` = nullopt): two
/// services with one instance would break systemcalc. Elsewhere, after `patience`, instances come from an own list in
/// the state directory, and stay.
class SettingsClient {
 public:
  struct Options {
    std::string address;  ///< D-Bus address, see bus_address()
    std::optional<std::chrono::milliseconds> patience = std::chrono::seconds(10);
    /// A battery that is not in the own list yet waits this long for com.victronenergy.system; nullopt: not at all.
    std::optional<std::chrono::milliseconds> system_patience = {};
    std::filesystem::path list = {};  ///< own list of instances, "STATE_DIR/instances"; empty: kept in memory only
  };
  using Registered = std::function<void(const DeviceSettings&)>;

  SettingsClient(boost::asio::io_context& loop, Options options);
  SettingsClient(const SettingsClient&) = delete;
  SettingsClient& operator=(const SettingsClient&) = delete;
  ~SettingsClient();

  /// Reserves `/Settings/Devices/<id>/ClassAndVrmInstance`. `id` identifies the device, not its port; characters
  /// outside [A-Za-z0-9_] are replaced. `registered` is called once, from the loop.
  void register_device(std::string_view id, Registered registered);

  /// Keeps a name in `/Settings/Devices/<id>/CustomName` and in the own list; stored later while the service is away.
  void store_custom_name(std::string_view id, std::string_view name);

  /// Called with the new name when somebody else (another screen, the page with all devices) changes it there.
  void watch_custom_name(std::string_view id, std::function<void(const std::string& name)> renamed);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// A device id as localsettings takes it: [A-Za-z0-9_] only, no leading underscore, never empty.
std::string settings_id(std::string_view id);

/// True on a GX (or with DBUS_BMS_PLATFORM=venus, for containers and tests): there com.victronenergy.settings always
/// comes, sooner or later.
bool on_venus_os();

}  // namespace bms::victron
