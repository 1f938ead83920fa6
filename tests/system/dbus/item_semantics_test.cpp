// What a consumer on the bus sees of one service: the BusItem contract, call by call.
#include "dbus_fixture.hpp"

namespace bms::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using victron::Value;

constexpr const char* kUnknownObject = "org.freedesktop.DBus.Error.UnknownObject";
constexpr const char* kUnknownMethod = "org.freedesktop.DBus.Error.UnknownMethod";

class ItemSemantics : public DbusTest {
 protected:
  void SetUp() override { publish(*service); }

  std::unique_ptr<victron::BatteryService> service = make_service();
  BusClient client{loop, bus.address()};
};

TEST_F(ItemSemantics, GetItemsIsTheWholeServiceInOneCall) {
  const auto items = client.call(kName, "/", "GetItems");
  EXPECT_EQ(items.signature, "a{sa{sv}}");
  EXPECT_EQ(items.value.size(), service->items().items().size());
  EXPECT_EQ(items.value["/Soc"], Json::parse(R"({"Value": ["d", 55.0], "Text": ["s", "55.0%"]})"));
  EXPECT_EQ(items.value["/DeviceInstance"], Json::parse(R"({"Value": ["i", 1], "Text": ["s", "1"]})"));
  EXPECT_EQ(items.value["/Dc/0/Temperature"], Json::parse(R"({"Value": ["ai", []], "Text": ["s", "---"]})"));
  EXPECT_EQ(items.value["/Settings/MaxChargeCurrent"],
            Json::parse(R"({"Value": ["d", 50.0], "Text": ["s", "50.0A"], "Min": ["d", 0.0], "Max": ["d", 200.0]})"));
  EXPECT_EQ(client.call(kName, "/Dc", "GetItems").error, kUnknownMethod) << "on / only";
  EXPECT_EQ(client.call(kName, "/Soc", "GetItems").error, kUnknownMethod);
}

TEST_F(ItemSemantics, LeavesAnswerValueAndText) {
  const auto soc = client.call(kName, "/Soc", "GetValue");
  EXPECT_EQ(soc.signature, "v");
  EXPECT_EQ(soc.value, Json::parse(R"(["d", 55.0])"));
  const auto text = client.call(kName, "/Dc/0/Voltage", "GetText");
  EXPECT_EQ(text.signature, "s");
  EXPECT_EQ(text.value, "53.20V");
  EXPECT_EQ(client.call(kName, "/Dc/0/Temperature", "GetValue").value, Json::parse(R"(["ai", []])"));
  EXPECT_EQ(client.call(kName, "/Dc/0/Temperature", "GetText").value, "---");
}

TEST_F(ItemSemantics, BranchesAnswerWithRelativeKeys) {
  const auto dc = client.call(kName, "/Dc", "GetValue");
  EXPECT_EQ(dc.signature, "v");
  EXPECT_EQ(dc.value, Json::parse(R"(["a{sv}", {"0/Current": ["d", -3.5], "0/Temperature": ["ai", []],
                                                "0/Voltage": ["d", 53.2]}])"));
  const auto texts = client.call(kName, "/Dc/0", "GetText");
  EXPECT_EQ(texts.signature, "v");
  EXPECT_EQ(texts.value, Json::parse(R"(["a{ss}", {"Current": "-3.50A", "Temperature": "---", "Voltage": "53.20V"}])"));
  const auto root = client.call(kName, "/", "GetValue").value[1];
  EXPECT_EQ(root.size(), service->items().items().size());
  EXPECT_EQ(root["Dc/0/Voltage"], Json::parse(R"(["d", 53.2])"));
}

TEST_F(ItemSemantics, UnknownPathsAndMethodsHaveTheErrorsConsumersExpect) {
  EXPECT_EQ(client.call(kName, "/Nope", "GetValue").error, kUnknownObject);
  EXPECT_EQ(client.call(kName, "/Dc/0/Voltage/More", "GetValue").error, kUnknownObject);
  EXPECT_EQ(client.call(kName, "/Soc", "Nope").error, kUnknownMethod);
}

TEST_F(ItemSemantics, NodesCanBeWalkedByIntrospection) {
  const std::string introspectable = "org.freedesktop.DBus.Introspectable";
  const std::string root = client.call(kName, "/", "Introspect", introspectable).value;
  for (const char* part : {"<node name=\"Dc\"/>", "<node name=\"Soc\"/>", "GetItems", "ItemsChanged"}) {
    EXPECT_THAT(root, HasSubstr(part));
  }
  EXPECT_THAT(client.call(kName, "/Dc", "Introspect", introspectable).value.get<std::string>(),
              HasSubstr("<node name=\"0\"/>"));
  const std::string leaf = client.call(kName, "/Soc", "Introspect", introspectable).value;
  EXPECT_THAT(leaf, HasSubstr("SetValue"));
  EXPECT_THAT(leaf, Not(HasSubstr("GetItems")));
}

TEST_F(ItemSemantics, RangesOfWritableNumbersCanBeAsked) {
  EXPECT_EQ(client.call(kName, "/Settings/MaxChargeCurrent", "GetMin").value, Json::parse(R"(["d", 0.0])"));
  EXPECT_EQ(client.call(kName, "/Io/ForceChargingOff", "GetMax").value, Json::parse(R"(["i", 1])"));
  EXPECT_EQ(client.call(kName, "/Soc", "GetMax").value, Json::parse(R"(["ai", []])"));
}

TEST_F(ItemSemantics, OneSignalPerUpdateWithTheChangesOnly) {
  service->items().set("/Soc", 56.0);
  service->items().set("/Dc/0/Voltage", 53.201);
  service->items().set("/Dc/0/Temperature", 21.5);
  service->flush();
  service->flush();
  ASSERT_TRUE(until([&] { return !client.signals.empty(); }));
  client.call(kName, "/Soc", "GetValue");  // anything sent before it has arrived by now
  ASSERT_EQ(client.signals.size(), 1U);
  EXPECT_EQ(client.signals[0].path, "/");
  EXPECT_EQ(client.signals[0].sender, client.owner(kName));
  EXPECT_EQ(client.signals[0].items,
            Json::parse("{\"/Soc\": {\"Value\": [\"d\", 56.0], \"Text\": [\"s\", \"56.0%\"]},"
                        "\"/Dc/0/Temperature\": {\"Value\": [\"d\", 21.5], \"Text\": [\"s\", \"21.5\u00b0C\"]}}"));
  EXPECT_THAT(client.other_signals, IsEmpty());
  service->items().set("/Soc", {});
  service->flush();
  ASSERT_TRUE(until([&] { return client.signals.size() > 1; }));
  EXPECT_EQ(client.signals[1].items["/Soc"], Json::parse(R"({"Value": ["ai", []], "Text": ["s", "---"]})"));
}

TEST_F(ItemSemantics, APathAddedLaterIsAnnounced) {
  service->items().add("/Soh", {.unit = "%"}, 99.0);
  service->flush();
  ASSERT_TRUE(until([&] { return !client.signals.empty(); }));
  EXPECT_TRUE(client.signals[0].items.contains("/Soh"));
  EXPECT_EQ(client.call(kName, "/Soh", "GetText").value, "99.00%");
}

TEST_F(ItemSemantics, WritesAreConvertedCheckedAndPassedOn) {
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "i", 20).value, 0);
  EXPECT_EQ(client.set(kName, "/Io/ForceChargingOff", "d", 1.0).value, 0);
  EXPECT_EQ(client.set(kName, "/Io/ForceChargingOff", "b", 0).value, 0);
  EXPECT_EQ(client.set(kName, "/Io/ForceChargingOff", "x", std::int64_t{1}).value, 0);
  EXPECT_EQ(client.set(kName, "/CustomName", "s", "House").value, 0);
  EXPECT_THAT(
      writes,
      ElementsAre(std::pair("/Settings/MaxChargeCurrent", Value(20.0)), std::pair("/Io/ForceChargingOff", Value(1)),
                  std::pair("/Io/ForceChargingOff", Value(0)), std::pair("/Io/ForceChargingOff", Value(1)),
                  std::pair("/CustomName", Value(std::string("House")))));
  EXPECT_EQ(client.call(kName, "/Settings/MaxChargeCurrent", "GetValue").value, Json::parse(R"(["d", 20.0])"));
  EXPECT_EQ(client.call(kName, "/CustomName", "GetValue").value, Json::parse(R"(["s", "House"])"));
  EXPECT_EQ(client.signals.front().items["/Settings/MaxChargeCurrent"]["Text"][1], "20.0A") << "others are told";
}

TEST_F(ItemSemantics, TheOwnerMayRefuseOrKeepTheValue) {
  answer = victron::WriteResult::refused;
  EXPECT_EQ(client.set(kName, "/CustomName", "s", "House").value, 2);
  answer = victron::WriteResult::done;
  EXPECT_EQ(client.set(kName, "/Io/ForceChargingOff", "i", 1).value, 0);
  EXPECT_EQ(service->items().value("/Io/ForceChargingOff"), Value(0));
  EXPECT_EQ(service->items().value("/CustomName"), Value(std::string()));
}

TEST_F(ItemSemantics, HostileWritesAreRefusedAndChangeNothing) {
  const auto before = client.call(kName, "/", "GetItems").value;
  EXPECT_EQ(client.set(kName, "/CustomName", "i", 5).value, 1) << "an integer name kills systemcalc";
  EXPECT_EQ(client.set(kName, "/CustomName", "d", 5.0).value, 1);
  EXPECT_EQ(client.set(kName, "/CustomName", "s", std::string(5000, 'x').c_str()).value, 1);
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "s", "20").value, 1);
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "d", std::numeric_limits<double>::quiet_NaN()).value, 1);
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "d", std::numeric_limits<double>::infinity()).value, 1);
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "i", -1).value, 1);
  EXPECT_EQ(client.set(kName, "/Settings/MaxChargeCurrent", "x", std::int64_t{1} << 40).value, 1);
  EXPECT_EQ(client.set(kName, "/Soc", "d", 100.0).value, 1) << "read-only";
  EXPECT_EQ(client.set(kName, "/DeviceInstance", "i", 7).value, 1);
  const auto raw = [&](const char* path, auto build) { return client.call(kName, path, "SetValue", build); };
  EXPECT_EQ(raw("/CustomName", [](auto* m) { return sd_bus_message_append(m, "v", "ai", 0); }).value, 1);
  EXPECT_EQ(raw("/CustomName", [](auto* m) { return sd_bus_message_append(m, "v", "as", 1, "x"); }).value, 1);
  EXPECT_EQ(raw("/CustomName", [](auto* m) { return sd_bus_message_append(m, "v", "a{sv}", 1, "x", "i", 1); }).value,
            1);
  EXPECT_EQ(raw("/CustomName", [](auto* m) { return sd_bus_message_append(m, "v", "v", "i", 1); }).value, 1);
  EXPECT_EQ(raw("/CustomName", [](auto* m) { return sd_bus_message_append(m, "ai", 0); }).error,
            "org.freedesktop.DBus.Error.InvalidArgs");
  EXPECT_EQ(raw("/Nope", [](auto* m) { return sd_bus_message_append(m, "v", "i", 1); }).error, kUnknownObject);
  EXPECT_EQ(raw("/Dc", [](auto* m) { return sd_bus_message_append(m, "v", "i", 1); }).error, kUnknownMethod);
  EXPECT_THAT(writes, IsEmpty());
  EXPECT_EQ(client.call(kName, "/", "GetItems").value, before);
}

}  // namespace
}  // namespace bms::test
