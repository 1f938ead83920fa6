// The map that a pack shows to inverters.
#include <gtest/gtest.h>

#include "../../../drivers/eg4/eg4_ll.hpp"
#include "eg4_fixture.hpp"

namespace bms::eg4 {
namespace {

TEST(Eg4LlInverterMap, ProtectionsOfTheMapForInvertersByThemselves) {
  using C = Condition;
  const std::optional<C> expected[] = {C::short_circuit,
                                       std::nullopt,
                                       C::internal,
                                       C::cell_undervoltage,
                                       C::discharge_overcurrent,
                                       C::charge_overcurrent,
                                       C::env_undertemperature,
                                       C::mos_overtemperature,
                                       C::charge_undertemperature,
                                       C::discharge_undertemperature,
                                       C::charge_overtemperature,
                                       C::discharge_overtemperature,
                                       C::cell_overvoltage,
                                       C::internal,
                                       C::internal,
                                       std::nullopt};
  const Bytes request = modbus::read_request(1, 3, kInverterBlock.first, kInverterBlock.count);
  for (unsigned bit = 0; bit < 16; ++bit) {
    Eg4LlDriver driver({1, {}, {}, {}});
    const auto word = static_cast<std::uint16_t>(1U << bit);
    ASSERT_TRUE(driver.accept(
        request, answer_with(request, {{19, 0x61}, {20, word}, {21, 59}, {22, 5254}, {24, 3}, {32, 100}})));
    const auto reading = driver.partial();
    std::vector<Alarm> alarms;
    if (expected[bit]) alarms.push_back({*expected[bit], AlarmLevel::warning});
    EXPECT_EQ(reading->alarms, alarms) << bit;
    EXPECT_EQ(reading->heater_on, bit == 15) << bit;
    EXPECT_EQ(reading->extra.contains("float_stopped"), bit == 1) << bit;
    EXPECT_EQ(reading->temps_C, (std::vector<std::optional<double>>{3})) << bit;
  }
}

TEST(Eg4LlInverterMap, CapacityOfABankThatTheCloudKnows) {
  // 659 of 840 Ah there (joyfulhouse/pylxpweb: docs/BATTERY_RS485_PROTOCOLS.md).
  const auto bank = unwrap_capacity(464, 18464, 79);
  ASSERT_TRUE(bank);
  EXPECT_DOUBLE_EQ(bank->remaining_Ah, 660);
  EXPECT_DOUBLE_EQ(bank->capacity_Ah, 840);
}

}  // namespace
}  // namespace bms::eg4
