#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "bms/driver.hpp"
#include "cli/bus_view.hpp"
#include "support/private_bus.hpp"
#include "support/process.hpp"

namespace bms::test {

/// A whole installation in a folder: D-Bus, simulated batteries, configuration, daemon. All are real programs.
class Rig : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (bus_.folder() / name).string(); }
  [[nodiscard]] std::map<std::string, std::string> environment() const {
    return {{"DBUS_SYSTEM_BUS_ADDRESS", bus_.address()},
            {"STATE_DIRECTORY", path("state")},
            {"DBUS_BMS_PLATFORM", platform_}};
  }

  /// Starts `dbus-bms simulate` with its line at path(link).
  Process& simulate(const std::string& driver, const std::string& addresses, std::vector<std::string> more = {},
                    const std::string& link = "line") {
    std::vector<std::string> arguments{DBUS_BMS_PROGRAM, "simulate", "--driver", driver, "--link", path(link)};
    if (!addresses.empty()) arguments.insert(arguments.end(), {"--address", addresses});
    arguments.insert(arguments.end(), more.begin(), more.end());
    simulators_.push_back(std::make_unique<Process>(arguments));
    if (simulators_.back()->wait_for("port ") == std::string::npos) {
      ADD_FAILURE() << "no simulated line: " << simulators_.back()->output();
    }
    return *simulators_.back();
  }

  /// One command to a simulator and its answer.
  static nlohmann::json command(Process& simulator, const nlohmann::json& what) {
    const std::size_t from = simulator.output().size();
    simulator.send_line(what.dump());
    const std::size_t end = simulator.wait_for("\n", from);
    if (end == std::string::npos) {
      ADD_FAILURE() << "the simulator does not answer " << what;
      return {};
    }
    return nlohmann::json::parse(simulator.output().substr(from, end - from));
  }

  void configure(const std::string& text) { std::ofstream(path("config.ini")) << text; }
  /// `[battery:rack]` of one driver on the simulated line.
  void configure_rack(const std::string& driver, const std::string& addresses, const std::string& more = "") {
    const std::string address = addresses.empty() ? "" : "address = " + addresses + "\n";
    configure("[battery:rack]\ndriver = " + driver + "\nport = " + path("line") + "\n" + address + "name = House\n" +
              more);
  }

  Process& start_daemon() {
    daemon_ = std::make_unique<Process>(
        std::vector<std::string>{DBUS_BMS_PROGRAM, "run", "--config", path("config.ini")}, environment());
    return *daemon_;
  }

  std::vector<cli::ServiceView> services() {
    try {
      return cli::read_services(bus_.address());
    } catch (const std::exception&) {
      return {};
    }
  }

  /// The service whose name ends in `suffix`; empty when it is not there.
  cli::ServiceView service(const std::string& suffix) {
    for (auto& view : services()) {
      if (view.name.ends_with("." + suffix)) return view;
    }
    return {};
  }

  /// Looks again until `done` holds; false after `limit`.
  template <class Done>
  bool eventually(Done done, std::chrono::milliseconds limit = test::kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (daemon_ && daemon_->ended()) return done();
      ::poll(nullptr, 0, 30);
    }
    return true;
  }

  bool appears(const std::string& suffix) {
    const bool there = eventually([&] { return service(suffix).has("/Soc"); });
    EXPECT_TRUE(there) << suffix << " does not appear; the daemon says:\n" << (daemon_ ? daemon_->output() : "");
    return there;
  }

  PrivateBus bus_;
  std::string platform_ = "linux";  ///< "venus": the daemon believes to be on a GX
  std::vector<std::unique_ptr<Process>> simulators_;
  std::unique_ptr<Process> daemon_;
};

/// A driver several batteries of which can share a line, fast ones first.
inline std::string bus_driver() {
  const DriverInfo* best = nullptr;
  for (const auto& info : drivers()) {
    if (info.name == "jk-pb") return "jk-pb";
    if (!info.has_address || info.simulate == nullptr || info.address_max < 3) continue;
    if (best == nullptr || info.baud > best->baud) best = &info;
  }
  return std::string(best->name);
}

}  // namespace bms::test
