#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <iostream>
#include <memory>

#include "bms/driver.hpp"
#include "capture/capture.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "port/line.hpp"
#include "port/port_finder.hpp"

namespace bms::cli {
namespace {

namespace asio = boost::asio;

struct CaptureOptions {
  std::string port;
  std::string driver;
  std::string address;
  std::string file;
  unsigned baud = 0;
  double seconds = 60;
};

/// Writes what a line sees in the capture format: one `>` line a request, one `<` line for all that came in answer,
/// without passwords and PINs.
class Recorder {
 public:
  Recorder(const Driver& driver, std::ostream& out) : driver_(driver), out_(out), start_(Clock::now()) {}
  ~Recorder() { finish(); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void see(const port::LineEvent& event) {
    const double now = std::chrono::duration<double>(Clock::now() - start_).count();
    if (event.kind == port::LineEvent::Kind::request) {
      finish();
      request_.assign(event.request.begin(), event.request.end());
      out_ << format_capture_line(true, request_, now) << '\n';
      return;
    }
    if (heard_.empty()) heard_at_ = now;
    append(heard_, event.bytes);
    if (request_.empty()) finish();  // a stream has no exchanges: piece by piece
  }

  void finish() {
    if (heard_.empty()) return;
    out_ << format_capture_line(false, driver_.redacted(request_, heard_), heard_at_) << '\n';
    heard_.clear();
  }

 private:
  const Driver& driver_;
  std::ostream& out_;
  TimePoint start_;
  Bytes request_;
  Bytes heard_;
  double heard_at_ = 0;
};

struct Tally {
  int readings = 0;
  int failures = 0;
  bool lost = false;
};

asio::awaitable<void> record(port::Line& line, Driver& driver, std::chrono::milliseconds interval, TimePoint end,
                             Tally& tally) {
  constexpr int kAttempts = 2;  // one lost answer of a dozen is no reason to lose the rest of the set
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (TimePoint next = Clock::now(); Clock::now() < end;) {
    const auto reading = co_await line.run(driver, driver.poll(Clock::now()), kAttempts, [](Fault) {});
    ++(reading ? tally.readings : tally.failures);
    tally.lost = !reading && reading.error() == Fault::io;
    if (tally.lost) break;
    next = std::max(next + interval, Clock::now());
    timer.expires_at(std::min(next, end));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

int capture(const CaptureOptions& options) {
  const DriverInfo* info = find_driver(options.driver);
  if (info == nullptr) {
    std::cerr << unknown_driver(options.driver) << '\n';
    return kUsage;
  }
  DriverOptions made;
  made.address = info->address_default;
  if (!options.address.empty()) {
    const auto address = parse_address(options.address);
    if (!address || !info->has_address || *address < info->address_min || *address > info->address_max) {
      std::cerr << fmt::format("--address {}: must be {} to {}\n", options.address, info->address_min,
                               info->address_max);
      return kUsage;
    }
    made.address = *address;
  }
  const auto path = port::resolve_port(options.port);
  if (!path) {
    std::cerr << path.error() << '\n';
    return kNegative;
  }
  std::ofstream file;
  if (!options.file.empty()) {
    file.open(options.file);
    if (!file) {
      std::cerr << options.file << ": cannot be written\n";
      return kRuntime;
    }
  }
  asio::io_context context(1);
  port::Line line(context);
  const unsigned baud = options.baud != 0 ? options.baud : info->baud;
  if (const std::string reason = line.open(*path, baud); !reason.empty()) {
    std::cerr << reason << '\n';
    return kRuntime;
  }
  std::ostream& out = options.file.empty() ? std::cout : file;
  out << fmt::format("#! driver: {}\n#! baud: {}\n", info->name, baud);
  if (info->has_address) out << fmt::format("#! address: {}\n", made.address);
  const auto driver = info->make(made);
  Recorder recorder(*driver, out);
  line.observer = [&recorder](const port::LineEvent& event) { recorder.see(event); };
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
  Tally tally;
  const auto span = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
  asio::co_spawn(context, record(line, *driver, info->min_interval, Clock::now() + span, tally),
                 [&context](const std::exception_ptr&) { context.stop(); });
  context.run();
  recorder.finish();
  std::cerr << fmt::format("{} readings, {} polls without one{}\n", tally.readings, tally.failures,
                           tally.lost ? "; the port is gone" : "");
  if (tally.lost) return kRuntime;
  return tally.readings > 0 ? kOk : kNegative;
}

}  // namespace

void add_capture(CLI::App& app, Action& action) {
  auto options = std::make_shared<CaptureOptions>();
  auto* command = app.add_subcommand("capture", "record a conversation with a device, without its passwords");
  command->add_option("port", options->port, "device, usb:SERIAL or path:BY-PATH")->required();
  command->add_option("--driver", options->driver, "protocol to speak")->required();
  command->add_option("--address", options->address, "address of the battery, decimal or 0x...");
  command->add_option("--baud", options->baud, "instead of the driver's")->check(CLI::Range(300, 1000000));
  command->add_option("--seconds", options->seconds, "how long (default 60)")->check(CLI::Range(0.1, 86400.0));
  command->add_option("-o", options->file, "file to write (default: standard output)");
  command->callback([&action, options] { action = [options] { return capture(*options); }; });
}

}  // namespace bms::cli
