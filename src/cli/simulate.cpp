#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "bms/driver.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "reading/json.hpp"
#include "sim/simulated_line.hpp"

namespace bms::cli {
namespace {

namespace asio = boost::asio;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

struct SimulateOptions {
  std::string driver;
  std::string link;
  std::vector<std::string> addresses;
  std::vector<std::string> faults;
  std::vector<std::string> settings;
  sim::BatterySpec battery;
  unsigned baud = 0;
  std::uint64_t seed = 1;
  bool unpaced = false;
  bool frozen = false;
};

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// The simulator as a person or a test drives it: JSON lines on standard input, answers on standard output.
class Simulation {
 public:
  Simulation(asio::io_context& context, const SimulateOptions& options, unsigned baud)
      : options_(options), line_(context, baud, options.seed), timer_(context), input_(context) {
    line_.set_pacing(!options.unpaced);
  }

  std::string start(const DriverInfo& info) {
    std::vector<std::string> addresses = options_.addresses;
    if (addresses.empty()) addresses.push_back(std::to_string(info.address_default));
    unsigned number = 0;
    for (const auto& text : addresses) {
      const auto address = parse_address(text);
      if (!address || (info.has_address && (*address < info.address_min || *address > info.address_max))) {
        return fmt::format("--address {}: must be {} to {}", text, info.address_min, info.address_max);
      }
      SimulatorOptions device{*address, {}};
      for (const auto& setting : options_.settings) {
        const auto equals = setting.find('=');
        if (equals == std::string::npos) return fmt::format("--setting {}: must be KEY=VALUE", setting);
        device.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
      }
      sim::BatterySpec spec = options_.battery;
      spec.serial = fmt::format("SIM{:05}", ++number);
      auto& member = line_.add(*address, info.simulate(device), spec);
      for (const auto& fault : options_.faults) {
        if (auto wrong = member.faults.set(fault)) return "--fault " + *wrong;
      }
    }
    return line_.open(options_.link);
  }

  asio::awaitable<void> run() {
    auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, line_.run(), asio::detached);
    if (!options_.frozen) asio::co_spawn(executor, let_time_pass(), asio::detached);
    asio::co_spawn(executor, obey(), asio::detached);
    announce();
  }

 private:
  void announce() { say(fmt::format("port {}", options_.link.empty() ? line_.path() : options_.link)); }

  asio::awaitable<void> let_time_pass() {
    for (TimePoint next = Clock::now();;) {
      next += std::chrono::seconds(1);
      timer_.expires_at(next);
      const auto [error] = co_await timer_.async_wait(kTuple);
      if (error) co_return;
      for (const auto& member : line_.members()) member->battery.advance(1);
    }
  }

  asio::awaitable<void> obey() {
    boost::system::error_code error;
    input_.assign(::dup(0), error);
    if (error) co_return;  // a file or nothing as input: nobody to obey
    std::string buffer;
    for (;;) {
      const auto [problem, size] =
          co_await asio::async_read_until(input_, asio::dynamic_buffer(buffer, 65536), '\n', kTuple);
      if (problem) co_return;
      const std::string command = buffer.substr(0, size);
      buffer.erase(0, size);
      try {
        obey(nlohmann::json::parse(command));
      } catch (const std::exception& wrong) {
        say(nlohmann::json{{"error", wrong.what()}}.dump());
      }
    }
  }

  void obey(const nlohmann::json& command) {
    for (const auto& member : line_.members()) {
      if (command.contains("address") && command.at("address") != member->address) continue;
      if (command.contains("set")) {
        const auto& changes = command.at("set");
        Reading& truth = member->battery.truth();
        apply_json(changes, truth);
        if (changes.contains("soc_pct") && !changes.contains("remaining_Ah") && truth.soc_pct && truth.capacity_Ah) {
          truth.remaining_Ah = *truth.capacity_Ah * *truth.soc_pct / 100;  // what the battery counts
        }
        if (changes.contains("cells_V") || changes.contains("voltage_V")) member->battery.hold_voltages(true);
        member->battery.advance(0);
      }
      if (command.contains("fault")) {
        if (auto wrong = member->faults.set(command.at("fault").get<std::string>()))
          throw std::invalid_argument(*wrong);
      }
    }
    if (command.contains("hang_up")) line_.hang_up();
    if (command.contains("open")) {
      if (auto wrong = line_.open(options_.link); !wrong.empty()) throw std::runtime_error(wrong);
      announce();
      return;
    }
    if (command.contains("truth")) {
      say(truth().dump());
      return;
    }
    say(R"({"ok":true})");
  }

  nlohmann::ordered_json truth() {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& member : line_.members()) {
      auto reading = to_json(member->device->quantised(member->battery.truth()), 0);
      reading["address"] = member->address;
      reading["writes"] = member->writes;
      reading["asked"] = member->asked;
      reading["asked_at_s"] = std::chrono::duration<double>(member->asked_at.time_since_epoch()).count();
      reading["answers"] = member->answers;
      list.push_back(std::move(reading));
    }
    return {{"truth", std::move(list)}};
  }

  const SimulateOptions& options_;
  sim::SimulatedLine line_;
  asio::steady_timer timer_;
  asio::posix::stream_descriptor input_;
};

int simulate(const SimulateOptions& options) {
  const DriverInfo* info = find_driver(options.driver);
  if (info == nullptr || info->simulate == nullptr) {
    std::fputs((unknown_driver(options.driver) + "\n").c_str(), stderr);
    return kUsage;
  }
  asio::io_context context(1);
  Simulation simulation(context, options, options.baud != 0 ? options.baud : info->baud);
  if (const std::string wrong = simulation.start(*info); !wrong.empty()) {
    std::fputs((wrong + "\n").c_str(), stderr);
    return wrong.starts_with("--") ? kUsage : kRuntime;
  }
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
  asio::co_spawn(context, simulation.run(), asio::detached);
  context.run();
  return kOk;
}

}  // namespace

void add_simulate(CLI::App& app, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  auto* command = app.add_subcommand("simulate", "a simulated battery on a pseudo-terminal, with faults on demand");
  command->add_option("--driver", options->driver, "protocol to speak")->required();
  command->add_option("--link", options->link, "make this symbolic link to the pseudo-terminal");
  command->add_option("--address", options->addresses, "one battery per address (1,2,3)")->delimiter(',');
  command->add_option("--baud", options->baud, "pace of the wire (default: the driver's)")
      ->check(CLI::Range(300, 1000000));
  command->add_option("--cells", options->battery.cells, "cells in series")->check(CLI::Range(1, 32));
  command->add_option("--capacity", options->battery.capacity_Ah, "Ah")->check(CLI::Range(1.0, 5000.0));
  command->add_option("--soc", options->battery.soc_pct, "state of charge at start, %")->check(CLI::Range(0.0, 100.0));
  command->add_option("--current", options->battery.current_A, "A, charging > 0")->check(CLI::Range(-1000.0, 1000.0));
  command->add_option("--temperature", options->battery.temperature_C, "degC")->check(CLI::Range(-40.0, 90.0));
  command->add_option("--fault", options->faults, sim::Faults::help());
  command->add_option("--setting", options->settings, "variant of the device, KEY=VALUE");
  command->add_option("--seed", options->seed, "seed of all chance");
  command->add_flag("--no-pacing", options->unpaced, "answer at once instead of at the pace of the wire");
  command->add_flag("--frozen", options->frozen, "nothing changes with time: neither SoC nor voltages");
  command->footer(
      "Standard input takes JSON lines: {\"set\": {Reading keys}}, {\"fault\": \"NAME=VALUE\"}, both for one battery\n"
      "with \"address\": N; {\"truth\": true} prints what a perfect driver would read; {\"hang_up\": true} unplugs "
      "the\n"
      "adapter and {\"open\": true} plugs it in again.");
  command->callback([&action, options] { action = [options] { return simulate(*options); }; });
}

}  // namespace bms::cli
