#include "capture/capture.hpp"

#include <gtest/gtest.h>

#include "capture/replay.hpp"

namespace bms {
namespace {

std::string error_of(std::string_view text) {
  const auto capture = parse_capture(text, "x.cap");
  return capture ? "" : capture.error();
}

TEST(CaptureFormat, ReadsFramesTimesHeadersAndComments) {
  const auto capture = parse_capture(
      "#! driver: jk-pb\n"
      "# what a person says\n"
      "\n"
      "> 01 03\r\n"
      "@1.25 < 4e57ff   # behind the bytes\n"
      "@2 <00",
      "x.cap");
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_EQ(capture->headers.at("driver"), "jk-pb");
  ASSERT_EQ(capture->lines.size(), 3U);
  EXPECT_TRUE(capture->lines[0].to_battery);
  EXPECT_EQ(capture->lines[0].bytes, (Bytes{0x01, 0x03}));
  EXPECT_FALSE(capture->lines[0].seconds);
  EXPECT_FALSE(capture->lines[1].to_battery);
  EXPECT_EQ(capture->lines[1].bytes, (Bytes{0x4E, 0x57, 0xFF}));
  EXPECT_EQ(capture->lines[1].seconds, 1.25);
  EXPECT_EQ(capture->lines[1].line, 5U);
  EXPECT_EQ(capture->lines[2].bytes, Bytes{0x00});
}

TEST(CaptureFormat, NamesFileAndLineOfEveryProblem) {
  EXPECT_EQ(error_of("< 4E 5"), "x.cap:1: '5': a byte needs two hex digits");
  EXPECT_EQ(error_of("\n< 4E XY"), "x.cap:2: 'X' is no hex digit");
  EXPECT_EQ(error_of(">"), "x.cap:1: no bytes behind the direction");
  EXPECT_EQ(error_of("@-1 > 01"), "x.cap:1: '@-1': a time is '@SECONDS', decimal, not negative");
  EXPECT_EQ(error_of("@nan > 01"), "x.cap:1: '@nan': a time is '@SECONDS', decimal, not negative");
  EXPECT_EQ(error_of("@5"), "x.cap:1: '': a line is '> HEX', '< HEX', '# comment' or '#! key: value'");
  EXPECT_EQ(error_of("#! driver"), "x.cap:1: '#! driver': a header is '#! key: value'");
  EXPECT_EQ(error_of("#! a: 1\n#! a: 2"), "x.cap:2: header 'a' stands here a second time");
  EXPECT_EQ(error_of("hello\x01\n= 01\n"),
            "x.cap:1: 'hello?': a line is '> HEX', '< HEX', '# comment' or '#! key: value'\n"
            "x.cap:2: '= 01': a line is '> HEX', '< HEX', '# comment' or '#! key: value'");
}

TEST(CaptureFormat, SurvivesHostileText) {
  EXPECT_NE(error_of("< " + std::string(200'000, 'F')), "");
  EXPECT_NE(error_of(std::string("\0\0\0", 3)), "");
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "?\n";
  const auto message = error_of(many);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 19) << "stops after twenty problems";
  EXPECT_TRUE(parse_capture("", "x.cap"));
  EXPECT_FALSE(load_capture("/nonexistent/x.cap"));
  EXPECT_FALSE(load_capture("/"));
}

TEST(CaptureFormat, WritesWhatItReads) {
  EXPECT_EQ(format_capture_line(true, Bytes{0x4E, 0x57}, 1.25), "@1.250 > 4E 57");
  EXPECT_EQ(format_capture_line(false, Bytes{0xFF}, std::nullopt), "< FF");
  const auto capture = parse_capture(format_capture_line(false, Bytes{1, 2}, 0.5), "x.cap");
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->lines.front().bytes, (Bytes{1, 2}));
}

TEST(CaptureFormat, HeadersSayWhichBattery) {
  DriverInfo info;
  info.address_default = 1;
  info.settings = {{"invert_current", DriverSetting::Kind::boolean, "no", 0, 0, ""}};
  const auto options = [&](std::string_view text) {
    return capture_options(parse_capture(text, "x.cap").value(), info);
  };
  EXPECT_EQ(options("")->address, 1U);
  EXPECT_EQ(options("#! address: 0x10")->address, 16U);
  EXPECT_EQ(options("#! cells: 16")->cells, 16);
  EXPECT_EQ(options("#! capacity: 280")->capacity_Ah, 280.0);
  EXPECT_EQ(options("#! invert_current: yes")->settings.at("invert_current"), "yes");
  EXPECT_EQ(options("#! address: one").error(), "x.cap: address: one: must be an address, decimal or 0x..");
  EXPECT_FALSE(options("#! cells: 1e9"));
  EXPECT_FALSE(options("#! capacity: nan"));
}

/// A protocol for these tests: A5 LEN DATA SUM, where SUM is the sum of all before. Two frames make a Reading: the
/// voltage in V and the SoC in %.
class ToyDriver : public Driver {
 public:
  [[nodiscard]] Scan scan(ByteView /*request*/, ByteView buffer) const override {
    if (buffer[0] != 0xA5) return Scan::drop(1);
    if (buffer.size() < 4) return Scan::more();
    const auto sum = static_cast<std::uint8_t>(buffer[0] + buffer[1] + buffer[2]);
    return sum == buffer[3] ? Scan::found(0, 4) : Scan::drop(1, Fault::crc);
  }
  Outcome<void> accept(ByteView request, ByteView frame) override {
    contexts.emplace_back(request.begin(), request.end());
    if (frame[1] == 1) reading_.voltage_V = frame[2];
    if (frame[1] == 2) reading_.soc_pct = frame[2];
    if (frame[1] > 2) return fail(Fault::foreign);
    return {};
  }
  std::optional<Reading> take() override {
    if (!reading_.voltage_V || !reading_.soc_pct) return std::nullopt;
    return std::exchange(reading_, Reading{});
  }
  [[nodiscard]] std::optional<Reading> partial() const override {
    return reading_ == Reading{} ? std::nullopt : std::optional<Reading>(reading_);
  }
  Conversation<Outcome<Reading>> poll(TimePoint /*now*/) override { co_return fail(Fault::unsupported); }
  Conversation<Outcome<Reading>> probe() override { co_return fail(Fault::unsupported); }

  std::vector<Bytes> contexts;

 private:
  Reading reading_;
};

struct Decoded {
  std::string out;
  std::string err;
  int exit_code = 0;
  std::vector<Bytes> contexts;
};

Decoded decode_toy(std::string_view text) {
  ToyDriver driver;
  std::ostringstream out;
  std::ostringstream err;
  const auto replayed = replay(parse_capture(text, "x.cap").value(), driver, out, err);
  return {out.str(), err.str(), replayed.exit_code(), driver.contexts};
}

TEST(Replay, JoinsPiecesAndPrintsOneLinePerCompleteSet) {
  const auto decoded = decode_toy("> 01\n@3 < A5 01\n@4 < 34 DA\n> 02\n@5.5 < A5 02 32 D9\n");
  EXPECT_EQ(decoded.out, "{\"t\":5.5,\"voltage_V\":52.0,\"soc_pct\":50.0}\n");
  EXPECT_EQ(decoded.err, "");
  EXPECT_EQ(decoded.exit_code, 0);
  EXPECT_EQ(decoded.contexts, (std::vector<Bytes>{{1}, {2}}));
}

TEST(Replay, PrintsWhatIsLeftAsIncomplete) {
  const auto decoded = decode_toy("> 01\n< A5 01 34 DA\n");
  EXPECT_EQ(decoded.out, "{\"t\":0.0,\"voltage_V\":52.0,\"complete\":false}\n");
  EXPECT_EQ(decoded.exit_code, 0);
}

TEST(Replay, ReadsAStreamSplitAnywhere) {
  const auto decoded = decode_toy("< 00 A5\n< 01 34\n< DA A5 02 32\n< D9 A5");
  EXPECT_EQ(decoded.out, "{\"t\":0.0,\"voltage_V\":52.0,\"soc_pct\":50.0}\n");
  EXPECT_EQ(decoded.contexts, (std::vector<Bytes>{{}, {}}));
}

TEST(Replay, TellsCauseAndLineOfWhatItCannotDecode) {
  const auto decoded = decode_toy(
      "> 01\n"
      "< 77\n"
      "< A5 01 34 DB\n"  // wrong sum
      "> 02\n"           // no answer
      "> 03\n"
      "< A5 09\n"  // ends early
      "> 04\n"
      "< A5 09 00 AE\n"  // not taken
      "> 05\n"
      "< 11 22\n");
  EXPECT_EQ(decoded.out, "");
  EXPECT_EQ(decoded.err,
            "x.cap:3: crc: 1 bytes from A5 dropped\n"
            "x.cap:4: timeout: no answer\n"
            "x.cap:6: short: 2 bytes are no complete frame\n"
            "x.cap:8: foreign: frame of 4 bytes not taken\n"
            "x.cap:10: foreign: 2 bytes belong to no answer\n");
  EXPECT_EQ(decoded.exit_code, 1);
}

TEST(Replay, NeverPrintsWhatCannotBeTrue) {
  const auto decoded = decode_toy("> 01\n< A5 01 34 DA\n> 02\n< A5 02 C8 6F\n");
  EXPECT_EQ(decoded.out, "");
  EXPECT_EQ(decoded.err, "x.cap:4: implausible: SoC 200 is outside 0 to 100\n");
}

}  // namespace
}  // namespace bms
