#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}
namespace sdbus {
class IConnection;
}
struct sd_bus;

namespace bms::victron {

/// Which bus to use: `argument` ("system", "session" or a D-Bus address), else $DBUS_SYSTEM_BUS_ADDRESS, else the
/// system bus. "session" is $DBUS_SESSION_BUS_ADDRESS; where that is not set it is the address "", which never
/// connects.
std::string bus_address(const std::optional<std::string>& argument);

/// One connection to a bus inside the loop: no thread, no call that waits. When the bus is not there or dies, it is
/// opened anew, first after 0.1 s, then less and less often, at least every 2 s.
class BusConnection {
 public:
  struct Events {
    /// The connection is up: objects, then names, then calls. Called from the loop, again after each return of the bus.
    std::function<void()> connected;
    /// The connection is gone. Destroy whatever belongs to it here (proxies, then objects): it is destroyed right
    /// after.
    std::function<void()> lost;
  };

  BusConnection(boost::asio::io_context& loop, std::string address, Events events);
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection();  ///< leaves the bus; calls nobody

  void open();   ///< starts connecting; does nothing when open
  void close();  ///< leaves the bus at once; `lost` is called when it was up
  [[nodiscard]] bool connected() const;

  /// Only while connected.
  [[nodiscard]] sdbus::IConnection& connection();
  [[nodiscard]] sd_bus* raw();  ///< for what sdbus-c++ 1.2 does not offer: fallback objects, asynchronous name requests

  void rearm();                              ///< after everything sent outside of a handler
  [[nodiscard]] std::size_t queued() const;  ///< messages the bus has not taken yet

 private:
  class Session;
  std::shared_ptr<Session> session_;
};

}  // namespace bms::victron
