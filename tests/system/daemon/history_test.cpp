#include "system/daemon/rig.hpp"

// The history of a battery outlives the daemon and is reset value by value.
namespace bms {
namespace {

class HistoryOnBus : public test::Rig {
 protected:
  double number(const std::string& item) { return service("dbusbms_rack").number(item).value_or(-1e9); }

  int write(const std::string& item, const std::string& text) {
    const auto connection = sdbus::createSessionBusConnectionWithAddress(bus_.address());
    const auto proxy = sdbus::createProxy(*connection, "com.victronenergy.battery.dbusbms_rack", item);
    int answer = -1;
    proxy->callMethod("SetValue")
        .onInterface("com.victronenergy.BusItem")
        .withArguments(sdbus::Variant(text))
        .storeResultsTo(answer);
    return answer;
  }
};

TEST_F(HistoryOnBus, IsKeptOverARestartAndReset) {
  auto& simulator = simulate(test::bus_driver(), "1", {"--current", "-20", "--soc", "60", "--temperature", "21"});
  configure_rack(test::bus_driver(), "1");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  const double warm = number("/History/MaximumTemperature");
  EXPECT_GE(warm, 21);
  EXPECT_LT(number("/History/DeepestDischarge"), -1);
  const double since = number("/History/Since");
  EXPECT_GT(since, 1767225600);
  daemon_->signal(SIGTERM);
  ASSERT_EQ(daemon_->exit_code(), 0) << daemon_->output();

  command(simulator, {{"set", {{"temps_C", {17, 17}}}}});
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  EXPECT_EQ(number("/History/MaximumTemperature"), warm) << daemon_->output();
  EXPECT_EQ(number("/History/MinimumTemperature"), 17);
  EXPECT_EQ(number("/History/Since"), since);

  EXPECT_EQ(write("/History/Reset", "max_weather_C"), 2);
  EXPECT_EQ(write("/History/MaximumTemperature", "0"), 1);
  EXPECT_EQ(number("/History/MaximumTemperature"), warm);
  EXPECT_EQ(write("/History/Reset", "max_temperature_C"), 0);
  EXPECT_TRUE(eventually([&] { return number("/History/MaximumTemperature") == 17; }));
  EXPECT_LT(number("/History/DeepestDischarge"), -1);
  EXPECT_EQ(number("/History/MinimumTemperature"), 17);

  EXPECT_EQ(number("/History/CanBeCleared"), 1);
  EXPECT_EQ(write("/History/Reset", "all"), 0);
  EXPECT_TRUE(eventually([&] { return number("/History/Since") >= since && number("/History/TotalAhDrawn") == 0; }));
}

}  // namespace
}  // namespace bms
