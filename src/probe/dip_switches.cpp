#include "probe/dip_switches.hpp"

#include <algorithm>

namespace bms::probe {
namespace {

constexpr DipFamily kFamilies[] = {
    {"jk-pb", "JK PB (inverter BMS)", "jk-pb", 4, 4, true, true, 0, 15, std::nullopt, 0,
     "0 is the master: it polls the others itself and leaves no room for a second one. Give every polled pack 1 to 15.",
     "jean-luc1203/jkbms-rs485-addon#3, #17"},
    {"daren", "Daren DR-JC03", "daren", 6, 5, true, true, 0, 31, std::nullopt, 32,
     "Switch 6 makes a pack the master (32; with switch 5, 48), which polls the others itself: leave it OFF. A single "
     "pack may have any address.",
     "cpttinkering/daren-485: user manual V20220711"},
    {"eg4", "EG4 LifePower4, Revov, Narada (TianPower)", "eg4", 4, 4, true, true, 0, 15, std::nullopt, 0,
     "0 is the host of an installation with an inverter. Give every polled pack 1 to 15.",
     "gonzalop/wombatt: EG4_LifePower4_Communication_Protocol.pdf"},
    {"eg4-ll", "EG4 LL (Modbus)", "eg4-ll", 4, 4, false, false, 1, 16, 16, 16,
     "Inverted: OFF counts, and switch 4 is the lowest. All ON is 16, the master. LifePower4 V2 (seen at 64) and newer "
     "LL packs have other tables, not published, or are numbered by software.",
     "RAR/esphome-eg4-bms: EG4-LL-MODBUS-Communication-Protocol.pdf V1.06"},
    {"rack-6", "rack packs with six switches", "", 6, 4, true, true, 0, 15, std::nullopt, 0,
     "Switches 5 and 6 are OFF on every slave; on the host (1 to 4 OFF) they select the inverter protocol.",
     "vendor sheet of cable connections between BMS and inverter"},
};

constexpr InverterProtocol kProtocols[] = {
    {0, "Luxpower", "SRNE"},
    {16, "Victron, SMA, Sofar", ""},
    {32, "Pylon, Deye", "Voltronic"},
    {48, "Growatt", "Growatt"},
};

/// Weight of switch `index` (from 0).
unsigned weight(const DipFamily& family, unsigned index) {
  return 1U << (family.first_is_lowest ? index : family.coding - 1 - index);
}

bool names(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto blank = std::min(list.find(' '), list.size());
    if (list.substr(0, blank) == word) return true;
    list.remove_prefix(std::min(blank + 1, list.size()));
  }
  return false;
}

}  // namespace

std::span<const DipFamily> dip_families() { return kFamilies; }
std::span<const InverterProtocol> inverter_protocols() { return kProtocols; }

const DipFamily* dip_family_of(std::string_view driver) {
  const auto* found = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                   [&](const DipFamily& family) { return names(family.drivers, driver); });
  return found == std::end(kFamilies) ? nullptr : found;
}

std::optional<DipSetting> setting_for(const DipFamily& family, unsigned address) {
  if (address < family.lowest || address > family.highest) return std::nullopt;
  const unsigned code = address == family.zero_means ? 0 : address;
  DipSetting setting(family.switches, false);
  for (unsigned i = 0; i < family.coding; ++i) setting[i] = ((code & weight(family, i)) != 0) == family.on_is_one;
  return setting;
}

std::optional<unsigned> address_of(const DipFamily& family, const DipSetting& setting) {
  if (setting.size() != family.switches) return std::nullopt;
  const auto beyond = setting.begin() + static_cast<std::ptrdiff_t>(family.coding);
  if (std::find(beyond, setting.end(), true) != setting.end()) return std::nullopt;
  unsigned code = 0;
  for (unsigned i = 0; i < family.coding; ++i) {
    if (setting[i] == family.on_is_one) code |= weight(family, i);
  }
  return code == 0 ? family.zero_means.value_or(0) : code;
}

std::string to_string(const DipSetting& setting) {
  std::string text;
  for (const bool on : setting) {
    if (!text.empty()) text += ' ';
    text += on ? "ON" : "OFF";
  }
  return text;
}

}  // namespace bms::probe
