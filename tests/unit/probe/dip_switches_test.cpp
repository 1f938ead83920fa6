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

TEST(Wiring, WarnsOfMissingIsolationFirst) {
  const std::string document = wiring();
  const auto warning = document.find("solat");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, document.find("\n|"));
  EXPECT_LT(warning, 400U);
}

}  // namespace
}  // namespace bms::probe
