#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/bus_client.hpp"

namespace bms::test {

/// A service of somebody else, a battery's or another one with numbers, made of sd-bus alone: it can be old (without
/// GetItems), hang, lie. SetValue changes what is there already.
class FakeBattery {
 public:
  FakeBattery(boost::asio::io_context& loop, const std::string& address, std::string name)
      : loop_(loop), name_(std::move(name)), bus_(loop, address, {[this] { serve(); }, [this] { forget(); }}) {}
  FakeBattery(const FakeBattery&) = delete;
  FakeBattery& operator=(const FakeBattery&) = delete;
  ~FakeBattery() { forget(); }

  void start() {
    bus_.open();
    if (!run_until(loop_, [&] { return named_; })) throw std::runtime_error("the fake battery does not start");
  }
  void stop() { bus_.close(); }

  /// A new value with its ItemsChanged.
  void change(const std::string& path, double value) {
    values[path] = value;
    signal("/", "ItemsChanged", [&](sd_bus_message* message) {
      return sd_bus_message_append(message, "a{sa{sv}}", 1, path.c_str(), 2, "Value", "d", value, "Text", "s", "text");
    });
  }
  /// A new value as programs of the older kind announce it.
  void change_property(const std::string& path, double value) {
    values[path] = value;
    signal(path, "PropertiesChanged", [&](sd_bus_message* message) {
      return sd_bus_message_append(message, "a{sv}", 2, "Text", "s", "text", "Value", "d", value);
    });
  }
  /// Any signal; `build` appends its content.
  template <class Build>
  void signal(const std::string& path, const std::string& member, Build build) {
    sd_bus_message* message = nullptr;
    if (sd_bus_message_new_signal(bus_.raw(), &message, path.c_str(), "com.victronenergy.BusItem", member.c_str()) <
            0 ||
        build(message) < 0) {
      throw std::runtime_error("cannot build the signal");
    }
    sd_bus_send(bus_.raw(), message, nullptr);
    sd_bus_message_unref(message);
    bus_.rearm();
  }

  std::map<std::string, double> values = {{"/Connected", 1}};
  bool old = false;                                    ///< knows no GetItems; to be set before start()
  bool hangs = false;                                  ///< answers nothing more
  std::function<int(sd_bus_message*)> content;         ///< instead of `values`, for the answer to GetItems
  int questions = 0;                                   ///< calls that came
  bool refuses = false;                                ///< answers SetValue with an error number
  std::vector<std::pair<std::string, double>> writes;  ///< by SetValue, refused ones too

 private:
  void serve() {
    static const sd_bus_vtable kValue[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetValue", "", "v", &FakeBattery::value, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SetValue", "v", "i", &FakeBattery::set, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
    };
    // No vtable for GetItems: sd-bus would hold it to one signature.
    sd_bus_add_filter(bus_.raw(), &slots_[0], &FakeBattery::called, this);
    sd_bus_add_fallback_vtable(bus_.raw(), &slots_[1], "/", "com.victronenergy.BusItem", kValue, &FakeBattery::known,
                               this);
    sd_bus_request_name_async(bus_.raw(), &slots_[2], name_.c_str(), 0, &FakeBattery::named, this);
    bus_.rearm();
  }
  void forget() {
    named_ = false;
    for (auto& slot : slots_) slot = sd_bus_slot_unref(slot);
  }

  static FakeBattery& self(void* context) { return *static_cast<FakeBattery*>(context); }
  static int named(sd_bus_message* /*reply*/, void* context, sd_bus_error* /*error*/) {
    self(context).named_ = true;
    return 0;
  }
  static int known(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
                   sd_bus_error* /*error*/) {
    *found = context;
    return std::string(path) == "/" || self(context).values.contains(path) ? 1 : 0;
  }

  /// Sees all calls first; 1: done with it.
  static int called(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    auto& fake = self(context);
    const char* interface = sd_bus_message_get_interface(call);
    if (interface == nullptr || std::string(interface) != "com.victronenergy.BusItem") return 0;
    ++fake.questions;
    if (fake.hangs) return 1;
    if (fake.old || sd_bus_message_is_method_call(call, interface, "GetItems") <= 0) return 0;
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(call, &reply);
    const int result = fake.content ? fake.content(reply) : fake.append_items(reply);
    if (result >= 0) sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return 1;
  }

  int append_items(sd_bus_message* reply) const {
    sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
    for (const auto& [path, value] : values) {
      sd_bus_message_append(reply, "{sa{sv}}", path.c_str(), 2, "Value", "d", value, "Text", "s", "text");
    }
    return sd_bus_message_close_container(reply);
  }

  static int value(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    const auto& values = self(context).values;
    const std::string path = sd_bus_message_get_path(call);
    if (path != "/") return sd_bus_reply_method_return(call, "v", "d", values.at(path));
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(call, &reply);
    sd_bus_message_open_container(reply, 'v', "a{sv}");
    sd_bus_message_open_container(reply, 'a', "{sv}");
    for (const auto& [name, number] : values) sd_bus_message_append(reply, "{sv}", name.c_str() + 1, "d", number);
    sd_bus_message_close_container(reply);
    sd_bus_message_close_container(reply);
    const int result = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return result;
  }

  static int set(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
    auto& fake = self(context);
    const std::string path = sd_bus_message_get_path(call);
    const double number = read_one(call)[1].get<double>();
    fake.writes.emplace_back(path, number);
    if (fake.refuses) return sd_bus_reply_method_return(call, "i", 1);
    fake.change_property(path, number);
    return sd_bus_reply_method_return(call, "i", 0);
  }

  boost::asio::io_context& loop_;
  std::string name_;
  sd_bus_slot* slots_[3] = {};
  bool named_ = false;
  victron::BusConnection bus_;
};

}  // namespace bms::test
