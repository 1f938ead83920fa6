// One battery out of a recording of two on one line, for every driver whose batteries have addresses.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "capture/capture.hpp"
#include "capture/replay.hpp"
#include "reading/json.hpp"
#include "sim/battery.hpp"
#include "support/dialogue.hpp"

namespace bms {
namespace {

constexpr unsigned kFirst = 1;
constexpr unsigned kSecond = 2;
constexpr int kPolls = 3;

DriverOptions options_for(unsigned address) {
  return {.address = address, .cells = {}, .capacity_Ah = {}, .settings = {}};
}

/// A device and the driver that asks it; what went over the wire goes into a capture.
class Pack {
 public:
  Pack(const DriverInfo& info, unsigned address, double soc_pct)
      : battery_({.soc_pct = soc_pct, .serial = "SIM0000" + std::to_string(address)}),
        device_(info.simulate({address, {}})),
        driver_(info.make(options_for(address))) {}

  std::optional<Reading> poll(int second, Capture& capture) {
    const auto answer = test::answer_from(*device_, battery_.truth());
    const auto recorded = [&](ByteView request) {
      Bytes bytes = answer(request);
      capture.lines.push_back({true, second, Bytes(request.begin(), request.end()), capture.lines.size() + 1});
      if (!bytes.empty()) capture.lines.push_back({false, second, bytes, capture.lines.size() + 1});
      return bytes;
    };
    test::Dialogue dialogue{*driver_, recorded, {}, {}, {}, {}};
    auto reading = dialogue.run(driver_->poll(TimePoint{} + std::chrono::seconds(second)));
    return reading ? std::optional(*reading) : std::nullopt;
  }

 private:
  sim::Battery battery_;
  std::unique_ptr<SimulatedDevice> device_;
  std::unique_ptr<Driver> driver_;
};

class Several : public testing::TestWithParam<std::string> {};

std::vector<double> states_of_charge(const std::string& lines) {
  std::vector<double> all;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto read = nlohmann::json::parse(line);
    if (read.value("complete", true)) all.push_back(read["soc_pct"]);
  }
  return all;
}

/// Two packs of 30 and 80 % polled in turn.
Capture two_in_turn(const DriverInfo& info) {
  Capture both{"both.cap", {}, {}};
  Pack first(info, kFirst, 30);
  Pack second(info, kSecond, 80);
  for (int poll = 0; poll < kPolls; ++poll) {
    EXPECT_TRUE(first.poll(2 * poll, both));
    EXPECT_TRUE(second.poll(2 * poll + 1, both));
  }
  return both;
}

TEST_P(Several, OneIsPickedByItsAddress) {
  const DriverInfo& info = *find_driver(GetParam());
  const Capture both = two_in_turn(info);
  for (const auto& [address, soc_pct] : {std::pair{kFirst, 30.0}, {kSecond, 80.0}}) {
    std::ostringstream out;
    std::ostringstream err;
    replay(both, *info.make(options_for(address)), out, err, address);
    const auto told = states_of_charge(out.str());
    EXPECT_GE(told.size(), static_cast<std::size_t>(kPolls) - 1) << out.str() << err.str();
    for (const double each : told) EXPECT_NEAR(each, soc_pct, 1) << "address " << address;
  }
}

TEST_P(Several, EachIsDecodedByItselfAndSaysWhichItIs) {
  const DriverInfo& info = *find_driver(GetParam());
  const Capture both = two_in_turn(info);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(replay_all(both, info, options_for(info.address_default), out, err).exit_code(), 0);
  EXPECT_EQ(err.str(), "");
  std::map<unsigned, std::string> told;
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) {
    auto read = nlohmann::ordered_json::parse(line);
    const auto address = read.at("address").get<unsigned>();
    read.erase("address");
    told[address] += read.dump() + "\n";
  }
  EXPECT_EQ(told.size(), 2U);
  for (const unsigned address : {kFirst, kSecond}) {
    std::ostringstream picked;
    replay(both, *info.make(options_for(address)), picked, err, address);
    EXPECT_EQ(told[address], picked.str()) << "address " << address;
  }
}

TEST_P(Several, AnAddressThatNobodyAskedIsSaid) {
  const DriverInfo& info = *find_driver(GetParam());
  Capture capture{"one.cap", {}, {}};
  ASSERT_TRUE(Pack(info, kFirst, 30).poll(0, capture));
  std::ostringstream out;
  std::ostringstream err;
  const auto result = replay(capture, *info.make(options_for(kSecond)), out, err, kSecond);
  EXPECT_EQ(result.exit_code(), 1) << out.str();
  EXPECT_NE(err.str().find("one.cap: nothing asks address 2; asked are 1\n"), std::string::npos) << err.str();
}

TEST_P(Several, WithoutAnAddressAllIsDecoded) {
  const DriverInfo& info = *find_driver(GetParam());
  Capture capture{"one.cap", {}, {}};
  ASSERT_TRUE(Pack(info, kSecond, 80).poll(0, capture));
  std::ostringstream out;
  std::ostringstream err;
  replay(capture, *info.make(options_for(kFirst)), out, err);
  EXPECT_NE(out.str(), "") << err.str();
}

TEST(AnswersAlone, AreThoseOfTheAddressThatTheyTell) {
  const DriverInfo& info = *find_driver("jk-pb");
  Capture capture{"heard.cap", {}, {}};
  ASSERT_TRUE(Pack(info, 5, 80).poll(0, capture));
  std::ostringstream asked;
  std::ostringstream err;
  EXPECT_EQ(replay_all(capture, info, options_for(info.address_default), asked, err).exit_code(), 0);
  EXPECT_EQ(err.str(), "");
  std::erase_if(capture.lines, [](const CaptureLine& line) { return line.to_battery; });
  std::ostringstream heard;
  EXPECT_EQ(replay_all(capture, info, options_for(info.address_default), heard, err).exit_code(), 0);
  EXPECT_EQ(heard.str(), asked.str());
  EXPECT_EQ(err.str(), "heard.cap: answers of address 5; --address takes another one\n");
}

TEST(AnswersAlone, OfNobodyAreRefusedAsBefore) {
  const DriverInfo& info = *find_driver("jk-pb");
  const Capture capture{"noise.cap", {}, {{false, 0, Bytes(40, 0x55), 1}}};
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(replay_all(capture, info, options_for(info.address_default), out, err).exit_code(), 1);
  EXPECT_EQ(out.str(), "");
  EXPECT_NE(err.str(), "");
}

std::vector<std::string> drivers_with_addresses() {
  std::vector<std::string> names;
  for (const DriverInfo& info : drivers()) {
    if (info.has_address && info.simulate != nullptr) names.emplace_back(info.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Drivers, Several, testing::ValuesIn(drivers_with_addresses()), [](const auto& name) {
  std::string clean = name.param;
  std::replace(clean.begin(), clean.end(), '-', '_');
  return clean;
});

}  // namespace
}  // namespace bms
