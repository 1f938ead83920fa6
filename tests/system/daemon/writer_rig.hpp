#pragma once

#include "support/bus_client.hpp"
#include "system/daemon/rig.hpp"

namespace bms::test {

inline constexpr const char* kRack = "com.victronenergy.battery.dbusbms_rack";
inline constexpr const char* kBank = "com.victronenergy.battery.dbusbms_bank";

/// A whole installation and a client on its bus that writes.
class WriterRig : public Rig {
 protected:
  BusClient& client() {
    if (!client_) client_ = std::make_unique<BusClient>(loop_, bus_.address());
    return *client_;
  }
  /// What SetValue answers.
  template <class T>
  Json write(const char* service, const char* path, const char* type, T value) {
    const auto answer = client().set(service, path, type, value);
    return answer.error.empty() ? answer.value : Json(answer.error);
  }
  std::optional<double> number(const std::string& path, const std::string& suffix = "dbusbms_rack") {
    return service(suffix).number(path);
  }
  std::string text(const std::string& path, const std::string& suffix = "dbusbms_rack") {
    return service(suffix).string(path);
  }
  bool becomes(const std::string& path, double value, const std::string& suffix = "dbusbms_rack") {
    const bool done = eventually([&] { return number(path, suffix) == value; });
    EXPECT_TRUE(done) << path << " is " << number(path, suffix).value_or(-1) << ", not " << value
                      << "; the daemon says:\n"
                      << daemon_->output();
    return done;
  }
  void stop_daemon() {
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->exit_code(), 0) << daemon_->output();
  }
  /// One battery at 60 % and 20 degC, on the bus.
  Process& start_one(const std::string& more = "", const std::string& driver = bus_driver()) {
    auto& simulator = simulate(driver, "1", {"--soc", "60", "--temperature", "20"});
    configure_rack(driver, "1", more);
    start_daemon();
    EXPECT_TRUE(appears("dbusbms_rack"));
    return simulator;
  }

  boost::asio::io_context loop_;
  std::unique_ptr<BusClient> client_;
};

}  // namespace bms::test
