// Buses that come late, hang, die and return, and names that others have.
#include <filesystem>

#include "dbus_fixture.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using victron::BatteryService;

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class BusLifecycle : public DbusTest {};

TEST_F(BusLifecycle, NothingAppearsBeforeTheOwnerAsks) {
  auto service = make_service();
  BusClient client(loop, bus.address());
  EXPECT_EQ(client.owner(kName), "");
  service->flush();
  publish(*service);
  EXPECT_NE(client.owner(kName), "");
  service->withdraw();
  EXPECT_TRUE(until([&] { return client.owner(kName).empty(); }));
  EXPECT_FALSE(service->published());
  publish(*service);
  EXPECT_NE(client.owner(kName), "");
  service.reset();
  EXPECT_TRUE(until([&] { return client.owner(kName).empty(); }));
}

TEST_F(BusLifecycle, AMandatoryPathThatIsMissingOrInvalidKeepsTheNameOffTheBus) {
  auto service = make_service();
  service->items().set("/DeviceInstance", victron::Value{});
  EXPECT_EQ(service->publish(), "/DeviceInstance");
  service->items().set("/DeviceInstance", 3);
  publish(*service);
}

TEST_F(BusLifecycle, ATakenNameIsOneClearError) {
  auto first = make_service();
  publish(*first);
  auto second = make_service(kName, 2);
  ASSERT_EQ(second->publish(), std::nullopt);
  ASSERT_TRUE(until([&] { return !failures.empty(); }));
  EXPECT_THAT(failures, ElementsAre(HasSubstr("com.victronenergy.battery.dbusbms_test is already on the bus")));
  EXPECT_FALSE(second->published());
  BusClient client(loop, bus.address());
  EXPECT_EQ(client.call(kName, "/DeviceInstance", "GetValue").value[1], 1) << "the first is undisturbed";
  first.reset();
  ASSERT_TRUE(until([&] { return client.owner(kName).empty(); }));
  publish(*second);
  EXPECT_EQ(client.call(kName, "/DeviceInstance", "GetValue").value[1], 2);
}

TEST_F(BusLifecycle, APolicyThatForbidsTheNameIsOneClearError) {
  const PrivateBus strict("<deny own_prefix=\"com.victronenergy\"/>");
  BatteryService service(loop, {kName, strict.address()},
                         {.failed = [this](std::string_view message) { failures.emplace_back(message); }});
  add_mandatory(service.items(), 1);
  ASSERT_EQ(service.publish(), std::nullopt);
  ASSERT_TRUE(until([&] { return !failures.empty(); }));
  EXPECT_THAT(failures, ElementsAre(HasSubstr("the bus refuses the name com.victronenergy.battery.dbusbms_test: ")));
  EXPECT_FALSE(service.published());
}

TEST_F(BusLifecycle, TheBusMayComeAfterTheService) {
  bus.stop();
  auto service = make_service();
  ASSERT_EQ(service->publish(), std::nullopt);
  EXPECT_FALSE(until([&] { return service->published(); }, 300ms));
  bus.start();
  EXPECT_TRUE(until([&] { return service->published(); }, 5s));
}

TEST_F(BusLifecycle, ASocketThatNeverAnswersDoesNotStopTheLoop) {
  bus.stop();
  const std::string path = (bus.folder() / "mute").string();
  boost::asio::local::stream_protocol::acceptor mute(loop, path);
  victron::BatteryService service(loop, {kName, "unix:path=" + path}, {});
  add_mandatory(service.items(), 1);
  ASSERT_EQ(service.publish(), std::nullopt);
  int ticks = 0;
  boost::asio::steady_timer timer(loop);
  auto worst = 0ms;
  auto last = std::chrono::steady_clock::now();
  std::function<void()> tick = [&] {
    const auto now = std::chrono::steady_clock::now();
    worst = std::max(worst, std::chrono::duration_cast<std::chrono::milliseconds>(now - last));
    last = now;
    ++ticks;
    timer.expires_after(20ms);
    timer.async_wait([&](const auto& error) {
      if (!error) tick();
    });
  };
  tick();
  ASSERT_TRUE(until([&] { return ticks >= 100; }));
  EXPECT_LT(worst, 500ms);
  EXPECT_FALSE(service.published());
}

TEST_F(BusLifecycle, AFrozenBusCostsNoMemoryAndGetsTheNewestValuesAfterwards) {
  auto service = make_service();
  publish(*service);
  BusClient client(loop, bus.address());
  bus.freeze();
  const auto before = heap_kB();
  for (int i = 0; i < 20000; ++i) {
    service->items().set("/Soc", static_cast<double>(i % 1000) / 10);
    service->items().set("/Mgmt/Connection", std::to_string(i) + std::string(500, 'x'));
    service->flush();
  }
  service->items().set("/Soc", 42.0);
  service->flush();
  EXPECT_LT(heap_kB(), before + 500);
  bus.thaw();
  ASSERT_TRUE(until([&] { return !client.signals.empty(); }));
  service->flush();  // the next poll
  EXPECT_TRUE(until([&] {
    return std::any_of(client.signals.begin(), client.signals.end(), [](const auto& signal) {
      return signal.items.contains("/Soc") && signal.items["/Soc"]["Value"][1] == 42.0;
    });
  })) << client.signals.size();
}

TEST_F(BusLifecycle, ManyServicesComeBackAfterEachOfTwentyRestartsWithoutALeak) {
  constexpr int kServices = 5;
  std::vector<std::unique_ptr<victron::BatteryService>> services;
  for (int i = 1; i <= kServices; ++i) {
    services.push_back(make_service(std::string(kName) + std::to_string(i), i));
    publish(*services.back());
  }
  std::size_t descriptors = 0;
  std::size_t memory = 0;
  const auto all = [&](bool published) {
    return std::all_of(services.begin(), services.end(), [&](const auto& s) { return s->published() == published; });
  };
  for (int restart = 0; restart < 20; ++restart) {
    bus.stop();
    ASSERT_TRUE(until([&] { return all(false); }));
    for (const auto& service : services) {
      service->items().set("/Soc", static_cast<double>(restart));
      service->flush();
    }
    bus.start();
    ASSERT_TRUE(until([&] { return all(true); }, 5s)) << "restart " << restart;
    if (restart == 2) {
      descriptors = open_descriptors();
      memory = heap_kB();
    }
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_LT(heap_kB(), memory + 20);
  BusClient client(loop, bus.address());
  for (int i = 1; i <= kServices; ++i) {
    const auto items = client.call(std::string(kName) + std::to_string(i), "/", "GetItems").value;
    EXPECT_EQ(items["/DeviceInstance"]["Value"][1], i);
    EXPECT_EQ(items["/Soc"]["Value"][1], 19.0);
  }
  EXPECT_THAT(failures, IsEmpty());
}

TEST_F(BusLifecycle, AFloodOfCallsLeavesTheLoopItsTurns) {
  auto service = make_service();
  publish(*service);
  BusClient client(loop, bus.address());
  constexpr int kCalls = 10000;
  int answered = 0;
  for (int i = 0; i < kCalls; ++i) {
    sd_bus_message* call = nullptr;
    ASSERT_GE(sd_bus_message_new_method_call(client.bus().raw(), &call, kName, "/Soc", "com.victronenergy.BusItem",
                                             "SetValue"),
              0);
    sd_bus_message_append(call, "v", "s", "hostile");
    sd_bus_call_async(
        client.bus().raw(), nullptr, call,
        [](sd_bus_message*, void* counter, sd_bus_error*) { return ++*static_cast<int*>(counter), 0; }, &answered, 0);
    sd_bus_message_unref(call);
  }
  client.bus().rearm();
  int turns = 0;
  std::function<void()> turn = [&] {
    ++turns;
    if (answered < kCalls) boost::asio::post(loop, turn);
  };
  turn();
  ASSERT_TRUE(until([&] { return answered == kCalls; }, 30s));
  EXPECT_GT(turns, kCalls / 100) << "others had a turn at least every 100 calls";
  EXPECT_THAT(writes, IsEmpty());
  EXPECT_EQ(service->items().value("/Soc"), victron::Value(55.0));
}

}  // namespace
}  // namespace bms::test
