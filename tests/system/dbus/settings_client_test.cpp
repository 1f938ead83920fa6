// Device instances and names: with com.victronenergy.settings, before it comes, without it, and across restarts.
#include "victron/settings_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_settings.hpp"
#include "support/private_bus.hpp"

namespace bms::test {
namespace {

using namespace std::chrono_literals;
using victron::DeviceSettings;
using victron::SettingsClient;

class Settings : public testing::Test {
 protected:
  std::unique_ptr<SettingsClient> make_client(std::optional<std::chrono::milliseconds> patience = std::nullopt) {
    return std::make_unique<SettingsClient>(
        loop, SettingsClient::Options{bus.address(), patience, {}, bus.folder() / "state" / "instances"});
  }
  /// Starts registering; the answer arrives in the result.
  std::shared_ptr<std::optional<DeviceSettings>> ask(SettingsClient& client, const std::string& id) {
    auto result = std::make_shared<std::optional<DeviceSettings>>();
    client.register_device(id, [result](const DeviceSettings& device) { *result = device; });
    return result;
  }
  DeviceSettings registered(SettingsClient& client, const std::string& id) {
    const auto result = ask(client, id);
    if (!run_until(loop, [&] { return result->has_value(); })) throw std::runtime_error("not registered");
    return **result;
  }

  PrivateBus bus;
  boost::asio::io_context loop;
  FakeSettings settings{loop, bus.address()};
};

TEST_F(Settings, EachDeviceGetsAndKeepsItsInstance) {
  settings.values["/Settings/Devices/other/ClassAndVrmInstance"] = "battery:1";
  settings.start();
  {
    const auto client = make_client();
    EXPECT_EQ(registered(*client, "jk_A").instance, 2);
    EXPECT_EQ(registered(*client, "jk_B").instance, 3);
    EXPECT_EQ(registered(*client, "jk_A").instance, 2) << "asked twice in one run";
    EXPECT_FALSE(registered(*client, "jk_B").own);
  }
  const auto again = make_client();
  EXPECT_EQ(registered(*again, "jk_B").instance, 3);
  EXPECT_EQ(registered(*again, "jk_A").instance, 2);
}

TEST_F(Settings, AnInstanceTheUserChangedIsTaken) {
  settings.values["/Settings/Devices/jk_A/ClassAndVrmInstance"] = "battery:17";
  settings.values["/Settings/Devices/jk_A/CustomName"] = "House";
  settings.start();
  const auto client = make_client();
  const auto device = registered(*client, "jk_A");
  EXPECT_EQ(device.instance, 17);
  EXPECT_EQ(device.custom_name, "House");
}

TEST_F(Settings, IdsBecomePathElements) {
  EXPECT_EQ(victron::settings_id("jk:00-1A/b c"), "jk_00_1A_b_c");
  EXPECT_EQ(victron::settings_id("_x"), "id_x");
  EXPECT_EQ(victron::settings_id(""), "id");
  settings.start();
  const auto client = make_client();
  registered(*client, "jk:00-1A");
  EXPECT_TRUE(settings.values.contains("/Settings/Devices/jk_00_1A/ClassAndVrmInstance"));
}

TEST_F(Settings, OnAGxTheServiceIsWaitedForWithoutEnd) {
  const auto client = make_client();
  const auto result = ask(*client, "jk_A");
  EXPECT_FALSE(run_until(
      loop, [&] { return result->has_value(); }, 300ms));
  settings.start();
  ASSERT_TRUE(run_until(loop, [&] { return result->has_value(); }));
  EXPECT_EQ((*result)->instance, 1);
  EXPECT_FALSE((*result)->own);
}

TEST_F(Settings, WithoutTheServiceInstancesComeFromAListThatStays) {
  {
    const auto client = make_client(50ms);
    EXPECT_EQ(registered(*client, "jk_A").instance, 1);
    EXPECT_EQ(registered(*client, "jk_B").instance, 2);
    EXPECT_TRUE(registered(*client, "jk_B").own);
    client->store_custom_name("jk_B", "Bow thruster");
  }
  const auto again = make_client(50ms);
  EXPECT_EQ(registered(*again, "jk_C").instance, 3);
  EXPECT_EQ(registered(*again, "jk_B").instance, 2);
  EXPECT_EQ(registered(*again, "jk_B").custom_name, "Bow thruster");
}

TEST_F(Settings, AServiceThatComesAfterAllKeepsTheInstancesWeChose) {
  const auto client = make_client(50ms);
  EXPECT_EQ(registered(*client, "jk_A").instance, 1);
  EXPECT_EQ(registered(*client, "jk_B").instance, 2);
  settings.start();
  const std::string path = "/Settings/Devices/jk_B/ClassAndVrmInstance";
  ASSERT_TRUE(run_until(loop, [&] { return settings.values.contains(path); }));
  EXPECT_EQ(settings.values[path], "battery:2");
  EXPECT_EQ(registered(*client, "jk_B").instance, 2);
}

TEST_F(Settings, NamesAreStoredAlsoWhenTheServiceIsAwayAtTheMoment) {
  settings.start();
  const auto client = make_client();
  registered(*client, "jk_A");
  client->store_custom_name("jk_A", "House");
  const std::string path = "/Settings/Devices/jk_A/CustomName";
  ASSERT_TRUE(run_until(loop, [&] { return settings.values[path] == "House"; }));
  settings.stop();
  client->store_custom_name("jk_A", "Boat");
  EXPECT_FALSE(run_until(
      loop, [&] { return settings.values[path] == "Boat"; }, 100ms));
  settings.start();
  EXPECT_TRUE(run_until(loop, [&] { return settings.values[path] == "Boat"; }));
}

TEST_F(Settings, TheBusMayRestartWhileWeWait) {
  const auto client = make_client();
  const auto result = ask(*client, "jk_A");
  EXPECT_FALSE(run_until(
      loop, [&] { return result->has_value(); }, 100ms));
  bus.stop();
  bus.start();
  settings.start();
  ASSERT_TRUE(run_until(loop, [&] { return result->has_value(); }));
  EXPECT_EQ((*result)->instance, 1);
}

TEST_F(Settings, AnswersThatMakeNoSenseFallBackToTheOwnList) {
  settings.broken = true;
  settings.start();
  const auto client = make_client(100ms);
  const auto device = registered(*client, "jk_A");
  EXPECT_EQ(device.instance, 1);
  EXPECT_TRUE(device.own);
  EXPECT_GE(settings.add_calls, 1);
}

}  // namespace
}  // namespace bms::test
