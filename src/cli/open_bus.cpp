#include "cli/open_bus.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "victron/bus_connection.hpp"
#include "victron/bus_probe.hpp"

namespace bms::cli {

std::unique_ptr<sdbus::IConnection> open_bus(const std::optional<std::string>& address) {
  constexpr auto kDeadline = std::chrono::seconds(5);
  const std::string where = victron::bus_address(address);
  boost::asio::io_context loop(1);
  bool answers = false;
  boost::asio::co_spawn(loop, victron::bus_answers(where, kDeadline),
                        [&](const std::exception_ptr& error, bool yes) { answers = !error && yes; });
  loop.run();
  if (!answers) throw sdbus::Error("org.freedesktop.DBus.Error.NoServer", "no D-Bus answers at " + where);
  return sdbus::createSessionBusConnectionWithAddress(where);
}

}  // namespace bms::cli
