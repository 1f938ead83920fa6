#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "bundle/redact.hpp"
#include "bundle/tar.hpp"

namespace bms::bundle {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Redact, TakesSecretsOutWhereverTheyStand) {
  const auto redacted = redact_config(
      "[web]\n"
      "listen = 0.0.0.0:8088\n"
      "token = hunter2hunter2 ; as on the fridge\n"
      "; token = oldtoken99\n"
      "  #Token=\"quoted one\"\n"
      "[battery:rack]\n"
      "port = /dev/ttyUSB0\n"
      "pin = 4711\n"
      "bms-Password: letmein\n"
      "  and more of it\n"
      "name = hunter2hunter2 boat\n");
  for (const char* secret : {"hunter2", "oldtoken99", "quoted one", "4711", "letmein", "and more", "fridge"}) {
    EXPECT_THAT(redacted.text, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(redacted.text, HasSubstr("token = (removed)\n"));
  EXPECT_THAT(redacted.text, HasSubstr("port = /dev/ttyUSB0\n"));
  EXPECT_THAT(redacted.text, HasSubstr("name = (removed) boat\n"));
  const std::string log = without("open http://x/?token=hunter2hunter2&a PIN 4711, quoted one", redacted.secrets);
  EXPECT_EQ(log, "open http://x/?token=(removed)&a PIN (removed), (removed)");
}

TEST(Redact, KnowsSecretKeys) {
  for (const char* key : {"token", "TOKEN", "MQTT_PASSWORD", "jk_pin", "pin ", "; pin", "wifi-psk", "api_key"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
  for (const char* key : {"port", "pinned", "mapping", "spinning", "name", "max_charge_a", ""}) {
    EXPECT_FALSE(is_secret_key(key)) << key;
  }
}

TEST(Redact, AnyBytesAreFine) {
  EXPECT_EQ(redact_config("").text, "");
  EXPECT_EQ(redact_config(std::string("\0=\n\xff:", 5)).text, std::string("\0=\n\xff:\n", 6));
  EXPECT_EQ(without("text", {""}), "text");
}

std::string unpacked(const std::string& gz) {
  std::string out(1 << 20, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gz.data()));
  stream.avail_in = static_cast<uInt>(gz.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Tar, IsWhatTarExpects) {
  const std::string tar =
      unpacked(tar_gz("support", {{"a.txt", "hello"}, {"b/c.txt", std::string(512, 'x')}, {"e", ""}}, 1800000000));
  ASSERT_EQ(tar.size(), 512U * (1 + 1 + 1 + 1 + 1 + 2));
  EXPECT_STREQ(tar.c_str(), "support/a.txt");
  EXPECT_EQ(tar.substr(124, 11), "00000000005");
  EXPECT_EQ(tar.substr(512, 5), "hello");
  EXPECT_STREQ(tar.c_str() + 1024, "support/b/c.txt");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[i]);
  EXPECT_EQ(std::stoul(tar.substr(148, 6), nullptr, 8), sum);
  EXPECT_THROW(tar_gz("support", {{std::string(120, 'n'), ""}}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace bms::bundle
