#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "victron/item_tree.hpp"

namespace boost::asio {
class io_context;
}

namespace bms::victron {

/// Answer of the owner to a write that already has the right type and range.
enum class WriteResult {
  accepted,  ///< the item takes the written value
  done,      ///< accepted, but the item keeps its own value (a command, or the value follows when the BMS confirms)
  refused,   ///< the writer gets 2
};

/// The answer, and for a refusal why, with what is allowed instead: for the log.
struct WriteAnswer {
  WriteResult result = WriteResult::refused;
  std::string reason;

  WriteAnswer(WriteResult of) : result(of) {}  // NOLINT(google-explicit-constructor): most answers are just that
  static WriteAnswer refuse(std::string why) {
    WriteAnswer answer(WriteResult::refused);
    answer.reason = std::move(why);
    return answer;
  }
};

/// One `com.victronenergy.battery.*` service: a bus connection of its own and an item tree.
///
///     BatteryService service(loop, {"com.victronenergy.battery.dbusbms_rack", bus_address({})}, {on_write,
///     on_failed});
///     ... fill service.items() ...
///     service.publish();          // once: the first complete Reading is in and /DeviceInstance is known
///     ... set items ...
///     service.flush();            // after each poll: one ItemsChanged with what changed
///
/// A bus that restarts gets the service back with the same items and the same instance, without the owner's help.
class BatteryService {
 public:
  struct Options {
    std::string name;     ///< well-known bus name
    std::string address;  ///< D-Bus address, see bus_address()
    /// Answers GetRecording: a descriptor that stays the owner's, or -1. Empty: the method is not there.
    std::function<int()> recording = {};
  };
  struct Owner {
    /// Called for a write to a writable item, after type and range were checked. Runs on the loop; must not wait.
    std::function<WriteAnswer(std::string_view path, const Value& value)> write = {};
    /// The name could not be had (taken by another program, forbidden by the bus policy): one sentence for the log.
    /// The service stays off the bus; publish() tries again. Must not destroy the service.
    std::function<void(std::string_view message)> failed = {};
    /// The name is ours; again after each return of the bus. May be empty.
    std::function<void()> published = {};
  };

  BatteryService(boost::asio::io_context& loop, Options options, Owner owner);
  BatteryService(const BatteryService&) = delete;
  BatteryService& operator=(const BatteryService&) = delete;
  ~BatteryService();  ///< leaves the bus

  [[nodiscard]] ItemTree& items();
  [[nodiscard]] const std::string& name() const;

  /// Connects, registers all items, then requests the name (without queueing). Answers the mandatory path that is
  /// missing or invalid instead of starting, nullopt when all is well. Does nothing when already asked to.
  std::optional<std::string> publish();
  void flush();     ///< announces all changes in one signal; keeps them while the bus does not take messages
  void withdraw();  ///< leaves the bus
  [[nodiscard]] bool published() const;  ///< the name is ours now

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bms::victron
