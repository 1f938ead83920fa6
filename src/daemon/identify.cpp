#include "daemon/identify.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "port/port_finder.hpp"
#include "port/search.hpp"

namespace bms::daemon {
namespace {

namespace asio = boost::asio;

constexpr auto kPause = std::chrono::seconds(30);

/// One search of the whole port; the line is closed again at its end. An empty text, or why it could not be searched.
asio::awaitable<std::string> search_once(asio::io_context& loop, std::string port, probe::Prober& prober) {
  const auto path = port::resolve_port(port);
  if (!path) co_return path.error();
  port::Line line(loop);
  const std::function<void(const probe::Attempt&)> nobody;
  std::string problem = co_await port::search(line, *path, prober, nobody);
  co_return problem;
}

}  // namespace

asio::awaitable<probe::Attempt> identify(asio::io_context& loop, config::Battery section) {
  probe::Scope scope;
  scope.baud = section.baud;
  if (!section.addresses.empty()) scope.address = section.addresses.front();
  asio::steady_timer timer(loop);
  for (;;) {
    probe::Prober prober(drivers(), scope);
    const std::string problem = co_await search_once(loop, section.port, prober);
    if (!problem.empty()) spdlog::error("{}: {}", section.section, problem);
    if (!prober.found().empty()) {
      const auto& attempt = prober.found().front().attempt;
      spdlog::info("{}: found {}; `dbus-bms probe` prints the configuration that saves this search", section.section,
                   probe::to_string(attempt));
      co_return attempt;
    }
    spdlog::warn("{}: no battery answers on {}; searching again in {} s", section.section, section.port,
                 kPause.count());
    timer.expires_after(kPause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace bms::daemon
