#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bms::victron {

class BusConnection;

/// One numeric item of another program's service: follows its value and sets it, without ever waiting. The service may
/// come, go and come back as somebody else. Lives on a connection whose owner calls connected() and lost().
class ForeignItem {
 public:
  struct Address {
    std::string service;  ///< well-known name
    std::string path;
  };
  struct Events {
    /// Another value, or nothing known any more (service gone, item invalid).
    std::function<void()> changed;
    /// Something failed and only asking again later can help: call retry() then.
    std::function<void(const std::string& reason)> failed;
  };

  ForeignItem(BusConnection& bus, Address address, Events events);
  ForeignItem(const ForeignItem&) = delete;
  ForeignItem& operator=(const ForeignItem&) = delete;
  ~ForeignItem();

  void connected();
  void lost();
  void retry();  ///< looks for the service anew and reads the value again

  [[nodiscard]] bool looked() const { return looked_; }         ///< false while the first answers are on their way
  [[nodiscard]] bool there() const { return !owner_.empty(); }  ///< the service is on the bus
  [[nodiscard]] const std::optional<double>& value() const { return value_; }

  /// Sends SetValue. `done` hears "" (value() is the new one then) or why it was not taken; never when the service or
  /// the bus goes before.
  void set(std::int32_t value, std::function<void(const std::string& reason)> done);
  [[nodiscard]] bool setting() const { return set_call_ != nullptr; }

 private:
  using Handler = void (ForeignItem::*)(sd_bus_message*);
  template <Handler handler>
  static int handle(sd_bus_message* message, void* context, sd_bus_error* error) noexcept;

  void watching(sd_bus_message* reply);
  void owner_told(sd_bus_message* reply);
  void owner_changed(sd_bus_message* signal);
  void listening(sd_bus_message* reply);
  void told(sd_bus_message* reply);
  void announced(sd_bus_message* signal);
  void was_set(sd_bus_message* reply);

  void follow(const std::string& owner);
  void forget_owner();
  void take(std::optional<double> value);
  void sent(int result);

  BusConnection& bus_;
  Address address_;
  Events events_;
  std::string owner_;  ///< unique name
  std::optional<double> value_;
  bool looked_ = false;
  std::int32_t set_value_ = 0;
  std::function<void(const std::string&)> set_done_;
  sd_bus_slot* owner_rule_ = nullptr;
  sd_bus_slot* owner_call_ = nullptr;
  sd_bus_slot* signal_rule_ = nullptr;
  sd_bus_slot* read_call_ = nullptr;
  sd_bus_slot* set_call_ = nullptr;
};

}  // namespace bms::victron
