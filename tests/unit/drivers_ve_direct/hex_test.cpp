#include "ve_direct/hex.hpp"

#include <gtest/gtest.h>

#include "ve_direct/smartshunt.hpp"

namespace bms::ve_direct {
namespace {

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
std::string text(const Bytes& frame) { return {frame.begin(), frame.end()}; }

/// What one recorded answer tells, given to the driver as it came.
Outcome<Reading> heard(std::string_view frame) {
  SmartShunt driver(true);
  const Bytes stream = bytes(frame);
  const Scan scan = driver.scan({}, stream);
  if (scan.kind != Scan::Kind::frame) return fail(scan.fault.value_or(Fault::short_frame));
  if (const auto accepted = driver.accept({}, stream); !accepted) return fail(accepted.error());
  return driver.partial().value_or(Reading{});
}

TEST(VeHex, RequestsOfTheWorkedExamples) {
  EXPECT_EQ(text(hex::ping()), ":154\n");
  EXPECT_EQ(text(hex::encode(4, {})), ":451\n");
  EXPECT_EQ(text(hex::get(kProductId)), ":70001004D\n");
  EXPECT_EQ(text(hex::get(kVoltage)), ":78DED00D4\n");
  EXPECT_EQ(text(hex::get(kCurrentFine)), ":78CED00D5\n");
  EXPECT_EQ(text(hex::get(kCurrentCoarse)), ":78FED00D2\n");
  EXPECT_EQ(text(hex::get(kSoc)), ":7FF0F0040\n");
  EXPECT_EQ(text(hex::get(kTemperature)), ":7ECED0075\n");
  EXPECT_EQ(text(hex::get(kCapacity)), ":70010003E\n");
  EXPECT_EQ(text(hex::set(kCapacity, Bytes{0x30, 0x01})), ":800100030010C\n");
  EXPECT_EQ(text(hex::set(kSynchronise, {})), ":82C100011\n");
}

TEST(VeHex, AnswersOfTheWorkedExamples) {
  EXPECT_EQ(heard(":51644F6\n")->sw, "4.16");
  EXPECT_EQ(heard(":130C064\n")->model, "SmartShunt IP65 500A");
  EXPECT_EQ(heard(":70001000030C0FE5F\n")->model, "SmartShunt IP65 500A");
  EXPECT_EQ(heard(":78DED00C01400\n")->voltage_V, 53.12);
  EXPECT_EQ(heard(":78CED0043E0FFFFB4\n")->current_A, -8.125);
  EXPECT_EQ(heard(":78FED00AFFF24\n")->current_A, -8.1);
  EXPECT_EQ(heard(":7FF0F003D22E1\n")->soc_pct, 87.65);
  EXPECT_EQ(heard(":7FE0F00D2046B\n")->ttg_s, 74040);
  EXPECT_EQ(heard(":7FFEE00A7FEFFFFBE\n")->consumed_Ah, -34.5);
  EXPECT_EQ(heard(":7ECED001973E9\n")->temps_C, (std::vector<std::optional<double>>{21.5}));
  EXPECT_EQ(heard(":7ECED00FFFF77\n")->temps_C, (std::vector<std::optional<double>>{std::nullopt}));
  EXPECT_EQ(heard(":700100030010D\n")->capacity_Ah, 304);
  EXPECT_EQ(heard(":A1E0300040026\n")->alarms, (std::vector<Alarm>{{Condition::low_soc, AlarmLevel::alarm}}));
}

TEST(VeHex, FlagsAndErrorsAreNoValues) {
  EXPECT_EQ(heard(":7830301C7\n").error(), Fault::refused);  // unknown register
  EXPECT_EQ(heard(":4AAAAFD\n").error(), Fault::refused);    // damaged request
  const auto parameter = hex::answer(hex::Command::set, kCapacity, hex::kParameterError, Bytes{0x0F, 0x27});
  EXPECT_EQ(heard(text(parameter)).error(), Fault::refused);
}

TEST(VeHex, DamageIsSeen) {
  const std::string good = ":78DED00C01400\n";
  for (std::size_t at = 1; at + 1 < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == '1' ? '2' : '1';
    EXPECT_FALSE(heard(bad)) << bad;
  }
  EXPECT_EQ(heard(":78DED00C0140\n").error(), Fault::crc);  // an even number of digits
  EXPECT_EQ(heard(":70010003 0010D\n").error(), Fault::crc);
  EXPECT_EQ(heard(":\n").error(), Fault::crc);
}

TEST(VeHex, WidthsAreThoseOfTheDocument) {
  const auto wrong = hex::answer(hex::Command::get, kVoltage, 0, Bytes{0xC0, 0x14, 0x00});
  EXPECT_EQ(heard(text(wrong)).error(), Fault::implausible);
  const auto unknown = hex::answer(hex::Command::get, 0x4242, 0, Bytes{1});
  EXPECT_EQ(heard(text(unknown)).error(), Fault::foreign);
}

TEST(VeHex, EveryRegisterReadsBackWhatWasWritten) {
  for (const Register& entry : registers()) {
    Reading truth;
    const double value = entry.bias != 0 ? 5 : 1;
    store(entry.place, truth, value);
    const auto raw = encode_register(entry.id, truth, 0);
    ASSERT_TRUE(raw) << std::hex << entry.id;
    EXPECT_EQ(raw->size(), wire_size(entry.wire));
    Reading read;
    ASSERT_TRUE(decode_register(entry.id, *raw, read)) << std::hex << entry.id;
    const auto back = load(entry.place, read);
    ASSERT_TRUE(back) << std::hex << entry.id;
    EXPECT_NEAR(*back, value, entry.scale) << std::hex << entry.id;
  }
}

TEST(VeHex, LowerCaseDigitsAreUnderstood) { EXPECT_EQ(heard(":78ded00c01400\n")->voltage_V, 53.12); }

}  // namespace
}  // namespace bms::ve_direct
