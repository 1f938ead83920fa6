#include "daemon/ports.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/log_filter.hpp"
#include "port/port_finder.hpp"

namespace bms::daemon {
namespace {

port::Bus& bus_for(Buses& buses, boost::asio::io_context& loop, const config::Battery& battery,
                   const DriverInfo& driver) {
  for (const auto& bus : buses.buses) {
    if (port::same_port(bus->port(), battery.port)) return *bus;
  }
  buses.buses.push_back(std::make_unique<port::Bus>(loop, battery.port, battery.baud.value_or(driver.baud)));
  return *buses.buses.back();
}

}  // namespace

std::unique_ptr<port::Station> make_station(const config::Battery& battery, const config::BatteryUnit& unit,
                                            const DriverInfo& driver, std::optional<unsigned> address) {
  DriverOptions options = config::driver_options(battery, unit);
  if (address) options.address = *address;
  auto station = std::make_unique<port::Station>();
  station->name = unit.name;
  station->driver = driver.make(options);
  station->interval = std::max(battery.poll_interval, driver.min_interval);
  return station;
}

Buses make_buses(boost::asio::io_context& loop, const config::Config& config) {
  Buses buses;
  for (const auto& battery : config.batteries) {
    const DriverInfo* driver = find_driver(battery.driver);
    if (driver == nullptr) continue;
    port::Bus& bus = bus_for(buses, loop, battery, *driver);
    for (const auto& unit : battery.units) {
      auto& station = bus.add(make_station(battery, unit, *driver, unit.address));
      buses.seats.push_back({&battery, &unit, driver, &bus, &station});
    }
  }
  return buses;
}

int open_ports(const Buses& buses) {
  std::size_t opened = 0;
  bool in_use = false;
  for (const auto& bus : buses.buses) {
    const std::string reason = bus->open();
    if (reason.empty()) {
      ++opened;
      continue;
    }
    in_use = in_use || reason.find("another program") != std::string::npos;
    spdlog::error("port {}", reason);
  }
  if (opened > 0 || buses.buses.empty()) return 0;
  return in_use ? 3 : 1;
}

void tell_about_port(port::Bus& bus) {
  bus.on_port = [name = bus.port()](const std::string& reason) {
    if (reason.empty()) {
      spdlog::info("port {}: open again", name);
    } else {
      spdlog::error("port {}; trying again with pauses of up to 30 s", reason);
    }
  };
  bus.on_silence = [name = bus.port(), filter = LogFilter(), times = 0](unsigned questions) mutable {
    if (!filter.changed("silence", std::to_string(++times), Clock::now())) return;
    spdlog::warn(
        "port {}: {} questions in a row without any answer; opened anew, and again every minute or sooner until "
        "one comes",
        name, questions);
  };
}

}  // namespace bms::daemon
