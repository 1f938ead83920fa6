// Victron's own consumers against our service: localsettings gives the instance, systemcalc chooses the battery as
// monitor and as BMS and passes its limits to a charger.
//
// Their sources are not part of this repository. DBUS_BMS_VENUS_SOURCES names a folder with checkouts of
// victronenergy/localsettings, dbus-systemcalc-py and velib_python (MIT); they need python3-dbus, python3-gi,
// python3-lxml, python3-psutil and python3-requests. Without it these tests are skipped.
#include <fcntl.h>

#include "dbus_fixture.hpp"
#include "support/battery_samples.hpp"
#include "victron/battery_paths.hpp"
#include "victron/settings_client.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using victron::Access;
using victron::BatteryPaths;
using victron::BatteryService;
using victron::Kind;
using victron::Value;

constexpr const char* kSystem = "com.victronenergy.system";
constexpr const char* kSettings = "com.victronenergy.settings";

/// A Python program of the sources, ended with the test.
class Program {
 public:
  Program(const std::filesystem::path& sources, const std::string& script, const std::string& argument,
          const std::string& address, const std::filesystem::path& log) {
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setenv("DBUS_SESSION_BUS_ADDRESS", address.c_str(), 1);
    setenv("PYTHONPATH", (sources / "velib_python").c_str(), 1);
    const std::string file = (sources / script).string();
    if (chdir((sources / script).parent_path().c_str()) != 0) _exit(127);
    execl("/usr/bin/python3", "python3", file.c_str(), argument.empty() ? nullptr : argument.c_str(), nullptr);
    _exit(127);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

class VenusConsumers : public DbusTest {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("DBUS_BMS_VENUS_SOURCES");
    if (folder == nullptr) GTEST_SKIP() << "DBUS_BMS_VENUS_SOURCES is not set";
    sources = folder;
    settings_program =
        std::make_unique<Program>(sources, "localsettings/localsettings.py", "--path=" + bus.folder().string(),
                                  bus.address(), bus.folder() / "localsettings.log");
    systemcalc = std::make_unique<Program>(sources, "dbus-systemcalc-py/dbus_systemcalc.py", "", bus.address(),
                                           bus.folder() / "systemcalc.log");
    client = std::make_unique<BusClient>(loop, bus.address());
    ASSERT_TRUE(eventually([&] { return !client->owner(kSystem).empty(); })) << "systemcalc does not start";
  }

  /// Asks every 100 ms: these programs work on timers of their own.
  template <class Done>
  bool eventually(Done done) {
    const auto end = std::chrono::steady_clock::now() + 40s;
    while (std::chrono::steady_clock::now() < end) {
      if (done()) return true;
      boost::asio::steady_timer pause(loop, 100ms);
      bool over = false;
      pause.async_wait([&](const auto&) { over = true; });
      until([&] { return over; });
    }
    return false;
  }
  Json value(const char* owner, const char* path) {
    const auto got = client->call(owner, path, "GetValue");
    return got.error.empty() ? got.value[1] : Json(got.error);
  }

  /// A solar charger as far as DVCC looks at one.
  std::unique_ptr<BatteryService> make_charger() {
    auto charger = std::make_unique<BatteryService>(
        loop, BatteryService::Options{"com.victronenergy.solarcharger.ttyO1", bus.address()},
        BatteryService::Owner{[](auto, const auto&) { return victron::WriteResult::accepted; }, {}, {}});
    auto& tree = charger->items();
    const victron::Format written = {.min = -1e6, .max = 1e6, .access = Access::writable};
    tree.add("/FirmwareVersion", kCountItem, 0x0160);
    add_mandatory(tree, 0);
    for (const char* path : {"/Link/ChargeVoltage", "/Link/ChargeCurrent", "/Link/VoltageSense",
                             "/Link/TemperatureSense", "/Link/BatteryCurrent"}) {
      tree.add(path, written);
    }
    tree.add("/Link/NetworkMode", {.kind = Kind::integer, .min = 0, .max = 255, .access = Access::writable}, 0);
    tree.add("/Settings/ChargeCurrentLimit", written, 100.0);
    tree.add("/State", kCountItem, 3);
    tree.add("/Dc/0/Voltage", written, 53.2);
    tree.add("/Dc/0/Current", written, 5.0);
    return charger;
  }

  void publish_battery() {
    service =
        std::make_unique<BatteryService>(loop, BatteryService::Options{kName, bus.address()}, BatteryService::Owner{});
    settings.register_device("jk_4100", [this](const victron::DeviceSettings& device) {
      auto identity = victron::sample_identity();
      identity.instance = device.instance;
      paths = std::make_unique<BatteryPaths>(service->items(), identity, BatteryPaths::Options{});
      update();
      service->publish();
    });
    ASSERT_TRUE(eventually([&] { return service->published(); }));
  }
  void update() { paths->update({.now = Clock::now(), .reading = &reading, .limits = &limits, .link = &link}); }

  std::filesystem::path sources;
  std::unique_ptr<Program> settings_program;
  std::unique_ptr<Program> systemcalc;
  std::unique_ptr<BusClient> client;
  victron::SettingsClient settings{loop, {bus.address(), std::nullopt, {}, {}}};
  std::unique_ptr<BatteryService> service;
  std::unique_ptr<BatteryPaths> paths;
  Reading reading = victron::sample_reading();
  limits::Limits limits = victron::sample_limits();
  port::LinkHealth link;
};

TEST_F(VenusConsumers, TheBatteryIsMonitorAndBmsAndItsLimitsReachACharger) {
  publish_battery();
  EXPECT_EQ(value(kSettings, "/Settings/Devices/jk_4100/ClassAndVrmInstance"), "battery:1");
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/ActiveBmsService") == kName; }));
  EXPECT_EQ(value(kSystem, "/ActiveBatteryService"), "com.victronenergy.battery/1");
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/Dc/Battery/Voltage") == 53.28; }));
  EXPECT_EQ(value(kSystem, "/Dc/Battery/Soc"), 76.4);
  EXPECT_EQ(value(kSystem, "/Dc/Battery/Power"), -666.0);

  const auto charger = make_charger();
  publish(*charger);
  client->set(kSettings, "/Settings/Services/Bol", "i", 1);
  const auto& link_items = charger->items();
  EXPECT_TRUE(eventually([&] { return link_items.value("/Link/ChargeVoltage") == Value(55.2); }));
  EXPECT_EQ(value(kSystem, "/Dc/Battery/ChargeVoltage"), 55.2);
  EXPECT_TRUE(eventually([&] { return victron::is_valid(link_items.value("/Link/ChargeCurrent")); }));

  limits.cvl.value_V = 54.4;
  update();
  service->flush();
  EXPECT_TRUE(eventually([&] { return link_items.value("/Link/ChargeVoltage") == Value(54.4); }));
}

TEST_F(VenusConsumers, LeavingAndReturningWithTheSameInstanceIsSeen) {
  publish_battery();
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/ActiveBmsService") == kName; }));
  paths.reset();
  service.reset();
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/ActiveBmsService") == Json::array(); }));
  publish_battery();
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/ActiveBmsService") == kName; }));
  EXPECT_EQ(value(kSystem, "/ActiveBatteryService"), "com.victronenergy.battery/1");
}

TEST_F(VenusConsumers, ANameThatTheGxChangesIsFollowed) {
  publish_battery();
  std::string name;
  settings.watch_custom_name("jk_4100", [&](const std::string& changed) { name = changed; });
  settings.store_custom_name("jk_4100", "House");
  constexpr const char* kPath = "/Settings/Devices/jk_4100/CustomName";
  EXPECT_TRUE(eventually([&] { return value(kSettings, kPath) == "House"; }));
  EXPECT_EQ(name, "") << "our own change is none of somebody else";
  client->set(kSettings, kPath, "s", "Cellar");
  EXPECT_TRUE(eventually([&] { return name == "Cellar"; }));
}

TEST_F(VenusConsumers, AMemberOfABankIsNeverTakenForABms) {
  publish_battery();
  EXPECT_TRUE(eventually([&] { return value(kSystem, "/ActiveBmsService") == kName; }));
  BatteryService member(loop, {"com.victronenergy.battery.dbusbms_a", bus.address()}, {});
  auto identity = victron::sample_identity();
  identity.instance = 0;  // the lowest instance would win among equals
  BatteryPaths member_paths(member.items(), identity, {.limits = false, .cell_page = false});
  member_paths.update({.now = Clock::now(), .reading = &reading, .limits = &limits});
  publish(member);
  ASSERT_TRUE(eventually(
      [&] { return value(kSystem, "/AvailableBatteryServices").dump().find("battery/0") != std::string::npos; }));
  EXPECT_EQ(value(kSystem, "/ActiveBmsService"), kName);
  EXPECT_EQ(value(kSystem, "/ActiveBatteryService"), "com.victronenergy.battery/1");
  EXPECT_EQ(value(kSystem, "/AvailableBmsServices").size(), 1U);
}

}  // namespace
}  // namespace bms::test
