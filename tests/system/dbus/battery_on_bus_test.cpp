// A whole battery, and a bank of sixteen, as a consumer on the bus sees them.
#include <iostream>

#include "dbus_fixture.hpp"
#include "support/battery_samples.hpp"
#include "victron/battery_paths.hpp"
#include "victron/path_table.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using victron::BatteryPaths;
using victron::BatteryService;
using victron::Kind;

class BatteryOnBus : public DbusTest {
 protected:
  /// One published service with its mapping.
  struct Served {
    std::unique_ptr<BatteryService> service;
    std::unique_ptr<BatteryPaths> paths;
  };
  Served serve(const std::string& name, int instance, BatteryPaths::Options options) {
    Served served;
    served.service =
        std::make_unique<BatteryService>(loop, BatteryService::Options{name, bus.address()}, BatteryService::Owner{});
    auto identity = victron::sample_identity();
    identity.instance = instance;
    served.paths = std::make_unique<BatteryPaths>(served.service->items(), identity, options);
    return served;
  }

  Reading reading = victron::sample_reading();
  limits::Limits limits = victron::sample_limits();
  port::LinkHealth link;
  TimePoint now{};
};

TEST_F(BatteryOnBus, EveryItemHasTheListedTypeAndATextWithUnit) {
  auto battery = serve(kName, 7, {.user_settings = true, .mode = true, .clear_history = true, .remote = true});
  reading.alarms = std::vector<Alarm>{};
  for (std::size_t i = 0; i < kConditionCount; ++i) {
    reading.alarms->push_back({static_cast<Condition>(i), AlarmLevel::warning});
  }
  battery.paths->update({.now = now, .reading = &reading, .limits = &limits, .link = &link});
  publish(*battery.service);
  BusClient client(loop, bus.address());
  const auto items = client.call(kName, "/", "GetItems").value;
  EXPECT_GT(items.size(), 140U);
  for (const auto& [path, item] : items.items()) {
    const auto* info = victron::path_info(path);
    ASSERT_NE(info, nullptr) << path << " is not listed";
    const std::string signature = item["Value"][0];
    const std::string text = item["Text"][1];
    const std::string listed = info->format.kind == Kind::number ? "d" : info->format.kind == Kind::integer ? "i" : "s";
    if (signature == "ai") {
      EXPECT_THAT(item["Value"][1], IsEmpty()) << path;
      EXPECT_EQ(text, "---") << path;
    } else {
      EXPECT_EQ(signature, listed) << path;
      EXPECT_TRUE(text.ends_with(info->format.unit)) << path << " " << text;
    }
  }
}

TEST_F(BatteryOnBus, APollIsOneSignalWithWhatChanged) {
  auto battery = serve(kName, 7, {});
  battery.paths->update({.now = now, .reading = &reading, .limits = &limits, .link = &link});
  publish(*battery.service);
  BusClient client(loop, bus.address());
  reading.voltage_V = 53.40;
  reading.cells_V[0] = 3.342;
  battery.paths->update({.now = now + 1s, .reading = &reading, .limits = &limits, .link = &link});
  battery.service->flush();
  ASSERT_TRUE(until([&] { return !client.signals.empty(); }));
  client.call(kName, "/Soc", "GetValue");
  ASSERT_EQ(client.signals.size(), 1U);
  std::vector<std::string> paths;
  for (const auto& [path, item] : client.signals[0].items.items()) paths.push_back(path);
  EXPECT_THAT(paths,
              testing::UnorderedElementsAre("/Dc/0/Voltage", "/Dc/0/Power", "/Dc/0/MidVoltage", "/Voltages/Cell1",
                                            "/Voltages/Sum", "/Battery/1/Voltage", "/Battery/1/Cell/1/Voltage"));
}

TEST_F(BatteryOnBus, SixteenBatteriesAndTheirBankAreSmall) {
  constexpr std::size_t kBatteries = 16;
  const auto before = heap_kB();
  std::vector<Served> batteries;
  std::vector<victron::MemberView> members;
  std::size_t paths = 0;
  for (std::size_t i = 0; i < kBatteries; ++i) {
    const int instance = static_cast<int>(i) + 1;
    batteries.push_back(serve(std::string(kName) + std::to_string(i), instance, {.limits = false, .cell_page = false}));
    batteries.back().paths->update({.now = now, .reading = &reading, .limits = &limits, .link = &link});
    members.push_back({"rack", &reading, &limits});
    paths += batteries.back().service->items().items().size();
  }
  batteries.push_back(serve(kName, 100, {}));
  batteries.back().paths->update({.now = now, .reading = &reading, .limits = &limits, .members = members});
  paths += batteries.back().service->items().items().size();
  for (const auto& battery : batteries) publish(*battery.service);
  const auto used = heap_kB() - before;
  RecordProperty("paths", static_cast<int>(paths));
  RecordProperty("kB", static_cast<int>(used));
  std::cout << paths << " paths on 17 services: " << used << " kB\n";
  EXPECT_LT(used, 2000U);
  BusClient client(loop, bus.address());
  EXPECT_EQ(client.call(kName, "/Battery/16/Cell/7/Voltage", "GetValue").value, Json::parse(R"(["d", 3.349])"));
}

}  // namespace
}  // namespace bms::test
