#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Addresses of rack packs that are set by DIP switches, both ways. One family is inverted: do not mix them.
namespace bms::probe {

/// How one family codes its address.
struct DipFamily {
  std::string_view id;       ///< "jk-pb"
  std::string_view title;    ///< for people
  std::string_view drivers;  ///< drivers of these packs, blanks between
  unsigned switches;         ///< on the pack
  unsigned coding;           ///< how many of them, from 1, code the address
  bool first_is_lowest;      ///< switch 1 counts 1; else the last one of the coding does
  bool on_is_one;            ///< false: OFF counts
  unsigned lowest;           ///< addresses that can be polled
  unsigned highest;
  std::optional<unsigned> zero_means;  ///< the address of a pack whose code is 0; nullopt: 0 itself
  unsigned host;                       ///< address of the pack that leads the others, as it stands on the wire
  std::string_view note;
  std::string_view source;
};

std::span<const DipFamily> dip_families();
/// The family of packs that this driver talks with; nullptr when their address is set otherwise.
const DipFamily* dip_family_of(std::string_view driver);

/// Position of each switch, from switch 1; true is ON.
using DipSetting = std::vector<bool>;

/// nullopt: no setting gives this address.
std::optional<DipSetting> setting_for(const DipFamily& family, unsigned address);
/// nullopt: this setting gives none (wrong number of switches, a switch that selects the inverter protocol).
std::optional<unsigned> address_of(const DipFamily& family, const DipSetting& setting);

/// "ON OFF ON OFF"
std::string to_string(const DipSetting& setting);

/// Inverter protocol that the host pack speaks, by the value of its six switches (switch 1 = 1 ... switch 6 = 32).
struct InverterProtocol {
  unsigned value;
  std::string_view can;
  std::string_view rs485;  ///< empty: not told
};
/// Of six-switch rack packs; switches 1 to 4 OFF.
std::span<const InverterProtocol> inverter_protocols();

}  // namespace bms::probe
