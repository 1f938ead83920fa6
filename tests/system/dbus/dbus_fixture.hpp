#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/bus_client.hpp"
#include "support/private_bus.hpp"
#include "victron/battery_service.hpp"

namespace bms::test {

inline constexpr victron::Format kTextItem = {.kind = victron::Kind::text};
inline constexpr victron::Format kCountItem = {.kind = victron::Kind::integer};

inline void add_mandatory(victron::ItemTree& tree, int instance) {
  using victron::Kind;
  for (const char* path : {"/Mgmt/ProcessName", "/Mgmt/ProcessVersion", "/Mgmt/Connection", "/ProductName",
                           "/FirmwareVersion", "/HardwareVersion", "/Serial"}) {
    tree.add(path, kTextItem, std::string("test"));
  }
  tree.add("/DeviceInstance", kCountItem, instance);
  tree.add("/ProductId", kCountItem, 0xBEEF);
  tree.add("/Connected", kCountItem, 1);
  tree.add("/CustomName", {.kind = Kind::text, .access = victron::Access::writable}, std::string());
}

/// What this process has allocated and not freed, kB (0 under the sanitizers, which find leaks themselves).
inline std::size_t heap_kB() { return mallinfo2().uordblks / 1024; }

/// A private bus, a client and one battery service with a few items.
class DbusTest : public testing::Test {
 protected:
  static constexpr const char* kName = "com.victronenergy.battery.dbusbms_test";

  std::unique_ptr<victron::BatteryService> make_service(const std::string& name = kName, int instance = 1) {
    auto made = std::make_unique<victron::BatteryService>(
        loop, victron::BatteryService::Options{name, bus.address()},
        victron::BatteryService::Owner{[this](std::string_view path, const victron::Value& value) {
                                         writes.emplace_back(path, value);
                                         return answer;
                                       },
                                       [this](std::string_view message) { failures.emplace_back(message); },
                                       {}});
    add_mandatory(made->items(), instance);
    made->items().add("/Dc/0/Voltage", {.unit = "V", .min = 0, .max = 1000}, 53.2);
    made->items().add("/Dc/0/Current", {.unit = "A"}, -3.5);
    made->items().add("/Soc", {.decimals = 1, .unit = "%", .min = 0, .max = 100}, 55.0);
    made->items().add("/Dc/0/Temperature", {.decimals = 1, .unit = "\u00b0C"});
    made->items().add("/Io/ForceChargingOff",
                      {.kind = victron::Kind::integer, .min = 0, .max = 1, .access = victron::Access::writable}, 0);
    made->items().add("/Settings/MaxChargeCurrent",
                      {.decimals = 1, .unit = "A", .min = 0, .max = 200, .access = victron::Access::writable}, 50.0);
    return made;
  }

  void publish(victron::BatteryService& service) {
    ASSERT_EQ(service.publish(), std::nullopt);
    ASSERT_TRUE(until([&] { return service.published(); }));
  }

  template <class Done>
  bool until(Done done, std::chrono::milliseconds deadline = kPatience) {
    return run_until(loop, done, deadline);
  }

  PrivateBus bus;
  boost::asio::io_context loop;
  std::vector<std::pair<std::string, victron::Value>> writes;
  std::vector<std::string> failures;
  victron::WriteResult answer = victron::WriteResult::accepted;
};

}  // namespace bms::test
