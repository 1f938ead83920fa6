#include "bms/ascii_frame.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bms::ascii {
namespace {

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

const Bytes kAnalogRequest = bytes("~22014A42E00201FD28\r");
const Bytes kAnswer = bytes("~22014A00D030B0010104FF0014F01F40271000003B87000036D044E139C3F38A\r");

TEST(AsciiFrame, WorkedExamplesOfTheReferencesAreBuiltToTheLastCharacter) {
  EXPECT_EQ(build({0x22, 1, 0x4A, 0x42, {0x01}}), kAnalogRequest);
  EXPECT_EQ(build({0x22, 0x0F, 0x4A, 0x51, {}}), bytes("~220F4A510000FD8B\r"));
  EXPECT_EQ(build({0x22, 0x0A, 0x4A, 0xB0, {0x0A, 0x01, 0x04, 0xFF, 0x00}}), bytes("~220A4AB0600A0A0104FF00FB4B\r"));
  EXPECT_EQ(build({0x20, 2, 0x4A, 0x44, {}}), bytes("~20024A440000FD9F\r"));
}

TEST(AsciiFrame, ParsesWhatItBuilds) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= kMostInfo; ++size) {
    Frame frame{0x22, static_cast<std::uint8_t>(size), 0x4A, 0, {}};
    for (std::size_t i = 0; i < size; ++i) frame.info.push_back(static_cast<std::uint8_t>(random()));
    const auto parsed = parse(build(frame));
    ASSERT_TRUE(parsed) << size;
    EXPECT_EQ(parsed->address, frame.address);
    EXPECT_EQ(parsed->info, frame.info);
  }
}

TEST(AsciiFrame, EverySingleDamagedCharacterIsRefused) {
  for (std::size_t at = 0; at < kAnswer.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes damaged = kAnswer;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1U << bit);
      EXPECT_FALSE(parse(damaged)) << at << ' ' << bit;
      const Scan scan = scan_answer(kAnalogRequest, damaged);
      EXPECT_NE(scan.kind, Scan::Kind::frame) << at << ' ' << bit;
    }
  }
}

TEST(AsciiFrame, EchoAndOtherPacksAreNotTheAnswer) {
  EXPECT_EQ(scan_answer(kAnalogRequest, kAnalogRequest).fault, Fault::foreign);
  const Bytes other_pack = build({0x22, 2, 0x4A, 0, {1, 2, 3}});
  EXPECT_EQ(scan_answer(kAnalogRequest, other_pack).fault, Fault::foreign);
  EXPECT_EQ(scan_answer(kAnalogRequest, other_pack).size, other_pack.size());
  const Bytes other_version = build({0x20, 1, 0x4A, 0, {1, 2, 3}});
  EXPECT_EQ(scan_answer(kAnalogRequest, other_version).fault, Fault::foreign);
}

TEST(AsciiFrame, AnswerBehindATornOneIsFound) {
  Bytes buffer = bytes("\xFF\x00~22014A00E0");
  append(buffer, kAnswer);
  std::size_t dropped = 0;
  for (;;) {
    const Scan scan = scan_answer(kAnalogRequest, ByteView(buffer).subspan(dropped));
    if (scan.kind == Scan::Kind::frame) {
      EXPECT_EQ(dropped, buffer.size() - kAnswer.size());
      EXPECT_EQ(scan.size, kAnswer.size());
      break;
    }
    ASSERT_EQ(scan.kind, Scan::Kind::discard);
    ASSERT_GT(scan.size, 0U);
    dropped += scan.size;
  }
}

TEST(AsciiFrame, WaitsForTheRestAndNeverForMoreThanTheLongestFrame) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) {
    EXPECT_EQ(scan_answer(kAnalogRequest, ByteView(kAnswer).first(size)).kind, Scan::Kind::need_more) << size;
  }
  const Bytes endless = bytes("~22014A004FFE");
  EXPECT_EQ(scan_answer(kAnalogRequest, endless).kind, Scan::Kind::discard);
}

TEST(AsciiFrame, ErrorCodesAreRefusals) {
  const Bytes refusal = build({0x22, 1, 0x4A, 0x04, {}});
  EXPECT_EQ(scan_answer(kAnalogRequest, refusal).kind, Scan::Kind::frame);
  EXPECT_EQ(answer_info(refusal).error(), Fault::refused);
}

}  // namespace
}  // namespace bms::ascii
