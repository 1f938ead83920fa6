#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "port/bus.hpp"

namespace bms::daemon {

/// One configured battery on its bus.
struct Seat {
  const config::Battery* battery;
  const config::BatteryUnit* unit;
  const DriverInfo* driver;
  port::Bus* bus;
  port::Station* station;
};

/// All buses of a configuration, and who sits where.
struct Buses {
  std::vector<std::unique_ptr<port::Bus>> buses;
  std::vector<Seat> seats;
};

/// A battery's place on a bus, polled by `driver` at `address` (nullopt: what the driver takes by itself).
std::unique_ptr<port::Station> make_station(const config::Battery& battery, const config::BatteryUnit& unit,
                                            const DriverInfo& driver, std::optional<unsigned> address);

/// Makes a bus for each port and a station for each battery on a port. Nothing is opened yet. Batteries of other
/// sources (driver dbus) are left out.
Buses make_buses(boost::asio::io_context& loop, const config::Config& config);

/// Opens all ports. Exit code 0 when at least one of them can be used (the others are retried for ever), else 1 (no
/// such port) or 3 (somebody else uses it), with the reasons in the log.
int open_ports(const Buses& buses);

/// From now on the log tells when the port is lost, is back, or was opened anew because nothing answered.
void tell_about_port(port::Bus& bus);

}  // namespace bms::daemon
