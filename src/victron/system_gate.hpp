#pragma once

#include <systemd/sd-bus.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace bms::victron {

class BusConnection;

/// Waits for com.victronenergy.system, for a limited time. A battery that nobody knows yet must not be on the bus while
/// that program starts: it makes settings for each new battery then, and a race in it can stall its start for good. It
/// is no prerequisite: whoever does without it waits no longer than `patience`.
class SystemGate {
 public:
  /// nullopt: always open.
  SystemGate(boost::asio::io_context& loop, std::optional<std::chrono::milliseconds> patience);
  SystemGate(const SystemGate&) = delete;
  SystemGate& operator=(const SystemGate&) = delete;
  ~SystemGate();

  void watch(BusConnection& bus);  ///< the connection is up
  void forget();                   ///< it is gone
  /// Calls `then` when the gate is open: at once, or from the loop.
  void pass(std::function<void()> then);

 private:
  void open();
  static int came(sd_bus_message* signal, void* context, sd_bus_error* error) noexcept;
  static int listening(sd_bus_message* reply, void* context, sd_bus_error* error) noexcept;
  static int told(sd_bus_message* reply, void* context, sd_bus_error* error) noexcept;

  std::optional<std::chrono::milliseconds> patience_;
  boost::asio::steady_timer timer_;
  bool open_;
  std::vector<std::function<void()>> waiting_;
  BusConnection* bus_ = nullptr;
  sd_bus_slot* match_ = nullptr;
  sd_bus_slot* question_ = nullptr;
};

}  // namespace bms::victron
