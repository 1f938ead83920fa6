#pragma once

#include <systemd/sd-bus.h>

#include <map>
#include <set>
#include <string>

#include "support/bus_client.hpp"

namespace bms::test {

/// com.victronenergy.settings as far as a battery driver needs it: AddSettings with the allocation of instances per
/// class, SetValue and GetValue of what was added. Values survive stop() and start(), as its file does.
class FakeSettings {
 public:
  FakeSettings(boost::asio::io_context& loop, const std::string& address)
      : loop_(loop), bus_(loop, address, {[this] { serve(); }, [this] { forget(); }}) {}
  FakeSettings(const FakeSettings&) = delete;
  FakeSettings& operator=(const FakeSettings&) = delete;
  ~FakeSettings() { forget(); }

  void start() {
    bus_.open();
    if (!run_until(loop_, [&] { return named_; })) throw std::runtime_error("settings service does not start");
  }
  void stop() { bus_.close(); }
  /// As another client's SetValue: the value and the signal.
  void change(const std::string& path, const std::string& value) {
    values[path] = value;
    announce(path);
  }

  std::map<std::string, std::string> values;  ///< path to text
  int add_calls = 0;
  bool broken = false;  ///< answers AddSettings with errors for every entry

 private:
  void serve() {
    static const sd_bus_vtable kRoot[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("AddSettings", "aa{sv}", "aa{sv}", &FakeSettings::add, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
    };
    static const sd_bus_vtable kLeaf[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("SetValue", "v", "i", &FakeSettings::set, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetValue", "", "v", &FakeSettings::get, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
    };
    sd_bus_add_object_vtable(bus_.raw(), &slots_[0], "/", "com.victronenergy.Settings", kRoot, this);
    sd_bus_add_fallback_vtable(bus_.raw(), &slots_[1], "/Settings", "com.victronenergy.BusItem", kLeaf,
                               &FakeSettings::known, this);
    sd_bus_request_name_async(bus_.raw(), &slots_[2], "com.victronenergy.settings", 0, &FakeSettings::named, this);
    bus_.rearm();
  }
  void forget() {
    named_ = false;
    for (auto& slot : slots_) slot = sd_bus_slot_unref(slot);
  }

  static FakeSettings& self(void* context) { return *static_cast<FakeSettings*>(context); }
  static int named(sd_bus_message* /*reply*/, void* context, sd_bus_error* /*error*/) {
    self(context).named_ = true;
    return 0;
  }
  static int known(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
                   sd_bus_error* /*error*/) {
    *found = context;
    return self(context).values.contains(path) ? 1 : 0;
  }

  /// "class:n" with the asked number, or the next one that no other device of the class has.
  std::string allocate(const std::string& wanted) const {
    std::set<std::string> taken;
    for (const auto& [path, value] : values) {
      if (path.ends_with("/ClassAndVrmInstance")) taken.insert(value);
    }
    const auto colon = wanted.find(':');
    int number = std::stoi(wanted.substr(colon + 1));
    while (taken.contains(wanted.substr(0, colon + 1) + std::to_string(number))) ++number;
    return wanted.substr(0, colon + 1) + std::to_string(number);
  }

  static int add(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    auto& fake = self(context);
    ++fake.add_calls;
    const Json request = read_one(call);
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(call, &reply);
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const auto& entry : request) {
      const std::string path = entry["path"][1];
      const std::string preset = entry["default"][1];
      if (fake.broken) {
        sd_bus_message_append(reply, "a{sv}", 2, "path", "s", path.c_str(), "error", "i", -5);
        continue;
      }
      if (!fake.values.contains(path)) {
        fake.values[path] = path.ends_with("/ClassAndVrmInstance") ? fake.allocate(preset) : preset;
      }
      sd_bus_message_append(reply, "a{sv}", 3, "path", "s", path.c_str(), "error", "i", 0, "value", "s",
                            fake.values[path].c_str());
    }
    sd_bus_message_close_container(reply);
    const int result = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return result;
  }

  void announce(const std::string& path) {
    sd_bus_message* signal = nullptr;
    sd_bus_message_new_signal(bus_.raw(), &signal, path.c_str(), "com.victronenergy.BusItem", "PropertiesChanged");
    const char* text = values[path].c_str();
    sd_bus_message_append(signal, "a{sv}", 2, "Value", "s", text, "Text", "s", text);
    sd_bus_send(nullptr, signal, nullptr);
    sd_bus_message_unref(signal);
    bus_.rearm();
  }

  static int set(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    const Json value = read_one(call);
    if (value[0] != "s") return sd_bus_reply_method_return(call, "i", -1);
    const std::string path = sd_bus_message_get_path(call);
    self(context).values[path] = value[1].get<std::string>();
    self(context).announce(path);
    return sd_bus_reply_method_return(call, "i", 0);
  }

  static int get(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    return sd_bus_reply_method_return(call, "v", "s", self(context).values[sd_bus_message_get_path(call)].c_str());
  }

  boost::asio::io_context& loop_;
  sd_bus_slot* slots_[3] = {};
  bool named_ = false;
  victron::BusConnection bus_;
};

}  // namespace bms::test
