#include "ve_direct/text.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"
#include "ve_direct/smartshunt.hpp"

namespace bms::ve_direct {
namespace {

/// The worked example, byte for byte.
const std::string kExample =
    "\r\nPID\t0xC030\r\nV\t53120\r\nT\t21\r\nI\t-8125\r\nP\t-432\r\nCE\t-34500\r\nSOC\t877\r\nTTG\t1234\r\nAlarm\tOFF"
    "\r\nAR\t0\r\nBMV\tSmartShunt IP65 500A\r\nFW\t0416\r\nMON\t0\r\nChecksum\t4";

/// Frames found in a stream that arrives in pieces of `piece` bytes.
std::vector<Bytes> frames_in(const Bytes& stream, std::size_t piece) {
  std::vector<Bytes> frames;
  Bytes buffer;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    append(buffer, ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
    while (!buffer.empty()) {
      const Scan scan = scan_stream(buffer);
      if (scan.kind == Scan::Kind::need_more) break;
      const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(scan.begin);
      const auto end = begin + static_cast<std::ptrdiff_t>(scan.size);
      if (scan.kind == Scan::Kind::frame) frames.emplace_back(begin, end);
      buffer.erase(buffer.begin(), end);
    }
  }
  return frames;
}

TEST(VeText, WorkedExampleOfTheDocument) {
  EXPECT_EQ(kExample.size(), 145U);
  const auto block = parsed(bytes(kExample));
  ASSERT_EQ(kind_of(block), BlockKind::main);
  const auto reading = decode_main(block);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->voltage_V, 53.12);
  EXPECT_EQ(reading->current_A, -8.125);
  EXPECT_EQ(std::get<double>(reading->extra.at("power_W")), -432);
  EXPECT_EQ(reading->consumed_Ah, -34.5);
  EXPECT_EQ(reading->soc_pct, 87.7);
  EXPECT_EQ(reading->ttg_s, 74040);
  EXPECT_EQ(reading->temps_C, (std::vector<std::optional<double>>{21}));
  EXPECT_EQ(reading->alarms, std::vector<Alarm>{});
  EXPECT_EQ(reading->model, "SmartShunt IP65 500A");
  EXPECT_EQ(reading->sw, "4.16");
}

TEST(VeText, FoundHoweverTheStreamIsCut) {
  const Bytes stream = bytes("00\r\nMON\t0\r\nChecksum\tX" + kExample + kExample);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    const auto frames = frames_in(stream, piece);
    ASSERT_EQ(frames.size(), 2U) << piece;
    EXPECT_EQ(frames[0], bytes(kExample));
    EXPECT_EQ(frames[1], bytes(kExample));
  }
}

TEST(VeText, CheckByteMayBeAnyValue) {
  // Every check byte there is, each block followed by another: ':' is no HEX frame there, CR and LF end no line.
  std::array<bool, 256> seen{};
  Bytes stream;
  std::size_t blocks = 0;
  for (int number = 0; number < 100'000 && blocks < seen.size(); ++number) {
    const Bytes block =
        make_block({{"X", std::string(static_cast<std::size_t>(number) % 17, 'z') + std::to_string(number)}});
    if (seen[block.back()]) continue;
    seen[block.back()] = true;
    append(stream, block);
    ++blocks;
  }
  EXPECT_EQ(blocks, 256U);
  EXPECT_EQ(frames_in(stream, 7).size(), blocks);
  EXPECT_EQ(frames_in(stream, stream.size()).size(), blocks);
}

TEST(VeText, HexFrameAnywhereButInPlaceOfTheCheckByte) {
  const std::string hex = ":A1E0300040026\n";
  for (std::size_t at = 1; at < kExample.size(); ++at) {
    std::string text = kExample;
    text.insert(at, hex);
    const auto frames = frames_in(bytes(text), 5);
    if (at == kExample.size() - 1) {
      EXPECT_TRUE(frames.empty() || frames[0] != bytes(kExample));
      continue;
    }
    ASSERT_EQ(frames.size(), 1U) << at;
    const auto block = parsed(frames[0]);
    ASSERT_EQ(block.hex_frames().size(), 1U);
    EXPECT_EQ(block.hex_frames()[0], bytes("A1E0300040026"));
    EXPECT_EQ(block.fields().size(), 13U);
  }
}

TEST(VeText, HexFrameDirectlyAfterTheCheckByte) {
  const auto frames = frames_in(bytes(kExample + ":78DED00C01400\n" + kExample), 3);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1], bytes(":78DED00C01400\n"));
}

TEST(VeText, GoodBlockAfterATornOne) {
  // Cut anywhere: the block that follows is found, the torn one never.
  for (std::size_t cut = 1; cut < kExample.size(); ++cut) {
    const auto frames = frames_in(bytes(kExample.substr(0, cut) + kExample), 11);
    ASSERT_EQ(frames.size(), 1U) << cut;
    EXPECT_EQ(frames[0], bytes(kExample));
  }
}

TEST(VeText, DamageIsSeen) {
  for (std::size_t at = 0; at < kExample.size(); ++at) {
    std::string text = kExample;
    text[at] = static_cast<char>(text[at] ^ 0x04);
    for (const auto& frame : frames_in(bytes(text), 64)) EXPECT_NE(kind_of(parsed(frame)), BlockKind::main) << at;
  }
}

TEST(VeText, BytesThatNoLabelOrValueHasMakeTheBlockBad) {
  for (const char odd : {'\0', '\x80', '\xFF', '\x07'}) {
    const std::vector<BlockField> fields{{"V", std::string("12") + odd + "00"}, {"I", "0"}, {"SOC", "500"}};
    for (const auto& frame : frames_in(make_block(fields), 9)) EXPECT_NE(kind_of(parsed(frame)), BlockKind::main);
  }
  EXPECT_TRUE(frames_in(make_block({{"TooLongALabel", "1"}}), 9).empty());
  EXPECT_TRUE(frames_in(make_block({{"V", std::string(40, '1')}}), 9).empty());
  EXPECT_TRUE(frames_in(make_block({{"V", "1"}, {"V", "1"}}), 9).empty());
}

TEST(VeText, NeverEndingGarbageIsThrownAway) {
  const std::string pieces[] = {"\r\nA\t1", ":", ":7", "\r", "\r\n", "x", "\r\nV\t1:7", "\r\nLabel\t:12\n"};
  for (const std::string& piece : pieces) {
    Bytes buffer;
    for (int i = 0; i < 3000; ++i) {
      append(buffer, bytes(piece));
      while (!buffer.empty()) {
        const Scan scan = scan_stream(buffer);
        if (scan.kind == Scan::Kind::need_more) break;
        ASSERT_GT(scan.size, 0U);
        buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(scan.begin + scan.size));
      }
      ASSERT_LE(buffer.size(), kLongestBlock + 200) << piece;
    }
  }
}

TEST(VeText, DashesAreUnknownAndGarbledNumbersAreDamage) {
  std::vector<BlockField> fields{{"V", "12341"}, {"T", "---"},   {"I", "0"},     {"P", "0"},
                                 {"CE", "---"},  {"SOC", "---"}, {"TTG", "---"}, {"AR", "0"}};
  const auto reading = main_of(fields);
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->soc_pct);
  EXPECT_FALSE(reading->consumed_Ah);
  EXPECT_FALSE(reading->ttg_s);
  EXPECT_EQ(reading->temps_C, (std::vector<std::optional<double>>{std::nullopt}));
  fields[4].value = "-34x00";
  EXPECT_EQ(main_of(fields).error(), Fault::implausible);
}

TEST(VeText, WhatCannotBeTrueIsRefused) {
  const auto with = [](std::string volts, std::string milliamperes, std::string watts, std::string soc) {
    return main_of(
        {{"V", std::move(volts)}, {"I", std::move(milliamperes)}, {"P", std::move(watts)}, {"SOC", std::move(soc)}});
  };
  EXPECT_TRUE(with("53120", "-8125", "-432", "1000"));
  EXPECT_TRUE(power_fits(*with("53120", "-8125", "-432", "1000")));
  EXPECT_FALSE(power_fits(*with("53120", "-8125", "-435", "1000")));
  EXPECT_FALSE(power_fits(*with("53120", "8125", "-432", "1000")));
  EXPECT_TRUE(power_fits(*with("12065", "-7625", "-92", "839")));  // recorded from a BMV-700
  EXPECT_EQ(with("53120", "-8125", "-432", "1001").error(), Fault::implausible);
  EXPECT_EQ(with("-120", "0", "0", "500").error(), Fault::implausible);
  EXPECT_EQ(with("---", "0", "0", "500").error(), Fault::implausible);
}

TEST(VeText, ADcEnergyMeterIsNoBattery) {
  for (const char* mode : {"-9", "-1", "1", "8"}) {
    const auto reading = main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "---"}, {"MON", mode}});
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error(), Fault::refused);
  }
  EXPECT_TRUE(main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "500"}, {"MON", "0"}}));
}

TEST(VeText, EndlessTimeToGoIsNoNumber) {
  const auto reading = main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "1000"}, {"TTG", "-1"}});
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->ttg_s);
}

TEST(VeText, AlarmReasons) {
  const auto reading = main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"AR", "140"}});
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->alarms, (std::vector<Alarm>{{Condition::low_soc, AlarmLevel::alarm},
                                                 {Condition::starter_undervoltage, AlarmLevel::alarm},
                                                 {Condition::mid_voltage, AlarmLevel::alarm}}));
}

TEST(VeText, AuxInputs) {
  const auto starter = main_of({{"V", "12000"}, {"VS", "-14"}, {"I", "0"}, {"SOC", "50"}});
  EXPECT_EQ(starter->aux_voltage_V, -0.014);
  const auto mid = main_of({{"V", "24000"}, {"VM", "12010"}, {"DM", "-3"}, {"I", "0"}, {"SOC", "50"}});
  EXPECT_EQ(mid->mid_voltage_V, 12.01);
  EXPECT_EQ(std::get<double>(mid->extra.at("mid_deviation_pct")), -0.3);
  EXPECT_TRUE(mid->temps_C.empty());
}

TEST(VeText, RelayTextIgnoresCase) {
  const auto reading = main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"Relay", "On"}});
  EXPECT_EQ(std::get<double>(reading->extra.at("relay_on")), 1);
}

TEST(VeText, AnUnknownProductIsAcceptedAndShown) {
  const auto named = main_of({{"PID", "0xC0FF"}, {"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"BMV", "SmartShunt X"}});
  EXPECT_EQ(named->model, "SmartShunt X");
  const auto bare = main_of({{"PID", "0xC0FF"}, {"V", "12000"}, {"I", "0"}, {"SOC", "50"}});
  EXPECT_EQ(bare->model, "0xC0FF");
  const auto old = main_of({{"V", "12000"}, {"I", "0"}, {"SOC", "50"}, {"BMV", "602S"}});
  EXPECT_EQ(old->model, "BMV-602S");
}

TEST(VeText, AChargerIsForeign) {
  const auto block = parsed(make_block({{"PID", "0xA053"}, {"V", "13790"}, {"I", "-10"}, {"VPV", "15950"}}));
  EXPECT_EQ(kind_of(block), BlockKind::foreign);
}

TEST(VeText, HistoryHasUnits) {
  Reading reading;
  ASSERT_TRUE(decode_history(parsed(make_block({{"H1", "-149322"},
                                                {"H4", "7"},
                                                {"H6", "-2994109"},
                                                {"H7", "-14"},
                                                {"H8", "16161"},
                                                {"H9", "368003"},
                                                {"H17", "6843"}})),
                             reading));
  EXPECT_EQ(reading.history.at("deepest_discharge_Ah"), -149.322);
  EXPECT_EQ(reading.history.at("total_drawn_Ah"), -2994.109);
  EXPECT_EQ(reading.history.at("min_voltage_V"), -0.014);
  EXPECT_EQ(reading.history.at("since_full_charge_s"), 368003);
  EXPECT_EQ(reading.history.at("discharged_energy_kWh"), 68.43);
  EXPECT_EQ(reading.cycles, 7);
  // A device turned into a DC energy meter forgets its history: so do we.
  ASSERT_TRUE(decode_history(parsed(make_block({{"H1", "---"}, {"H4", "---"}, {"H8", "16161"}})), reading));
  EXPECT_EQ(reading.history.size(), 1U);
  EXPECT_FALSE(reading.cycles);
}

TEST(VeText, FirmwareNames) {
  EXPECT_EQ(firmware_text("0405", false), "4.05");
  EXPECT_EQ(firmware_text("308", false), "3.08");
  EXPECT_EQ(firmware_text("C208", false), "2.08 rc C");
  EXPECT_EQ(firmware_text("0208FF", true), "2.08");
  EXPECT_EQ(firmware_text("208FF", true), "2.08");
  EXPECT_EQ(firmware_text("020803", true), "2.08 beta 03");
}

}  // namespace
}  // namespace bms::ve_direct
