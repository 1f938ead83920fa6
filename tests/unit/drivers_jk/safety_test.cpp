// What the JK drivers send, whatever they hear: next to the triggers are shutdown and presets that overwrite all
// limits.
#include <gtest/gtest.h>

#include <random>

#include "bms/checksum.hpp"
#include "bms/modbus.hpp"
#include "jk/jk_sim.hpp"
#include "jk/pb.hpp"
#include "jk/uart.hpp"
#include "support/damage.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::jk {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

DriverOptions at(unsigned address) {
  DriverOptions options;
  options.address = address;
  return options;
}

struct PbBench {
  explicit PbBench(SimulatorOptions options = {3, {}})
      : truth(test::random_truth(random, {16, 4})), driver(at(options.address)), device(simulate_pb(options)) {
    line.answerer = [this](ByteView request) {
      const auto response = device->respond(request, truth);
      writes += response.wrote ? 1 : 0;
      return response.answer;
    };
  }
  std::mt19937 random{5};
  Reading truth;
  PbDriver driver;
  std::unique_ptr<SimulatedDevice> device;
  int writes = 0;
  test::Dialogue line{driver, {}, {}, {}, {}, {}};
};

/// The only requests that reading may produce for address 3, byte by byte as the reference has them, and two reads of
/// registers to identify.
bool allowed(const Bytes& request) {
  static const std::vector<Bytes> kAllowed = {
      {0x03, 0x10, 0x16, 0x20, 0x00, 0x01, 0x02, 0x00, 0x00, 0xCF, 0x91},
      {0x03, 0x10, 0x16, 0x1E, 0x00, 0x01, 0x02, 0x00, 0x00, 0xCB, 0x4F},
      {0x03, 0x10, 0x16, 0x1C, 0x00, 0x01, 0x02, 0x00, 0x00, 0xCA, 0xAD},
  };
  return request[1] == modbus::kReadHolding || std::find(kAllowed.begin(), kAllowed.end(), request) != kAllowed.end();
}

TEST(PbSafety, OnlyTriggersAreSentWhateverIsHeard) {
  PbBench bench;
  test::Damage damage(11, 0.8);
  const auto honest = bench.line.answerer;
  const auto neighbour = simulate_pb({4, {}});
  bench.line.answerer = [&](ByteView request) {
    return damage.apply(request, honest(request), neighbour->broadcast(bench.truth));
  };
  TimePoint now{};
  for (int round = 0; round < 2000; ++round) {
    now += seconds(20);
    (void)bench.line.run(bench.driver.poll(now));
    if (round % 7 == 0) bench.driver.refresh();
    if (round % 50 == 0) (void)bench.line.run(bench.driver.probe());
  }
  EXPECT_GT(bench.line.requests.size(), 2000U);
  for (const Bytes& request : bench.line.requests) ASSERT_TRUE(allowed(request)) << to_hex(request);
  EXPECT_EQ(bench.writes, 0);
}

TEST(PbSafety, TriggersAndSwitchesAreTheBytesOfTheReference) {
  // Acknowledge CRCs and requests of all addresses follow from one rule; three of its table.
  EXPECT_EQ(to_hex(trigger_request(0, Block::status)), "00 10 16 20 00 01 02 00 00 DB 61");
  EXPECT_EQ(to_hex(trigger_request(15, Block::settings)), "0F 10 16 1E 00 01 02 00 00 9E 4F");
  EXPECT_EQ(to_hex(trigger_request(8, Block::about)), "08 10 16 1C 00 01 02 00 00 B9 9D");
  EXPECT_EQ(to_hex(switch_request(1, kChargeSwitchAt, true)), "01 10 10 70 00 02 04 00 00 00 01 F8 8B");
  EXPECT_EQ(to_hex(switch_request(1, kChargeSwitchAt, false)), "01 10 10 70 00 02 04 00 00 00 00 39 4B");
  EXPECT_EQ(to_hex(switch_request(1, kDischargeSwitchAt, true)), "01 10 10 74 00 02 04 00 00 00 01 F9 78");
  EXPECT_EQ(to_hex(switch_request(1, kDischargeSwitchAt, false)), "01 10 10 74 00 02 04 00 00 00 00 38 B8");
  EXPECT_EQ(to_hex(register_request(1, Block::status, 150, 2)), "01 03 12 90 00 02 C1 5E");
}

TEST(PbSafety, SwitchesAreReadBack) {
  PbBench bench;
  for (const bool on : {false, true}) {
    EXPECT_EQ(bench.line.run(bench.driver.switch_charge(on)), Outcome<bool>(on));
    EXPECT_EQ(bench.truth.charge_fet, on);
    EXPECT_EQ(bench.line.run(bench.driver.switch_discharge(on)), Outcome<bool>(on));
    EXPECT_EQ(bench.truth.discharge_fet, on);
  }
  EXPECT_EQ(bench.writes, 4);
  // A device that confirms and does nothing is found out.
  const auto honest = bench.line.answerer;
  Reading frozen = bench.truth;
  bench.line.answerer = [&](ByteView request) {
    Reading copy = frozen;
    return bench.device->respond(request, copy).answer;
  };
  EXPECT_EQ(bench.line.run(bench.driver.switch_charge(false)), Outcome<bool>(true));
  bench.line.answerer = [](ByteView) { return Bytes(); };
  EXPECT_EQ(bench.line.run(bench.driver.switch_charge(false)).error(), Fault::timeout);
}

TEST(PbConversation, RemembersIdentityAndReadsSettingsNowAndThen) {
  PbBench bench;
  const auto count = [&](Block block) {
    const Bytes wanted = trigger_request(3, block);
    return std::count(bench.line.requests.begin(), bench.line.requests.end(), wanted);
  };
  for (int second = 0; second < 900; ++second) {
    ASSERT_TRUE(bench.line.run(bench.driver.poll(TimePoint(seconds(second)))));
  }
  EXPECT_EQ(count(Block::status), 900);
  EXPECT_EQ(count(Block::about), 2) << "once, and once more to confirm it";
  EXPECT_EQ(count(Block::settings), 4) << "twice at the start, then every five minutes";
  bench.driver.refresh();
  ASSERT_TRUE(bench.line.run(bench.driver.poll(TimePoint(seconds(901)))));
  EXPECT_EQ(count(Block::about), 3);
  EXPECT_EQ(count(Block::settings), 5);
}

TEST(PbConversation, AUnitThatOnlyTellsStatusIsReadAllTheSame) {
  PbBench bench({3, {{"slow", "no"}}});
  const auto reading = bench.line.run(bench.driver.poll({}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(*reading, bench.device->quantised(bench.truth));
  const auto sent = bench.line.requests.size();
  ASSERT_TRUE(bench.line.run(bench.driver.poll(TimePoint(seconds(1)))));
  EXPECT_EQ(bench.line.requests.size(), sent + 1) << "silent blocks are not asked for in every poll";
}

TEST(PbConversation, ASilentPackCostsTwoQuestions) {
  PbBench bench;
  bench.line.answerer = [](ByteView) { return Bytes(); };
  EXPECT_EQ(bench.line.run(bench.driver.poll({})).error(), Fault::timeout);
  EXPECT_EQ(bench.line.requests.size(), 2U);
  EXPECT_EQ(bench.line.run(bench.driver.poll(TimePoint(seconds(1)))).error(), Fault::timeout);
  EXPECT_EQ(bench.line.requests.size(), 3U);
}

TEST(PbConversation, AMasterIsNotTakenForThePackThatWasAsked) {
  PbBench bench;
  const auto master = simulate_pb({0, {{"master", "yes"}}});
  Reading other = test::random_truth(bench.random, {16, 4});
  const auto honest = bench.line.answerer;
  bench.line.answerer = [&](ByteView request) {
    Bytes heard = master->broadcast(other);
    append(heard, honest(request));
    return heard;
  };
  const auto reading = bench.line.run(bench.driver.poll({}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(*reading, bench.device->quantised(bench.truth));
}

TEST(PbProbe, ReadsRegistersAndSendsNoTriggerWhereTheyAnswer) {
  PbBench bench;
  const auto found = bench.line.run(bench.driver.probe());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "JK_PB2A16S20P");
  EXPECT_EQ(found->serial, "40119491483");
  EXPECT_EQ(found->sw, "15.41");
  for (const Bytes& request : bench.line.requests) {
    EXPECT_EQ(request[1], modbus::kReadHolding);
    const auto window = register_window(request);
    ASSERT_TRUE(window);
    for (const ByteRange& secret : kSecrets) {
      EXPECT_TRUE(window->end <= secret.begin || window->begin >= secret.begin + secret.size);
    }
  }
}

TEST(PbProbe, TriggersOnlyWhereRegistersAreSilent) {
  PbBench bench({3, {{"registers", "no"}}});
  const auto found = bench.line.run(bench.driver.probe());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->serial, "40119491483");
  for (const Bytes& request : bench.line.requests) EXPECT_TRUE(allowed(request));
  EXPECT_EQ(bench.writes, 0);
}

TEST(PbSecrets, NeitherPinNorPasswordGetsOut) {
  PbBench bench;
  const Bytes request = trigger_request(3, Block::about);
  const Bytes received = bench.device->respond(request, bench.truth).answer;
  const auto holds = [](const Bytes& bytes, std::string_view text) {
    return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
  };
  ASSERT_TRUE(holds(received, "136913"));
  const Bytes clean = bench.driver.redacted(request, received);
  EXPECT_EQ(clean.size(), received.size());
  EXPECT_FALSE(holds(clean, "136913"));
  EXPECT_FALSE(holds(clean, "1234"));
  EXPECT_EQ(bench.driver.scan(request, clean).kind, Scan::Kind::frame) << "still replays";
  // Damaged in any way, late, or cut: nothing of them stays either.
  test::Damage damage(3, 1, true);
  for (int i = 0; i < 5000; ++i) {
    const Bytes harmed = bench.driver.redacted(request, damage.apply(request, received, received));
    ASSERT_FALSE(holds(harmed, "136913")) << i;
    ASSERT_FALSE(holds(harmed, "1369")) << i;
  }
  EXPECT_FALSE(holds(bench.driver.redacted(trigger_request(3, Block::status), received), "136913")) << "a late about";
}

struct UartBench {
  explicit UartBench(SimulatorOptions options = {}) : device(simulate_uart(options)) {
    line.answerer = [this](ByteView request) { return device->respond(request, truth).answer; };
  }
  std::mt19937 random{5};
  Reading truth = test::random_truth(random, {16, 2});
  UartDriver driver;
  std::unique_ptr<SimulatedDevice> device;
  test::Dialogue line{driver, {}, {}, {}, {}, {}};
};

TEST(UartSafety, RequestsAreTheBytesOfTheReference) {
  const auto write = [](std::uint8_t id, std::uint8_t value) {
    return to_hex(uart_request(UartCommand::write, Bytes{id, value}));
  };
  EXPECT_EQ(to_hex(uart_request(UartCommand::read_all, Bytes{0})),
            "4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29");
  EXPECT_EQ(to_hex(uart_request(UartCommand::unlock, Bytes{0})),
            "4E 57 00 13 00 00 00 00 05 03 00 00 00 00 00 00 68 00 00 01 28");
  EXPECT_EQ(write(kChargeSwitch, 1), "4E 57 00 14 00 00 00 00 02 03 00 AB 01 00 00 00 00 68 00 00 01 D2");
  EXPECT_EQ(write(kDischargeSwitch, 0), "4E 57 00 14 00 00 00 00 02 03 00 AC 00 00 00 00 00 68 00 00 01 D2");
}

TEST(UartSafety, PollsOnlyReadAll) {
  UartBench bench;
  test::Damage damage(4, 0.8);
  const auto honest = bench.line.answerer;
  bench.line.answerer = [&](ByteView request) { return damage.apply(request, honest(request), honest(request)); };
  for (int i = 0; i < 500; ++i) (void)bench.line.run(bench.driver.poll(TimePoint(minutes(i))));
  (void)bench.line.run(bench.driver.probe());
  for (const Bytes& request : bench.line.requests) {
    ASSERT_EQ(request, uart_request(UartCommand::read_all, Bytes{0}));
  }
}

TEST(UartSafety, SwitchesAreReadBackAndUnlockedWhereNeeded) {
  for (const char* unlock : {"no", "yes"}) {
    UartBench bench({0, {{"unlock", unlock}}});
    for (const bool on : {false, true}) {
      EXPECT_EQ(bench.line.run(bench.driver.switch_charge(on)), Outcome<bool>(on));
      EXPECT_EQ(bench.truth.charge_fet, on);
      EXPECT_EQ(bench.line.run(bench.driver.switch_discharge(on)), Outcome<bool>(on));
      EXPECT_EQ(bench.truth.discharge_fet, on);
    }
  }
}

TEST(UartSecrets, ThePasswordDoesNotGetOut) {
  UartBench bench;
  const Bytes request = uart_request(UartCommand::read_all, Bytes{0});
  const Bytes received = bench.device->respond(request, bench.truth).answer;
  const auto holds = [](const Bytes& bytes, std::string_view text) {
    return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
  };
  ASSERT_TRUE(holds(received, "123456"));
  const Bytes clean = bench.driver.redacted(request, received);
  EXPECT_EQ(clean.size(), received.size());
  EXPECT_FALSE(holds(clean, "123"));
  EXPECT_EQ(bench.driver.scan(request, clean).kind, Scan::Kind::frame) << "still replays";
  test::Damage damage(3, 1, true);
  for (int i = 0; i < 5000; ++i) {
    const Bytes harmed = bench.driver.redacted(request, damage.apply(request, received, received));
    ASSERT_FALSE(holds(harmed, "1234")) << i;
    ASSERT_FALSE(holds(harmed, "3456")) << i;
  }
}

}  // namespace
}  // namespace bms::jk
