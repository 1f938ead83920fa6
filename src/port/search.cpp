#include "port/search.hpp"

namespace bms::port {

boost::asio::awaitable<std::string> search(Line& line, std::string path, probe::Prober& prober,
                                           std::function<void(const probe::Attempt&)> before) {
  std::string problem;
  while (const auto attempt = prober.next()) {
    if (before) before(*attempt);
    const std::string reason = line.is_open() ? line.set_baud(attempt->baud) : line.open(path, attempt->baud);
    if (!reason.empty()) {
      problem = reason;
      if (!line.is_open()) break;
      prober.result(*attempt, fail(Fault::unsupported));  // an adapter that cannot do this rate
      continue;
    }
    DriverOptions options;
    options.address = attempt->address;
    if (attempt->driver->needs_cells) options.cells = 16;
    if (attempt->driver->needs_capacity) options.capacity_Ah = 100;
    const auto driver = attempt->driver->make(options);
    prober.result(*attempt, co_await line.run(*driver, driver->probe(), 2, [](Fault) {}));
  }
  co_return problem;
}

}  // namespace bms::port
