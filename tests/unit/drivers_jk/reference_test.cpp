// Bits, request bytes and conversations of the JK reference, one by one.
#include <gtest/gtest.h>

#include <random>

#include "bank/confirmed_poll.hpp"
#include "bms/checksum.hpp"
#include "bms/modbus.hpp"
#include "jk/jk_sim.hpp"
#include "jk/pb.hpp"
#include "jk/uart.hpp"
#include "support/dialogue.hpp"
#include "support/truth.hpp"

namespace bms::jk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

template <std::size_t Size>
Names names(const AlarmBit (&table)[Size], std::uint64_t bits) {
  std::vector<Alarm> alarms;
  decode_alarms(table, bits, alarms);
  Names out;
  for (const Alarm& alarm : alarms) {
    out.push_back(std::string(to_string(alarm.level)) + ":" + std::string(to_string(alarm.condition)));
  }
  return out;
}

TEST(UartAlarms, EachBitByItself) {
  const Names kBits[] = {
      {"warning:low_soc"},
      {"alarm:mos_overtemperature"},
      {"alarm:pack_overvoltage"},
      {"alarm:pack_undervoltage"},
      {"alarm:charge_overtemperature", "alarm:discharge_overtemperature"},
      {"alarm:charge_overcurrent"},
      {"alarm:discharge_overcurrent"},
      {"alarm:cell_imbalance"},
      {"alarm:env_overtemperature"},
      {"alarm:charge_undertemperature"},
      {"alarm:cell_overvoltage"},
      {"alarm:cell_undervoltage"},
      {"alarm:internal"},
      {"alarm:internal"},
      {},
      {},
  };
  for (std::size_t bit = 0; bit < std::size(kBits); ++bit) EXPECT_EQ(names(kUartAlarms, 1U << bit), kBits[bit]) << bit;
}

TEST(PbAlarms, EachBitByItself) {
  const Names kBits[] = {
      {"warning:wire_resistance"},
      {"alarm:mos_overtemperature"},
      {"alarm:cell_count"},
      {"alarm:current_sensor"},
      {"alarm:cell_overvoltage"},
      {"alarm:pack_overvoltage"},
      {"alarm:charge_overcurrent"},
      {"alarm:short_circuit"},
      {"alarm:charge_overtemperature"},
      {"alarm:charge_undertemperature"},
      {"alarm:internal"},
      {"alarm:cell_undervoltage"},
      {"alarm:pack_undervoltage"},
      {"alarm:discharge_overcurrent"},
      {"alarm:short_circuit"},
      {"alarm:discharge_overtemperature"},
      {"alarm:charge_fet"},
      {"alarm:discharge_fet"},
      {"warning:communication"},
      {},  // the default password is still set: no fault
      {"alarm:discharge_fet"},
      {"alarm:charge_overtemperature", "alarm:discharge_overtemperature"},
      {"alarm:temperature_sensor"},
      {"alarm:communication"},
      {"alarm:short_circuit"},
      {"alarm:discharge_overcurrent"},
      {"alarm:discharge_overcurrent"},
      {"alarm:discharge_undertemperature"},
      {"warning:configuration"},
      {},
      {},
      {},
  };
  for (std::size_t bit = 0; bit < std::size(kBits); ++bit) EXPECT_EQ(names(kAlarms, 1ULL << bit), kBits[bit]) << bit;
}

TEST(PbRequests, TriggersOfAllAddressesAreThoseOfTheTable) {
  const char* const kCrcs[16][3] = {
      {"DB 61", "DF BF", "DE 5D"}, {"D6 F1", "D2 2F", "D3 CD"}, {"C2 01", "C6 DF", "C7 3D"},
      {"CF 91", "CB 4F", "CA AD"}, {"E9 A1", "ED 7F", "EC 9D"}, {"E4 31", "E0 EF", "E1 0D"},
      {"F0 C1", "F4 1F", "F5 FD"}, {"FD 51", "F9 8F", "F8 6D"}, {"BC A1", "B8 7F", "B9 9D"},
      {"B1 31", "B5 EF", "B4 0D"}, {"A5 C1", "A1 1F", "A0 FD"}, {"A8 51", "AC 8F", "AD 6D"},
      {"8E 61", "8A BF", "8B 5D"}, {"83 F1", "87 2F", "86 CD"}, {"97 01", "93 DF", "92 3D"},
      {"9A 91", "9E 4F", "9F AD"}};
  for (unsigned address = 0; address < 16; ++address) {
    const Bytes first{static_cast<std::uint8_t>(address)};
    const auto expected = [&](const char* reg, const char* crc) {
      return to_hex(first) + " 10 16 " + reg + " 00 01 02 00 00 " + crc;
    };
    EXPECT_EQ(to_hex(trigger_request(first[0], Block::status)), expected("20", kCrcs[address][0]));
    EXPECT_EQ(to_hex(trigger_request(first[0], Block::settings)), expected("1E", kCrcs[address][1]));
    EXPECT_EQ(to_hex(trigger_request(first[0], Block::about)), expected("1C", kCrcs[address][2]));
  }
}

TEST(PbRequests, RegistersCountBytesAndWords) {
  EXPECT_EQ(to_hex(register_request(1, Block::status, kCellsAt, 10)), "01 03 12 00 00 0A C0 B5");
  EXPECT_EQ(to_hex(register_request(1, Block::about, kModelAt, 10)), "01 03 14 00 00 0A C0 3D");
  EXPECT_EQ(to_hex(register_request(1, Block::settings, 6, 64)), "01 03 10 00 00 40 40 FA");
  EXPECT_EQ(to_hex(register_request(1, Block::settings, 6 + 128, 64)), "01 03 10 80 00 40 41 12");
}

TEST(UartRequests, OfOneIdAndAllSwitches) {
  const std::pair<std::uint8_t, const char*> kReads[] = {{0x79, "01 9F"}, {0x83, "01 A9"}, {0x84, "01 AA"},
                                                         {0x85, "01 AB"}, {0xB7, "01 DD"}, {0xC0, "01 E6"}};
  for (const auto& [id, sum] : kReads) {
    EXPECT_EQ(to_hex(uart_request(UartCommand::read_one, Bytes{id})),
              "4E 57 00 13 00 00 00 00 03 03 00 " + to_hex(Bytes{id}) + " 00 00 00 00 68 00 00 " + sum);
  }
  const auto write = [](std::uint8_t id, std::uint8_t value) {
    return to_hex(uart_request(UartCommand::write, Bytes{id, value}));
  };
  EXPECT_EQ(write(kChargeSwitch, 0), "4E 57 00 14 00 00 00 00 02 03 00 AB 00 00 00 00 00 68 00 00 01 D1");
  EXPECT_EQ(write(kDischargeSwitch, 1), "4E 57 00 14 00 00 00 00 02 03 00 AC 01 00 00 00 00 68 00 00 01 D3");
}

/// All questions of a conversation, with what they ask of the line.
template <class T>
std::vector<Exchange> questions(test::Dialogue& line, Conversation<T> conversation) {
  std::vector<Exchange> asked;
  conversation.start();
  while (!conversation.done()) {
    asked.push_back(*conversation.pending());
    conversation.resume(line.exchange(asked.back()));
  }
  return asked;
}

struct Uart {
  explicit Uart(SimulatorOptions options = {}) : device(simulate_uart(options)) {
    line.answerer = [this](ByteView request) { return device->respond(request, truth).answer; };
  }
  std::mt19937 random{9};
  Reading truth = test::random_truth(random, {16, 2});
  UartDriver driver;
  std::unique_ptr<SimulatedDevice> device;
  test::Dialogue line{driver, {}, {}, {}, {}, {}};
};

TEST(UartTiming, PausesBetweenPacketsAndLongerBehindUnlock) {
  Uart bench({0, {{"unlock", "yes"}}});
  bench.truth.extra["charge_switch"] = 1.0;
  const auto asked = questions(bench.line, bench.driver.switch_charge(false));
  bool unlocked = false;
  bool written_behind_unlock = false;
  for (const Exchange& one : asked) {
    EXPECT_GE(one.gap, milliseconds(100));
    EXPECT_LE(one.timeout, milliseconds(500));
    if (unlocked && uart_command(one.request) == UartCommand::write) {
      written_behind_unlock = true;
      EXPECT_GE(one.gap, milliseconds(150));
    }
    unlocked = uart_command(one.request) == UartCommand::unlock;
  }
  EXPECT_TRUE(written_behind_unlock);
}

TEST(UartStartUp, ZerosOfABoardJustSwitchedOnAreNotAnEmptyBattery) {
  Uart bench;
  const auto poll = [&](int second) { return bench.line.run(bench.driver.poll(TimePoint(seconds(second)))); };
  bench.truth.soc_pct = 63;
  bench.truth.cycles = 41;
  bench.truth.cells_V.assign(16, 3.29);
  EXPECT_EQ(poll(0)->soc_pct, 63);
  bench.truth.soc_pct = 0;
  bench.truth.cycles = 0;
  for (const int second : {100, 108, 116}) {
    const auto reading = poll(second);
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->soc_pct);
    EXPECT_FALSE(reading->remaining_Ah);
    EXPECT_FALSE(reading->cycles);
    EXPECT_TRUE(reading->capacity_Ah);
    EXPECT_EQ(reading->cells_V.size(), 16U);
  }
  bench.truth.soc_pct = 63;
  bench.truth.cycles = 41;
  EXPECT_EQ(poll(117)->soc_pct, 63);
  // A new battery that stays at 0 % is believed, an empty one at once.
  bench.truth.soc_pct = 0;
  bench.truth.cycles = 0;
  EXPECT_FALSE(poll(200)->soc_pct);
  EXPECT_EQ(poll(220)->soc_pct, 0);
  Uart empty;
  empty.truth.soc_pct = 0;
  empty.truth.cycles = 0;
  empty.truth.cells_V.assign(16, 3.1);
  empty.truth.cells_V[4] = 2.85;  // recovery is at 2.9
  EXPECT_EQ(empty.line.run(empty.driver.poll({}))->soc_pct, 0);
}

TEST(UartCurrent, IsCodedAsBeforeWhereAnUnknownIdHidesTheCoding) {
  Uart bench;
  bench.truth.current_A = 12.5;
  bool hidden = true;
  bench.line.answerer = [&, honest = bench.line.answerer](ByteView request) {
    Bytes answer = honest(request);
    if (!hidden) return answer;
    const ByteView whole = uart_data(answer);
    Bytes data(whole.begin(), whole.end() - 2);  // all but C0
    data.push_back(0x88);
    return uart_reply(UartCommand::read_all, data);
  };
  const auto current = [&] { return bench.line.run(bench.driver.poll({}))->current_A; };
  EXPECT_FALSE(current());
  hidden = false;
  EXPECT_EQ(current(), 12.5);
  hidden = true;
  EXPECT_EQ(current(), 12.5);
  bench.driver.refresh();  // perhaps another board
  EXPECT_FALSE(current());
}

TEST(UartTemperature, AGlitchAroundZeroIsAskedAgain) {
  // Raw 50 in between was seen at 0 degC.
  Uart bench;
  bench.truth.temps_C = {0.0, 1.0};
  JumpGate gate;
  port::LinkHealth health;
  TimePoint now{};
  const PollContext context{bench.driver, gate, health, [&] { return now; }, {}};
  const auto honest = bench.line.answerer;
  ASSERT_TRUE(bench.line.run(confirmed_poll(context)));
  now += seconds(1);
  int answers = 0;
  bench.line.answerer = [&](ByteView request) {
    Reading glitch = bench.truth;
    if (answers++ == 0) glitch.temps_C[0] = 50.0;
    return bench.device->respond(request, glitch).answer;
  };
  const auto reading = bench.line.run(confirmed_poll(context));
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->temps_C[0], 0.0);
  EXPECT_EQ(answers, 2);
}

struct Pb {
  Pb() {
    line.answerer = [this](ByteView request) { return device->respond(request, truth).answer; };
  }
  static DriverOptions options() {
    DriverOptions options;
    options.address = 3;
    return options;
  }
  std::mt19937 random{9};
  Reading truth = test::random_truth(random, {16, 4});
  PbDriver driver{options()};
  std::unique_ptr<SimulatedDevice> device = simulate_pb({3, {}});
  test::Dialogue line{driver, {}, {}, {}, {}, {}};
};

TEST(PbTiming, SettingsWakeTheUnitAndEveryQuestionWaits) {
  Pb bench;
  const auto asked = questions(bench.line, bench.driver.poll({}));
  ASSERT_GE(asked.size(), 3U);
  EXPECT_EQ(triggered_block(asked.front().request), Block::settings) << "some of 15.36 kept silent to a lone status";
  for (const Exchange& one : asked) {
    EXPECT_GE(one.gap, milliseconds(100)) << "with less than 50 ms several BMS answered at once";
    EXPECT_EQ(one.timeout, milliseconds(triggered_block(one.request) == Block::status ? 500 : 1000));
  }
}

TEST(PbConversation, ALostFirstQuestionCostsNoSettings) {
  Pb bench;
  const auto honest = bench.line.answerer;
  int heard = 0;
  bench.line.answerer = [&](ByteView request) { return heard++ == 0 ? Bytes() : honest(request); };
  const auto reading = bench.line.run(bench.driver.poll({}));
  ASSERT_TRUE(reading);
  EXPECT_EQ(*reading, bench.device->quantised(bench.truth));
}

TEST(PbConversation, AUnitThatWakesUpTellsItsSettingsAtOnce) {
  Pb bench;
  const auto honest = bench.line.answerer;
  bench.line.answerer = [](ByteView) { return Bytes(); };
  for (const int second : {0, 1, 2}) {
    EXPECT_EQ(bench.line.run(bench.driver.poll(TimePoint(seconds(second)))).error(), Fault::timeout);
    if (second == 1) bench.driver.refresh();
  }
  bench.line.answerer = honest;
  EXPECT_EQ(*bench.line.run(bench.driver.poll(TimePoint(seconds(3)))), bench.device->quantised(bench.truth));
}

TEST(PbConversation, SettingsAndIdentityHoldWhileTheirRepetitionIsNotAnswered) {
  Pb bench;
  const auto honest = bench.line.answerer;
  ASSERT_TRUE(bench.line.run(bench.driver.poll({})));
  bench.line.answerer = [&](ByteView request) {
    return triggered_block(request) == Block::status ? honest(request) : Bytes();
  };
  for (const int second : {1, 2, 400, 401}) {  // about is due again at once, settings after five minutes
    const auto reading = bench.line.run(bench.driver.poll(TimePoint(seconds(second))));
    ASSERT_TRUE(reading) << second;
    EXPECT_EQ(*reading, bench.device->quantised(bench.truth));
  }
  // Where something looked wrong, what is known does not count any more.
  bench.driver.refresh();
  EXPECT_EQ(bench.line.run(bench.driver.poll(TimePoint(seconds(402)))).error(), Fault::timeout);
  // A unit that tells status alone from now on (a master came to its bus) is read without them, and with them again.
  const auto alone = bench.line.run(bench.driver.poll(TimePoint(seconds(403))));
  ASSERT_FALSE(alone) << "settings are silent for the second time, about for the first";
  const auto status = bench.line.run(bench.driver.poll(TimePoint(seconds(404))));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->soc_pct, bench.device->quantised(bench.truth).soc_pct);
  EXPECT_FALSE(status->serial);
  EXPECT_FALSE(status->max_charge_current_A);
  bench.line.answerer = honest;
  EXPECT_EQ(*bench.line.run(bench.driver.poll(TimePoint(seconds(500)))), bench.device->quantised(bench.truth));
}

TEST(PbProbe, DoesNotWriteToAnotherDevice) {
  const auto probed = [](unsigned address, const test::Answerer& answerer) {
    DriverOptions options;
    options.address = address;
    PbDriver driver(options);
    test::Dialogue line{driver, answerer, {}, {}, {}, {}};
    const auto fault = line.run(driver.probe()).error();
    for (const Bytes& request : line.requests) EXPECT_EQ(request[1], modbus::kReadHolding) << to_hex(request);
    return fault;
  };
  const auto refuses = [](ByteView request) { return modbus::with_crc({request[0], 0x83, 0x02}); };
  EXPECT_EQ(probed(1, refuses), Fault::refused);
  const auto other = [](ByteView request) {
    Bytes answer{request[0], request[1], 40};
    answer.resize(43, 7);
    return modbus::with_crc(std::move(answer));
  };
  EXPECT_EQ(probed(1, other), Fault::foreign);
  EXPECT_EQ(probed(0, [](ByteView) { return Bytes(); }), Fault::timeout) << "a write to address 0 is one to everybody";
}

TEST(PbProbe, FindsAUnitOfAnotherBrandByItsVersions) {
  Pb bench;
  bench.truth.model = "ACME-16S200";
  const auto found = bench.line.run(bench.driver.probe());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "ACME-16S200");
  EXPECT_EQ(found->sw, "15.41");
}

TEST(PbSafety, SwitchingWritesTwoSettingsAndNothingElse) {
  Pb bench;
  std::mt19937 random(3);
  const auto honest = bench.line.answerer;
  bench.line.answerer = [&](ByteView request) { return random() % 3 == 0 ? Bytes() : honest(request); };
  for (int i = 0; i < 200; ++i) {
    (void)bench.line.run(bench.driver.switch_charge(random() % 2 == 0));
    (void)bench.line.run(bench.driver.switch_discharge(random() % 2 == 0));
  }
  const auto is_switch = [](const Bytes& request) {
    for (const std::size_t offset : {kChargeSwitchAt, kDischargeSwitchAt}) {
      for (const bool on : {false, true}) {
        if (request == switch_request(3, offset, on)) return true;
      }
    }
    return false;
  };
  for (const Bytes& request : bench.line.requests) {
    ASSERT_TRUE(is_switch(request) || request == trigger_request(3, Block::settings)) << to_hex(request);
  }
}

}  // namespace
}  // namespace bms::jk
