#include <cmath>

#include "system/daemon/rig.hpp"

// For every protocol: simulator, dbus-daemon and daemon; what is on D-Bus is what the battery is.
namespace bms {
namespace {

class PublishedValues : public test::Rig, public testing::WithParamInterface<std::string> {};

void expect_number(const cli::ServiceView& view, const std::string& path, const nlohmann::json& truth,
                   const std::string& key, double resolution) {
  if (!truth.contains(key) || truth.at(key).is_null()) return;
  const auto published = view.number(path);
  ASSERT_TRUE(published.has_value()) << path << " is invalid, simulated " << truth.at(key);
  EXPECT_NEAR(*published, truth.at(key).get<double>(), resolution / 2 + 1e-9) << path;
}

TEST_P(PublishedValues, EqualTheSimulatedOnes) {
  const DriverInfo& info = *find_driver(GetParam());
  const std::string address = info.has_address ? std::to_string(info.address_default) : "";
  auto& simulator =
      simulate(GetParam(), address, {"--soc", "63", "--current", "-21.5", "--temperature", "17", "--frozen"});
  std::string more;
  if (info.needs_cells) more += "cells = 16\n";
  if (info.needs_capacity) more += "capacity = 280\n";
  configure_rack(GetParam(), address, more);
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));

  const nlohmann::json truth = command(simulator, {{"truth", true}}).at("truth").at(0);
  const cli::ServiceView view = service("dbusbms_rack");
  expect_number(view, "/Dc/0/Voltage", truth, "voltage_V", 0.01);
  expect_number(view, "/Dc/0/Current", truth, "current_A", 0.01);
  expect_number(view, "/Soc", truth, "soc_pct", 0.1);
  expect_number(view, "/Soh", truth, "soh_pct", 0.1);
  expect_number(view, "/InstalledCapacity", truth, "capacity_Ah", 0.1);
  expect_number(view, "/Capacity", truth, "remaining_Ah", 0.1);
  expect_number(view, "/History/ChargeCycles", truth, "cycles", 1);
  expect_number(view, "/System/MOSTemperature", truth, "mos_temp_C", 0.1);
  const auto cells = truth.value("cells_V", nlohmann::json::array());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string path = "/Voltages/Cell" + std::to_string(i + 1);
    ASSERT_TRUE(view.number(path).has_value()) << path;
    EXPECT_NEAR(*view.number(path), cells[i].get<double>(), 0.00051) << path;
  }
  if (truth.contains("serial")) {
    EXPECT_EQ(view.string("/Serial"), truth.at("serial"));
  }
  EXPECT_EQ(view.number("/Connected"), 1);
  if (!info.unavailable.cells) {
    EXPECT_EQ(view.number("/Alarms/BmsCable"), 0);
  }
  EXPECT_FALSE(view.string("/Mgmt/Connection").empty());
}

/// Limits on the bus are those that the limit engine alone makes of the same battery.
TEST_P(PublishedValues, LimitsAreThoseOfTheEngine) {
  const DriverInfo& info = *find_driver(GetParam());
  if (info.unavailable.cells) GTEST_SKIP() << "a shunt has no limits";
  const std::string address = info.has_address ? std::to_string(info.address_default) : "";
  auto& simulator = simulate(GetParam(), address, {"--soc", "63", "--temperature", "4"});
  std::string more;
  if (info.needs_cells) more += "cells = 16\n";
  if (info.needs_capacity) more += "capacity = 280\n";
  configure_rack(GetParam(), address, more + "[limits]\nmax_charge_a = 80\nmax_discharge_a = 90\n");
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_rack"));
  nlohmann::json truth = command(simulator, {{"truth", true}}).at("truth").at(0);
  truth.erase("address");
  truth["t"] = 0;
  std::ofstream(path("readings")) << truth.dump() << "\n";
  const auto engine =
      test::run_program({DBUS_BMS_PROGRAM, "limits", "--config", path("config.ini"), "--until", "0", path("readings")});
  ASSERT_EQ(engine.code, 0) << engine.output;
  const auto limits = nlohmann::json::parse(engine.output);
  const auto view = service("dbusbms_rack");
  EXPECT_NEAR(view.number("/Info/MaxChargeCurrent").value_or(-1), limits.at("ccl_A").get<double>(), 0.051);
  EXPECT_NEAR(view.number("/Info/MaxDischargeCurrent").value_or(-1), limits.at("dcl_A").get<double>(), 0.051);
  EXPECT_NEAR(view.number("/Info/MaxChargeVoltage").value_or(-1), limits.at("cvl_V").get<double>(), 0.0051);
  EXPECT_LT(view.number("/Info/MaxChargeCurrent").value_or(99), 80) << "cold cells must limit charging";
}

std::vector<std::string> simulated_drivers() {
  std::vector<std::string> names;
  for (const auto& info : drivers()) {
    if (info.simulate != nullptr) names.emplace_back(info.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllDrivers, PublishedValues, testing::ValuesIn(simulated_drivers()), [](const auto& name) {
  std::string text = name.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

}  // namespace
}  // namespace bms
