#include "bms/checksum.hpp"

#include <gtest/gtest.h>

namespace bms {
namespace {

TEST(Checksum, ModbusCrcHasTheCheckValueOfItsDefinition) {
  const std::string_view text = "123456789";
  const Bytes bytes(text.begin(), text.end());
  EXPECT_EQ(crc16_modbus(bytes), 0x4B37);
}

}  // namespace
}  // namespace bms
