#include "probe/dip_switches.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "source_dir.hpp"

namespace bms::probe {
namespace {

const DipFamily& family(std::string_view id) {
  for (const DipFamily& known : dip_families()) {
    if (known.id == id) return known;
  }
  throw std::invalid_argument(std::string(id));
}

std::string setting(std::string_view id, unsigned address) {
  const auto found = setting_for(family(id), address);
  return found ? to_string(*found) : "none";
}

TEST(DipSwitches, SettingsOfTheVendorSheets) {
  EXPECT_EQ(setting("rack-6", 0), "OFF OFF OFF OFF OFF OFF");
  EXPECT_EQ(setting("rack-6", 1), "ON OFF OFF OFF OFF OFF");
  EXPECT_EQ(setting("rack-6", 6), "OFF ON ON OFF OFF OFF");
  EXPECT_EQ(setting("rack-6", 15), "ON ON ON ON OFF OFF");
  EXPECT_EQ(setting("rack-6", 16), "none");
  EXPECT_EQ(setting("daren", 17), "ON OFF OFF OFF ON OFF");
  EXPECT_EQ(setting("daren", 32), "none");
  EXPECT_EQ(setting("jk-pb", 1), "ON OFF OFF OFF");
  EXPECT_EQ(setting("eg4-ll", 16), "ON ON ON ON");
  EXPECT_EQ(setting("eg4-ll", 1), "ON ON ON OFF");
  EXPECT_EQ(setting("eg4-ll", 8), "OFF ON ON ON");
  EXPECT_EQ(setting("eg4-ll", 15), "OFF OFF OFF OFF");
  EXPECT_EQ(setting("eg4-ll", 0), "none");
}

TEST(DipSwitches, EveryRowOfTheInvertedSheet) {
  constexpr std::string_view kSheet[] = {"ON ON ON OFF",   "ON ON OFF ON",   "ON ON OFF OFF",   "ON OFF ON ON",
                                         "ON OFF ON OFF",  "ON OFF OFF ON",  "ON OFF OFF OFF",  "OFF ON ON ON",
                                         "OFF ON ON OFF",  "OFF ON OFF ON",  "OFF ON OFF OFF",  "OFF OFF ON ON",
                                         "OFF OFF ON OFF", "OFF OFF OFF ON", "OFF OFF OFF OFF", "ON ON ON ON"};
  for (unsigned address = 1; address <= 16; ++address) EXPECT_EQ(setting("eg4-ll", address), kSheet[address - 1]);
  EXPECT_EQ(setting("eg4-ll", 64), "none");
  EXPECT_EQ(family("daren").host, 32U);
  EXPECT_EQ(family("eg4-ll").host, 16U);
  EXPECT_EQ(family("rack-6").host, 0U);
}

TEST(DipSwitches, BothWaysAgreeAndNoSettingStandsTwice) {
  for (const DipFamily& known : dip_families()) {
    std::set<std::string> seen;
    for (unsigned address = known.lowest; address <= known.highest; ++address) {
      const auto there = setting_for(known, address);
      ASSERT_TRUE(there) << known.id << ' ' << address;
      EXPECT_EQ(there->size(), known.switches);
      EXPECT_EQ(address_of(known, *there), address) << known.id;
      EXPECT_TRUE(seen.insert(to_string(*there)).second) << known.id << ' ' << address;
    }
  }
}

TEST(DipSwitches, ProtocolSwitchesGiveNoAddress) {
  EXPECT_FALSE(address_of(family("daren"), {true, false, false, false, false, true}));
  EXPECT_FALSE(address_of(family("daren"), {true, false, false, false}));
}

TEST(DipSwitches, DriversKnowTheirFamily) {
  EXPECT_EQ(dip_family_of("eg4-ll")->id, "eg4-ll");
  EXPECT_EQ(dip_family_of("jk-pb")->id, "jk-pb");
  EXPECT_EQ(dip_family_of("daly"), nullptr);
  EXPECT_EQ(dip_family_of(""), nullptr);
}

std::string wiring() {
  std::ifstream in(std::string(kSourceDir) + "/docs/wiring.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Wiring, HoldsTheDipTablesOfTheData) {
  const std::string document = wiring();
  for (const DipFamily& known : dip_families()) {
    const auto title = document.find("### " + std::string(known.title));
    ASSERT_NE(title, std::string::npos) << known.title;
    const std::string chapter = document.substr(title, document.find("\n#", title + 1) - title);
    for (unsigned address = known.lowest; address <= known.highest; ++address) {
      std::string row = "| " + std::to_string(address) + " |";
      const DipSetting setting = setting_for(known, address).value();
      for (const bool on : setting) row += on ? " ON |" : " OFF |";
      EXPECT_NE(chapter.find(row), std::string::npos) << known.title << ": " << row;
    }
    EXPECT_NE(chapter.find(std::string(known.note)), std::string::npos) << known.title;
  }
}

TEST(Wiring, HoldsTheInverterProtocols) {
  const std::string document = wiring();
  for (const InverterProtocol& protocol : inverter_protocols()) {
    std::string row = "| " + std::to_string(protocol.value) + " |";
    for (unsigned i = 0; i < 6; ++i) row += (protocol.value >> i & 1U) != 0 ? " ON |" : " OFF |";
    row +=
        " " + std::string(protocol.can) + " | " + (protocol.rs485.empty() ? "-" : std::string(protocol.rs485)) + " |";
    EXPECT_NE(document.find(row), std::string::npos) << row;
  }
}

TEST(Wiring, InverterProtocolsAndCablesAreThoseOfTheVendorSheet) {
  const std::string document = wiring();
  for (const char* row : {"| 0 | OFF | OFF | OFF | OFF | OFF | OFF | Luxpower | SRNE |",
                          "| 16 | OFF | OFF | OFF | OFF | ON | OFF | Victron, SMA, Sofar | - |",
                          "| 32 | OFF | OFF | OFF | OFF | OFF | ON | Pylon, Deye | Voltronic |",
                          "| 48 | OFF | OFF | OFF | OFF | ON | ON | Growatt | Growatt |",
                          "| Growatt SPF | CAN | 4 H, 5 L | standard |",
                          "| Growatt SPF | RS485 | 1 B, 2 A | standard |",
                          "| Growatt SPH | CAN | 4 H, 5 L | standard |",
                          "| Goodwe | CAN | 4 H, 5 L | standard |",
                          "| Solis | CAN | 4 H, 5 L | standard |",
                          "| Sofar | CAN | 1 H, 2 L | custom |",
                          "| SMA | CAN | 4 H, 5 L | standard |",
                          "| Victron | CAN | **7 H, 8 L** | custom |",
                          "| Luxpower | CAN | 4 H, 3 L | custom |",
                          "| Deye | CAN | 4 H, 5 L | standard |",
                          "| Sorotec | CAN | 4 H, 5 L | standard |",
                          "| Megarevo | CAN | 4 H, 5 L | standard |",
                          "| Voltronic | RS485 | 3 B, 5 A | custom |",
                          "| SRNE | RS485 | 7 A, 8 B | custom |",
                          "| Senergy | CAN | 4 H, 5 L | standard |",
                          "| Sol-Ark | CAN | 4 H, 5 L | standard |",
                          "| MPP Solar | RS485 | 3 B, 5 A | custom |",
                          "| Sacolar | CAN | 4 H, 5 L | standard |",
                          "| TRONTE | RS485 | 3 B, 5 A | custom |",
                          "| 9, 16 | B | | 4 | CAN-H | | 1, 8 | B |",
                          "| 10, 15 | A | | 5 | CAN-L | | 2, 7 | A |",
                          "| 11, 14 | GND | | 3, 6 | GND | | 3, 6 | GND |"}) {
    EXPECT_NE(document.find(row), std::string::npos) << row;
  }
  EXPECT_EQ(inverter_protocols().size(), 4U);
}

TEST(Wiring, WarnsOfMissingIsolationFirst) {
  const std::string document = wiring();
  const auto warning = document.find("solat");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, document.find("\n|"));
  EXPECT_LT(warning, 400U);
}

}  // namespace
}  // namespace bms::probe
