#pragma once

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>

#include <boost/asio.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/loop.hpp"
#include "victron/bus_connection.hpp"

namespace bms::test {

using Json = nlohmann::ordered_json;

/// The rest of the container the message stands in. A variant is [signature, value].
inline Json read_one(sd_bus_message* message);

inline Json read_rest(sd_bus_message* message) {
  Json list = Json::array();
  while (sd_bus_message_at_end(message, 0) == 0) list.push_back(read_one(message));
  return list;
}

template <class T>
Json read_basic(sd_bus_message* message, char type) {
  T value{};
  if (sd_bus_message_read_basic(message, type, &value) < 0) throw std::runtime_error("unreadable message");
  return value;
}

inline Json read_container(sd_bus_message* message, char type, const std::string& contents) {
  if (sd_bus_message_enter_container(message, type, contents.c_str()) < 0) throw std::runtime_error("bad container");
  Json value;
  if (type == 'v') {
    value = Json::array({contents, read_one(message)});
  } else if (contents.starts_with('{')) {
    value = Json::object();
    while (sd_bus_message_at_end(message, 0) == 0) {
      Json entry = read_one(message);
      value[entry[0].get<std::string>()] = entry[1];
    }
  } else {
    value = read_rest(message);
  }
  sd_bus_message_exit_container(message);
  return value;
}

inline Json read_one(sd_bus_message* message) {
  const char* contents = nullptr;
  char type = 0;
  if (sd_bus_message_peek_type(message, &type, &contents) <= 0) throw std::runtime_error("message ends early");
  switch (type) {
    case 'y':
      return read_basic<std::uint8_t>(message, type);
    case 'b':
    case 'i':
      return read_basic<std::int32_t>(message, type);
    case 'u':
      return read_basic<std::uint32_t>(message, type);
    case 'x':
      return read_basic<std::int64_t>(message, type);
    case 'd':
      return read_basic<double>(message, type);
    case 's':
    case 'o':
    case 'g':
      return read_basic<const char*>(message, type);
    default:
      return read_container(message, type, contents);
  }
}

/// A client on the bus, in the loop of the test: calls run the loop until the answer is there.
class BusClient {
 public:
  struct Answer {           // NOLINT(bugprone-exception-escape): nlohmann's destructor is not marked
    std::string error;      ///< D-Bus error name, empty when it was answered
    std::string signature;  ///< of the reply
    Json value;             ///< the first argument
  };
  struct ItemsChanged {
    std::string sender;  ///< unique name
    std::string path;
    Json items;
  };

  BusClient(boost::asio::io_context& loop, const std::string& address)
      : loop_(loop), bus_(loop, address, {[this] { listen(); }, [this] { forget(); }}) {
    bus_.open();
    if (!run_until(loop, [&] { return listening_; })) throw std::runtime_error("no bus");
  }
  BusClient(const BusClient&) = delete;
  BusClient& operator=(const BusClient&) = delete;
  ~BusClient() { forget(); }

  /// `build` appends the arguments and answers sd-bus's result.
  template <class Build>
  Answer call(const std::string& service, const std::string& path, const std::string& method, Build build,
              const std::string& interface = "com.victronenergy.BusItem") {
    sd_bus_message* message = nullptr;
    if (sd_bus_message_new_method_call(bus_.raw(), &message, service.c_str(), path.c_str(), interface.c_str(),
                                       method.c_str()) < 0 ||
        build(message) < 0) {
      throw std::runtime_error("cannot build the call");
    }
    Pending pending;
    sd_bus_slot* slot = nullptr;
    sd_bus_call_async(bus_.raw(), &slot, message, &BusClient::answered, &pending, 0);
    sd_bus_message_unref(message);
    bus_.rearm();
    const bool done = run_until(loop_, [&] { return pending.done; });
    sd_bus_slot_unref(slot);
    if (!done) pending.answer.error = "no answer";
    return pending.answer;
  }
  Answer call(const std::string& service, const std::string& path, const std::string& method,
              const std::string& interface = "com.victronenergy.BusItem") {
    return call(
        service, path, method, [](sd_bus_message*) { return 0; }, interface);
  }

  template <class T>
  Answer set(const std::string& service, const std::string& path, const char* type, T value) {
    return call(service, path, "SetValue",
                [&](sd_bus_message* message) { return sd_bus_message_append(message, "v", type, value); });
  }

  /// Unique name of a service's owner, empty while it is not on the bus.
  std::string owner(const std::string& service) {
    const auto answer = call(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "GetNameOwner",
        [&](sd_bus_message* message) { return sd_bus_message_append(message, "s", service.c_str()); },
        "org.freedesktop.DBus");
    return answer.error.empty() ? answer.value.get<std::string>() : "";
  }

  [[nodiscard]] bool connected() const { return listening_ && bus_.connected(); }
  victron::BusConnection& bus() { return bus_; }

  std::vector<ItemsChanged> signals;       ///< all ItemsChanged since the test cleared it
  std::vector<std::string> other_signals;  ///< members of com.victronenergy.BusItem other than ItemsChanged

 private:
  struct Pending {  // NOLINT(bugprone-exception-escape): as above
    bool done = false;
    Answer answer;
  };

  static int answered(sd_bus_message* reply, void* context, sd_bus_error* /*error*/) {
    auto& pending = *static_cast<Pending*>(context);
    pending.done = true;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply)) {
      pending.answer.error = error->name;
      return 0;
    }
    pending.answer.signature = sd_bus_message_get_signature(reply, 1);
    if (!pending.answer.signature.empty()) pending.answer.value = read_one(reply);
    return 0;
  }

  void listen() {
    sd_bus_match_signal_async(bus_.raw(), &match_, nullptr, nullptr, "com.victronenergy.BusItem", nullptr,
                              &BusClient::heard, &BusClient::installed, this);
  }
  static int installed(sd_bus_message* /*reply*/, void* context, sd_bus_error* /*error*/) {
    static_cast<BusClient*>(context)->listening_ = true;
    return 1;
  }
  static int heard(sd_bus_message* message, void* context, sd_bus_error* /*error*/) {
    auto& self = *static_cast<BusClient*>(context);
    const std::string member = sd_bus_message_get_member(message);
    if (member != "ItemsChanged") {
      self.other_signals.push_back(member);
      return 0;
    }
    self.signals.push_back({sd_bus_message_get_sender(message), sd_bus_message_get_path(message), read_one(message)});
    return 0;
  }
  void forget() {
    listening_ = false;
    match_ = sd_bus_slot_unref(match_);
  }

  boost::asio::io_context& loop_;
  sd_bus_slot* match_ = nullptr;
  bool listening_ = false;
  victron::BusConnection bus_;
};

}  // namespace bms::test
