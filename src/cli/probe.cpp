#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <deque>
#include <iostream>
#include <memory>

#include "bms/driver.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "port/port_finder.hpp"
#include "port/search.hpp"
#include "probe/prober.hpp"
#include "probe/report.hpp"

namespace bms::cli {
namespace {

namespace asio = boost::asio;

struct ProbeOptions {
  std::vector<std::string> ports;
  std::string driver;
  std::string address;
  unsigned baud = 0;
  bool thorough = false;
};

/// The search of one port, carried out.
struct Search {
  probe::PortResult result;
  std::unique_ptr<probe::Prober> prober;
  TimePoint told_at{};  ///< when its progress was last written where no line can be written over
};

/// On a terminal one line that changes; elsewhere (a pipe, ssh without a terminal) a line per port now and then: a
/// search of a silent port takes minutes.
void show_progress(Search& search, const probe::Attempt& attempt) {
  constexpr auto kPause = std::chrono::seconds(10);
  const std::string line = probe::progress_line(*search.prober, attempt);
  if (::isatty(STDERR_FILENO) == 1) {
    std::cerr << "\r\x1b[K" << line << std::flush;
    return;
  }
  const TimePoint now = Clock::now();
  if (search.told_at != TimePoint{} && now - search.told_at < kPause) return;
  search.told_at = now;
  std::cerr << search.result.path << ": " << line << '\n' << std::flush;
}

asio::awaitable<void> carry_out(asio::io_context& context, Search& search) {
  port::Line line(context);
  const auto before = [&search](const probe::Attempt& attempt) { show_progress(search, attempt); };
  search.result.problem = co_await port::search(line, search.result.path, *search.prober, before);
}

/// The name under which a port will still be found after USB renumbered.
std::string lasting_name(const std::string& spec, const std::vector<port::PortInfo>& ports) {
  for (const auto& port : ports) {
    if (port.path == spec) return port.stable_name();
  }
  return spec;
}

std::vector<Search> plan(const ProbeOptions& options, const probe::Scope& scope) {
  std::vector<Search> searches;
  const auto ports = port::list_ports();
  const auto add = [&](const std::string& name, const std::string& path, const std::string& problem) {
    Search& one = searches.emplace_back();
    one.prober = std::make_unique<probe::Prober>(drivers(), scope);
    one.result = {name, path, one.prober.get(), problem};
  };
  if (options.ports.empty()) {
    for (const auto& port : ports) add(port.stable_name(), port.path, "");
  }
  for (const auto& spec : options.ports) {
    const auto path = port::resolve_port(spec);
    add(lasting_name(spec, ports), path.value_or(spec), path ? "" : path.error());
  }
  return searches;
}

int run_probe(const ProbeOptions& options) {
  probe::Scope scope;
  scope.driver = options.driver;
  scope.thorough = options.thorough;
  if (options.baud != 0) scope.baud = options.baud;
  if (!options.driver.empty() && find_driver(options.driver) == nullptr) {
    std::cerr << unknown_driver(options.driver) << '\n';
    return kUsage;
  }
  if (!options.address.empty()) {
    scope.address = parse_address(options.address);
    if (!scope.address) {
      std::cerr << "--address " << options.address << ": must be 0 to 255 or 0x00 to 0xff\n";
      return kUsage;
    }
  }
  auto searches = plan(options, scope);
  asio::io_context context(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
  std::size_t running = 0;
  for (auto& one : searches) {
    if (!one.result.problem.empty()) continue;
    ++running;
    asio::co_spawn(context, carry_out(context, one), [&](const std::exception_ptr&) {
      if (--running == 0) context.stop();
    });
  }
  if (running > 0) context.run();
  if (::isatty(STDERR_FILENO) == 1) std::cerr << "\r\x1b[K";
  bool found = false;
  std::vector<probe::PortResult> results;
  for (const auto& one : searches) {
    std::cout << probe::found_text(one.result);
    found = found || !one.prober->found().empty();
    results.push_back(one.result);
  }
  if (searches.empty()) std::cerr << "no serial ports; name one: dbus-bms probe /dev/ttyUSB0\n";
  if (found) std::cout << '\n' << probe::config_text(results);
  return found ? kOk : kNegative;
}

}  // namespace

void add_probe(CLI::App& app, Action& action) {
  auto options = std::make_shared<ProbeOptions>();
  auto* command = app.add_subcommand("probe", "find batteries, read-only, and print a config.ini to paste");
  command->add_option("ports", options->ports, "ports to search (default: all serial ports)");
  command->add_option("--driver", options->driver, "only this protocol");
  command->add_option("--address", options->address, "only this address");
  command->add_option("--baud", options->baud, "only this rate")->check(CLI::Range(300, 1000000));
  command->add_flag("--all", options->thorough, "every address a protocol can have, also after a find");
  command->callback([&action, options] { action = [options] { return run_probe(*options); }; });
}

}  // namespace bms::cli
