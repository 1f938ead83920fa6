#include "ve_direct/smartshunt.hpp"

#include <gtest/gtest.h>

#include "support/dialogue.hpp"
#include "ve_direct/simulated_shunt.hpp"

namespace bms::ve_direct {
namespace {

using std::chrono::seconds;

Reading truth() {
  Reading reading;
  reading.voltage_V = 53.12;
  reading.current_A = -8.125;
  reading.soc_pct = 87.7;
  reading.capacity_Ah = 280;
  reading.consumed_Ah = -34.5;
  reading.ttg_s = 74040;
  reading.temps_C = {21};
  reading.serial = "HQ2031ABCDE";
  reading.device_name = "House";
  reading.history = {{"deepest_discharge_Ah", -149.322}, {"charge_cycles", 7}, {"max_voltage_V", 56.8}};
  return reading;
}

/// A driver and a simulated device, second by second.
struct Bench {
  using Settings = std::map<std::string, std::string, std::less<>>;
  explicit Bench(Settings settings = {}, bool use_hex = true)
      : device({0, std::move(settings)}), driver(use_hex), dialogue{driver, {}, {}, {}, {}, {}, {}} {
    dialogue.answerer = [this](ByteView request) {
      auto response = device.respond(request, battery);
      writes += response.wrote ? 1 : 0;
      return response.answer;
    };
    dialogue.says = [this] { return device.broadcast(battery); };
  }
  Outcome<Reading> poll() {
    now += seconds(1);
    return dialogue.run(driver.poll(now));
  }

  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Reading battery = truth();
  SimulatedShunt device;
  SmartShunt driver;
  test::Dialogue dialogue;
  TimePoint now{seconds(1000)};
  int writes = 0;
};

TEST(SmartShunt, FirstReadingIsWhole) {
  Bench bench;
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(*reading, bench.device.quantised(bench.battery));
  EXPECT_EQ(reading->serial, "HQ2031ABCDE");
  EXPECT_EQ(reading->device_name, "House");
  EXPECT_EQ(reading->capacity_Ah, 280);
  EXPECT_EQ(reading->cycles, 7);
  EXPECT_EQ(reading->history.at("max_voltage_V"), 56.8);
  EXPECT_EQ(bench.writes, 0);
}

TEST(SmartShunt, EveryAuxInput) {
  for (const char* aux : {"temperature", "starter", "mid", "none"}) {
    Bench bench(Bench::Settings{{"aux", aux}});
    const auto reading = bench.poll();
    ASSERT_TRUE(reading) << aux;
    EXPECT_EQ(*reading, bench.device.quantised(bench.battery));
  }
}

TEST(SmartShunt, SettingsComeSlowlyAndStay) {
  Bench bench;
  std::size_t most = 0;
  for (int second = 0; second < 300; ++second) {
    const std::size_t before = bench.dialogue.requests.size();
    ASSERT_TRUE(bench.poll());
    most = std::max(most, bench.dialogue.requests.size() - before);
  }
  EXPECT_LE(most, 4U);
  EXPECT_LE(bench.dialogue.requests.size(), 120U);
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(std::get<double>(reading->extra.at("peukert_exponent")), 1.25);
  EXPECT_EQ(std::get<double>(reading->extra.at("discharge_floor_pct")), 50);
  // Registers that this device does not have are not asked again and again.
  const std::size_t settled = bench.dialogue.requests.size();
  for (int second = 0; second < 600; ++second) ASSERT_TRUE(bench.poll());
  EXPECT_LT(bench.dialogue.requests.size() - settled, 10U);
}

TEST(SmartShunt, ADeviceWithoutANameAnswersWithTheQuestionItself) {
  Bench bench;
  bench.battery.device_name.reset();
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->device_name);
  EXPECT_EQ(reading->capacity_Ah, 280);  // asked after the name
}

TEST(SmartShunt, ARegisterThatIsNeverAnsweredDoesNotHoldUpTheOthers) {
  Bench bench;
  const auto answer = bench.dialogue.answerer;
  bench.dialogue.answerer = [&](ByteView request) {
    const Bytes name = hex::get(kName);
    return std::equal(request.begin(), request.end(), name.begin(), name.end()) ? Bytes{} : answer(request);
  };
  Outcome<Reading> reading = bench.poll();
  for (int second = 0; second < 70; ++second) reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->capacity_Ah, 280);
}

TEST(SmartShunt, ListensOnlyWhenTold) {
  Bench bench(Bench::Settings{}, false);
  for (int second = 0; second < 60; ++second) ASSERT_TRUE(bench.poll());
  EXPECT_TRUE(bench.dialogue.requests.empty());
}

TEST(SmartShunt, AOneWayCableCostsFewQuestions) {
  Bench bench(Bench::Settings{{"hex", "none"}});
  for (int second = 0; second < 600; ++second) ASSERT_TRUE(bench.poll());
  EXPECT_LE(bench.dialogue.requests.size(), 12U);
}

TEST(SmartShunt, OlderFirmwareStopsItsTextAfterAQuestion) {
  Bench bench(Bench::Settings{{"hex", "old"}});
  int readings = 0;
  for (int second = 0; second < 120; ++second) readings += bench.poll() ? 1 : 0;
  EXPECT_EQ(readings, 120);  // a listening exchange lasts long enough for TEXT to come back
}

TEST(SmartShunt, WithoutTextTheLiveValuesComeByHex) {
  Bench bench(Bench::Settings{{"text", "no"}});
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->voltage_V, 53.12);
  EXPECT_EQ(reading->current_A, -8.125);
  EXPECT_EQ(reading->soc_pct, 87.7);
  EXPECT_EQ(reading->ttg_s, 74040);
  EXPECT_EQ(reading->temps_C, (std::vector<std::optional<double>>{21}));
  EXPECT_EQ(bench.writes, 0);
}

TEST(SmartShunt, WithoutTextAllThatTheDeviceHasComesByHex) {
  for (const char* aux : {"temperature", "starter", "mid", "none"}) {
    Bench bench(Bench::Settings{{"text", "no"}, {"aux", aux}});
    bench.battery.alarms = {{{Condition::low_soc, AlarmLevel::alarm}, {Condition::mid_voltage, AlarmLevel::warning}}};
    const auto expected = bench.device.quantised(bench.battery);
    ASSERT_TRUE(bench.poll());
    const auto reading = bench.poll();
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->model, "SmartShunt IP65 500A");
    EXPECT_EQ(reading->sw, "4.16");
    EXPECT_EQ(reading->alarms, bench.battery.alarms);
    EXPECT_EQ(reading->aux_voltage_V, expected.aux_voltage_V);
    EXPECT_EQ(reading->mid_voltage_V, expected.mid_voltage_V);
    EXPECT_EQ(reading->consumed_Ah, -34.5);
    EXPECT_EQ(std::get<double>(reading->extra.at("power_W")), -432);
    EXPECT_FALSE(reading->extra.contains("relay_on"));
  }
}

TEST(SmartShunt, SilentTextIsNotWaitedForEachTimeAndHeardWhenItComesBack) {
  Bench bench(Bench::Settings{{"text", "no"}});
  for (int second = 0; second < 120; ++second) ASSERT_TRUE(bench.poll());
  // Each poll looks once at what has come; nothing but the two tries in two minutes listens longer.
  EXPECT_LE(bench.dialogue.faults.size(), 120U + 3 * 2U);
  bench.dialogue.says = [&] {
    append(bench.dialogue.buffer, bench.device.main_block(bench.battery));
    return bench.device.history_block(bench.battery);
  };
  for (int second = 0; second < 62; ++second) ASSERT_TRUE(bench.poll());
  const std::size_t settled = bench.dialogue.requests.size();
  for (int second = 0; second < 8; ++second) ASSERT_TRUE(bench.poll());
  EXPECT_LE(bench.dialogue.requests.size() - settled, 4U);
}

TEST(SmartShunt, AQuestionThatCameDamagedIsAskedAgain) {
  Bench bench;
  const auto answer = bench.dialogue.answerer;
  int damaged = 0;
  bench.dialogue.answerer = [&](ByteView request) {
    const Bytes capacity = hex::get(kCapacity);
    const bool hit = std::equal(request.begin(), request.end(), capacity.begin(), capacity.end()) && damaged < 2;
    damaged += hit ? 1 : 0;
    return hit ? hex::encode(4, Bytes{0xAA, 0xAA}) : answer(request);
  };
  EXPECT_EQ(bench.poll()->capacity_Ah, 280);
  EXPECT_EQ(damaged, 2);
}

TEST(SmartShunt, ALateAnswerToAnotherKindOfQuestionIsNone) {
  Bench bench;
  const auto answer = bench.dialogue.answerer;
  bench.dialogue.answerer = [&](ByteView request) {
    // A late answer to "get" of the same register stands before the refusal of "set".
    const bool sets = request[1] == '8';
    Bytes out = hex::answer(hex::Command::get, kSoc, 0, Bytes{0x42, 0x22});
    append(out, sets ? hex::answer(hex::Command::set, kSoc, hex::kNotSupported, {}) : answer(request));
    return out;
  };
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(42)).error(), Fault::refused);
}

TEST(SmartShunt, ADamagedHistoryAgesNoLiveValue) {
  Bench bench;
  bench.dialogue.says = [&] {
    Bytes out = bench.device.main_block(bench.battery);
    Bytes history = bench.device.history_block(bench.battery);
    history.back() ^= 1U;
    append(out, history);
    return out;
  };
  for (int second = 0; second < 20; ++second) ASSERT_TRUE(bench.poll());
}

TEST(SmartShunt, ADcEnergyMeterIsRefusedByTextAndByHex) {
  Bench text(Bench::Settings{{"monitor", "3"}});
  EXPECT_EQ(text.poll().error(), Fault::refused);
  EXPECT_EQ(text.dialogue.run(text.driver.probe()).error(), Fault::refused);
  Bench hex(Bench::Settings{{"monitor", "-1"}, {"text", "no"}});
  EXPECT_EQ(hex.poll().error(), Fault::refused);
}

TEST(SmartShunt, AsynchronousFramesInsideBlocks) {
  Bench bench(Bench::Settings{{"async", "yes"}});
  for (int second = 0; second < 20; ++second) ASSERT_TRUE(bench.poll());
}

TEST(SmartShunt, ASilentDeviceIsATimeout) {
  Bench bench(Bench::Settings{{"text", "no"}, {"hex", "none"}});
  EXPECT_EQ(bench.poll().error(), Fault::timeout);
  EXPECT_EQ(bench.dialogue.run(bench.driver.probe()).error(), Fault::timeout);
}

TEST(SmartShunt, AChargerOnTheCableIsForeign) {
  Bench bench;
  bench.dialogue.says = [] { return make_block({{"PID", "0xA053"}, {"V", "13790"}, {"I", "-10"}, {"VPV", "15950"}}); };
  EXPECT_EQ(bench.poll().error(), Fault::foreign);
  EXPECT_TRUE(bench.dialogue.requests.empty());
}

TEST(SmartShunt, OldBlocksOfTheAdapterAreSkipped) {
  Bench bench;
  ASSERT_TRUE(bench.poll());
  bench.battery.soc_pct = 50;
  for (int block = 0; block < 5; ++block) append(bench.dialogue.buffer, bench.device.broadcast(bench.battery));
  bench.battery.soc_pct = 49;
  bench.now += seconds(5);
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->soc_pct, 49);
}

TEST(SmartShunt, ABlockThatCameSinceTheLastPollIsFresh) {
  Bench bench;
  ASSERT_TRUE(bench.poll());
  bench.battery.soc_pct = 50;
  append(bench.dialogue.buffer, bench.device.broadcast(bench.battery));
  bench.dialogue.says = nullptr;
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->soc_pct, 50);
}

TEST(SmartShunt, HistoryThatNoLongerComesIsForgotten) {
  Bench bench(Bench::Settings{{"hex", "none"}});
  ASSERT_TRUE(bench.poll()->cycles);
  bench.dialogue.says = [&] { return bench.device.main_block(bench.battery); };
  Outcome<Reading> reading = bench.poll();
  for (int second = 0; second < 40; ++second) reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->cycles);
  EXPECT_TRUE(reading->history.empty());
}

TEST(SmartShunt, HistoryThatNoLongerComesIsAskedForByHex) {
  Bench bench;
  ASSERT_TRUE(bench.poll());
  bench.dialogue.says = [&] { return bench.device.main_block(bench.battery); };
  Outcome<Reading> reading = bench.poll();
  for (int second = 0; second < 100; ++second) reading = bench.poll();
  EXPECT_EQ(reading->history.at("charge_cycles"), 7);
  EXPECT_EQ(reading->cycles, 7);
  EXPECT_EQ(reading->history.at("max_voltage_V"), 56.8);
}

TEST(SmartShunt, AFirmwareWithItsOwnIdeaOfPowerIsBelieved) {
  Bench bench;
  bench.dialogue.says = [] { return make_block({{"V", "53120"}, {"I", "-8125"}, {"P", "-500"}, {"SOC", "877"}}); };
  EXPECT_TRUE(bench.poll());  // three blocks of the same kind
  EXPECT_TRUE(bench.poll());
}

TEST(SmartShunt, AJumpIsBelievedWhenASecondBlockAgrees) {
  Bench bench;
  ASSERT_TRUE(bench.poll());
  int blocks = 0;
  bench.dialogue.says = [&] {
    ++blocks;
    return bench.device.main_block(bench.battery);
  };
  while (!bench.dialogue.buffer.empty()) ASSERT_TRUE(bench.poll());
  bench.battery.soc_pct = 100;  // synchronised
  bench.battery.consumed_Ah = 0;
  blocks = 0;
  const auto reading = bench.poll();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->soc_pct, 100);
  EXPECT_EQ(blocks, 2);
}

TEST(SmartShunt, SetsTheStateOfCharge) {
  Bench bench;
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(42.5)), true);
  EXPECT_EQ(bench.battery.soc_pct, 42.5);
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(100)), true);
  EXPECT_EQ(bench.battery.soc_pct, 100);
  EXPECT_EQ(bench.dialogue.requests[bench.dialogue.requests.size() - 2], hex::set(kSynchronise, {}));
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(101)).error(), Fault::refused);
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(-1)).error(), Fault::refused);
  EXPECT_EQ(bench.dialogue.run(bench.driver.switch_charge(true)).error(), Fault::unsupported);
}

TEST(SmartShunt, ADeviceThatDoesNotLetItsSocBeSetSaysSo) {
  Bench bench;
  bench.dialogue.answerer = [](ByteView) { return hex::answer(hex::Command::set, kSoc, hex::kNotSupported, {}); };
  EXPECT_EQ(bench.dialogue.run(bench.driver.set_soc(42)).error(), Fault::refused);
  EXPECT_EQ(bench.battery.soc_pct, 87.7);
}

TEST(SmartShunt, ProbeListensFirstAndWritesNothing) {
  Bench bench;
  const auto reading = bench.dialogue.run(bench.driver.probe());
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->serial, "HQ2031ABCDE");
  EXPECT_EQ(reading->model, "SmartShunt IP65 500A");
  EXPECT_EQ(bench.dialogue.requests.size(), 1U);
  Bench silent(Bench::Settings{{"text", "no"}});
  EXPECT_TRUE(silent.dialogue.run(silent.driver.probe()));
  EXPECT_EQ(bench.writes + silent.writes, 0);
}

}  // namespace
}  // namespace bms::ve_direct
