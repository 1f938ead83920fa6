#include "ve_direct/hex.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"
#include "ve_direct/smartshunt.hpp"

namespace bms::ve_direct {
namespace {

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
  EXPECT_EQ(text(hex::get(0xED8E)), ":78EED00D3\n");
  EXPECT_EQ(text(hex::get(0xED7D)), ":77DED00E4\n");
  EXPECT_EQ(text(hex::get(0x0382)), ":7820300C9\n");
  EXPECT_EQ(text(hex::get(0x0383)), ":7830300C8\n");
  EXPECT_EQ(text(hex::get(kConsumed)), ":7FFEE0061\n");
  EXPECT_EQ(text(hex::get(kTimeToGo)), ":7FE0F0041\n");
  EXPECT_EQ(text(hex::set(0x1029, {})), ":829100014\n");
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

/// One register as the document describes it, and what a value of it means.
struct Documented {
  std::uint16_t id;
  std::size_t size;
  std::uint32_t raw;
  std::string_view name;  ///< in extra or history; empty: `field`
  double value;
  std::optional<double> Reading::*field = nullptr;
};

constexpr Documented kDocument[] = {
    {0xED8D, 2, 0xFFF6, "", -0.1, &Reading::voltage_V},
    {0xED8F, 2, 0xFFAF, "", -8.1, &Reading::current_A},
    {0xED8C, 4, 0xFFFA3E90, "", -377.2, &Reading::current_A},  // more than 16 bits carry
    {0xED8E, 2, 0x8001, "power_W", -32767},
    {0xED7D, 2, 0xFFFE, "", -0.02, &Reading::aux_voltage_V},
    {0xEEFF, 4, 0xFFFFFEA7, "", -34.5, &Reading::consumed_Ah},
    {0x0FFF, 2, 10000, "", 100, &Reading::soc_pct},
    {0x0FFE, 2, 14400, "", 864000, &Reading::ttg_s},
    {0x0382, 2, 2660, "", 26.6, &Reading::mid_voltage_V},
    {0x0383, 2, 0xFFFD, "mid_deviation_pct", -0.3},
    {0xEEB6, 1, 1, "synchronised", 1},
    {0x034E, 1, 1, "relay_on", 1},
    {0x0104, 1, 2, "group_id", 2},
    {0x0120, 4, 90000, "uptime_s", 90000},
    {0x0150, 4, 3, "bluetooth_capabilities", 3},
    {0xEC41, 4, 1700000000, "settings_changed_unix_s", 1700000000},
    {0x0300, 4, 0xFFFFFA2B, "deepest_discharge_Ah", -149.3},
    {0x0301, 4, 0xFFFFFEA7, "last_discharge_Ah", -34.5},
    {0x0302, 4, 0xFFFFFFFF, "average_discharge_Ah", -0.1},
    {0x0303, 4, 70000, "charge_cycles", 70000},
    {0x0304, 4, 2, "full_discharges", 2},
    {0x0305, 4, 0xFFFF8B0B, "total_drawn_Ah", -2994.1},
    {0x0306, 4, 0xFFFFFFFF, "min_voltage_V", -0.01},
    {0x0307, 4, 5840, "max_voltage_V", 58.4},
    {0x0308, 4, 368003, "since_full_charge_s", 368003},
    {0x0309, 4, 26, "automatic_syncs", 26},
    {0x030A, 4, 3, "low_voltage_alarms", 3},
    {0x030B, 4, 4, "high_voltage_alarms", 4},
    {0x030E, 4, 0xFFFFFFFE, "min_starter_voltage_V", -0.02},
    {0x030F, 4, 1450, "max_starter_voltage_V", 14.5},
    {0x0310, 4, 6843, "discharged_energy_kWh", 68.43},
    {0x0311, 4, 8527, "charged_energy_kWh", 85.27},
    {0x0312, 2, 31815, "max_temperature_C", 45},
    {0x0313, 2, 26315, "min_temperature_C", -10},
    {0x1000, 2, 304, "", 304, &Reading::capacity_Ah},
    {0x1001, 2, 566, "charged_voltage_V", 56.6},
    {0x1002, 2, 40, "tail_current_pct", 4},
    {0x1003, 2, 3, "charged_detection_min", 3},
    {0x1004, 2, 95, "charge_efficiency_pct", 95},
    {0x1005, 2, 105, "peukert_exponent", 1.05},
    {0x1006, 2, 10, "current_threshold_A", 0.1},
    {0x1007, 2, 3, "ttg_averaging_min", 3},
    {0x1008, 2, 200, "discharge_floor_pct", 20},
    {0x1009, 2, 900, "relay_clear_soc_pct", 90},
    {0x100A, 2, 5, "relay_minimum_on_min", 5},
    {0x100B, 2, 6, "relay_off_delay_min", 6},
    {0x1034, 2, 0xFFFB, "zero_current_offset_counts", -5},
    {0x0320, 2, 480, "low_voltage_alarm_V", 48},
    {0x0321, 2, 490, "low_voltage_alarm_clear_V", 49},
    {0x0322, 2, 580, "high_voltage_alarm_V", 58},
    {0x0323, 2, 570, "high_voltage_alarm_clear_V", 57},
    {0x0324, 2, 118, "low_starter_alarm_V", 11.8},
    {0x0325, 2, 120, "low_starter_alarm_clear_V", 12},
    {0x0326, 2, 150, "high_starter_alarm_V", 15},
    {0x0327, 2, 148, "high_starter_alarm_clear_V", 14.8},
    {0x0328, 2, 100, "low_soc_alarm_pct", 10},
    {0x0329, 2, 150, "low_soc_alarm_clear_pct", 15},
    {0x032A, 2, 27815, "low_temperature_alarm_C", 5},
    {0x032B, 2, 28015, "low_temperature_alarm_clear_C", 7},
    {0x032C, 2, 31815, "high_temperature_alarm_C", 45},
    {0x032D, 2, 31515, "high_temperature_alarm_clear_C", 42},
    {0x0331, 2, 20, "mid_voltage_alarm_pct", 2},
    {0x0332, 2, 15, "mid_voltage_alarm_clear_pct", 1.5},
    {0xEEFC, 1, 1, "buzzer_on", 1},
    {0x034F, 1, 2, "relay_mode", 2},
    {0x034D, 1, 1, "relay_inverted", 1},
    {0x0350, 2, 480, "relay_low_voltage_V", 48},
    {0x0351, 2, 490, "relay_low_voltage_clear_V", 49},
    {0x0352, 2, 580, "relay_high_voltage_V", 58},
    {0x0353, 2, 570, "relay_high_voltage_clear_V", 57},
    {0x0354, 2, 118, "relay_low_starter_V", 11.8},
    {0x0355, 2, 120, "relay_low_starter_clear_V", 12},
    {0x0356, 2, 150, "relay_high_starter_V", 15},
    {0x0357, 2, 148, "relay_high_starter_clear_V", 14.8},
    {0x035A, 2, 27815, "relay_low_temperature_C", 5},
    {0x035B, 2, 28015, "relay_low_temperature_clear_C", 7},
    {0x035C, 2, 31815, "relay_high_temperature_C", 45},
    {0x035D, 2, 31515, "relay_high_temperature_clear_C", 42},
    {0x0361, 2, 20, "relay_mid_voltage_pct", 2},
    {0x0362, 2, 15, "relay_mid_voltage_clear_pct", 1.5},
    {0xEEF8, 1, 2, "aux_input", 2},
    {0xEEFB, 2, 500, "shunt_A", 500},
    {0xEEFA, 2, 50, "shunt_V", 0.05},
    {0xEEF4, 2, 5, "temperature_coefficient_pct", 0.5},
    {0xEEF7, 1, 1, "fahrenheit", 1},
    {0xEEF6, 1, 1, "setup_locked", 1},
    {0x0FFD, 1, 1, "start_synchronised", 1},
    {0x0090, 1, 1, "bluetooth_on", 1},
};

std::optional<double> told(const Documented& entry, const Reading& reading) {
  if (entry.field != nullptr) return reading.*entry.field;
  if (const auto found = reading.history.find(entry.name); found != reading.history.end()) return found->second;
  const auto found = reading.extra.find(entry.name);
  return found == reading.extra.end() ? std::nullopt : std::optional<double>(std::get<double>(found->second));
}

TEST(VeHex, EveryRegisterAsTheDocumentDescribesIt) {
  for (const Documented& entry : kDocument) {
    Bytes value;
    append_le(value, entry.raw, entry.size);
    const auto reading = heard(text(hex::answer(hex::Command::get, entry.id, 0, value)));
    ASSERT_TRUE(reading) << std::hex << entry.id;
    EXPECT_EQ(told(entry, *reading), entry.value) << std::hex << entry.id;
  }
  EXPECT_EQ(std::size(kDocument), registers().size());
}

TEST(VeHex, NotAvailableIsNoValue) {
  constexpr Documented kAbsent[] = {
      {0xED8D, 2, 0x7FFF, "", 0, &Reading::voltage_V},       {0xED8F, 2, 0x7FFF, "", 0, &Reading::current_A},
      {0xED8C, 4, 0x7FFFFFFF, "", 0, &Reading::current_A},   {0xED8E, 2, 0x7FFF, "power_W", 0},
      {0xED7D, 2, 0x7FFF, "", 0, &Reading::aux_voltage_V},   {0xEEFF, 4, 0x7FFFFFFF, "", 0, &Reading::consumed_Ah},
      {0x0FFF, 2, 0xFFFF, "", 0, &Reading::soc_pct},         {0x0FFE, 2, 0xFFFF, "", 0, &Reading::ttg_s},
      {0x0382, 2, 0xFFFF, "", 0, &Reading::mid_voltage_V},   {0x0383, 2, 0x7FFF, "mid_deviation_pct", 0},
      {0xEC41, 4, 0xFFFFFFFF, "settings_changed_unix_s", 0}, {0x032A, 2, 0, "low_temperature_alarm_C", 0},
  };
  for (const Documented& entry : kAbsent) {
    Bytes value;
    append_le(value, entry.raw, entry.size);
    const auto reading = heard(text(hex::answer(hex::Command::get, entry.id, 0, value)));
    ASSERT_TRUE(reading) << std::hex << entry.id;
    EXPECT_EQ(told(entry, *reading), std::nullopt) << std::hex << entry.id;
  }
}

TEST(VeHex, TheCoarseCurrentNeitherReplacesNorRemovesTheFineOne) {
  Reading reading;
  ASSERT_TRUE(decode_register(kCurrentFine, Bytes{0x43, 0xE0, 0xFF, 0xFF}, reading));
  ASSERT_TRUE(decode_register(kCurrentCoarse, Bytes{0xAF, 0xFF}, reading));
  EXPECT_EQ(reading.current_A, -8.125);
  ASSERT_TRUE(decode_register(kCurrentCoarse, Bytes{0xFF, 0x7F}, reading));
  EXPECT_EQ(reading.current_A, -8.125);
}

TEST(VeHex, WarningsAndAlarmsHaveARegisterEach) {
  Reading reading;
  ASSERT_TRUE(decode_register(kAlarmReason, Bytes{0x05, 0}, reading));
  ASSERT_TRUE(decode_register(kWarningReason, Bytes{0x40, 0}, reading));
  EXPECT_EQ(reading.alarms, (std::vector<Alarm>{{Condition::pack_undervoltage, AlarmLevel::alarm},
                                                {Condition::low_soc, AlarmLevel::alarm},
                                                {Condition::discharge_overtemperature, AlarmLevel::warning}}));
  ASSERT_TRUE(decode_register(kAlarmReason, Bytes{0, 0}, reading));
  EXPECT_EQ(reading.alarms, (std::vector<Alarm>{{Condition::discharge_overtemperature, AlarmLevel::warning}}));
}

TEST(VeHex, VersionWordsHaveTheirKindInTheHighestBits) {
  EXPECT_EQ(version_text(0x4416), "4.16");
  EXPECT_EQ(version_text(0xD101), "1.01 rc D");
  EXPECT_EQ(version_text(0x5016), "10.16");
  EXPECT_EQ(version_text(0x0416), std::nullopt);  // boot loader
  EXPECT_EQ(version_text(0x8416), std::nullopt);  // tester
}

TEST(VeHex, DoneTellsAVersionOrAProduct) {
  SmartShunt driver(true);
  ASSERT_TRUE(driver.accept(bytes(":352\n"), hex::encode(1, Bytes{0x16, 0x44})));
  EXPECT_EQ(driver.partial()->sw, "4.16");
  EXPECT_FALSE(driver.partial()->model);
  ASSERT_TRUE(driver.accept(bytes(":451\n"), hex::encode(1, Bytes{0xFF, 0xFF})));
  EXPECT_FALSE(driver.partial()->model);  // no product id
  ASSERT_TRUE(driver.accept(bytes(":451\n"), bytes(":130C064\n")));
  EXPECT_EQ(driver.partial()->model, "SmartShunt IP65 500A");
}

TEST(VeHex, AnUnknownProductIsNamedByItsOwnText) {
  Reading reading;
  ASSERT_TRUE(decode_register(kProductId, Bytes{0, 0xFF, 0xC0, 0xFE}, reading));
  EXPECT_EQ(reading.model, "0xC0FF");
  ASSERT_TRUE(decode_register(kModel, bytes("SmartShunt X"), reading));
  ASSERT_TRUE(decode_register(kProductId, Bytes{0, 0xFF, 0xC0, 0xFE}, reading));
  EXPECT_EQ(reading.model, "SmartShunt X");
}

TEST(VeHex, IdentityRegisters) {
  Reading reading;
  ASSERT_TRUE(decode_register(kHardware, Bytes{0x03, 0x02, 0x01}, reading));
  EXPECT_EQ(reading.hw, "10203");
  ASSERT_TRUE(decode_register(kFirmware, Bytes{0xFF, 0x16, 0x04}, reading));
  EXPECT_EQ(reading.sw, "4.16");
  ASSERT_TRUE(decode_register(kFirmware16, Bytes{0x08, 0x03}, reading));
  EXPECT_EQ(reading.sw, "3.08");
  Bytes serial = bytes("HQ2031ABCDE");
  serial.resize(32);
  ASSERT_TRUE(decode_register(kSerial, serial, reading));
  EXPECT_EQ(reading.serial, "HQ2031ABCDE");
  ASSERT_TRUE(decode_register(kName, {}, reading));
  EXPECT_FALSE(reading.device_name);
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
