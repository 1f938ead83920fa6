#include "family.hpp"

#include "renogy_driver.hpp"
#include "renogy_sim.hpp"

namespace bms {
namespace renogy {

DriverInfo renogy_info() {
  DriverInfo info;
  info.name = "renogy";
  info.title = "Renogy smart lithium battery (RS485)";
  info.models =
      "RBT100LFP12S-G, RBT100LFP12SH-G1, RBT100LFP12-BT, RBT200LFP12-BT, RBT12100LFP-BT, RBT12200LFP-BT, RBT50LFP48S";
  info.baud = 9600;
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 255;
  info.address_default = 0xF7;
  // The monitor and the BT-2 module number the batteries from 0x30 on.
  for (unsigned address = 0x30; address <= 0x3F; ++address) info.probe_addresses.push_back(address);
  info.min_interval = std::chrono::milliseconds(1000);
  info.probe_rank = 40;
  info.unavailable.mos_temperature = true;
  info.settings = {
      {"current_scale", DriverSetting::Kind::text, "auto", 0, 0,
       "auto (by the model name, checked against the capacity), 0.01 or 0.1 (Pro series), ampere per count"},
  };
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<RenogyDriver>(options);
  };
  info.simulate = [](const SimulatorOptions& options) -> std::unique_ptr<SimulatedDevice> {
    return std::make_unique<RenogyDevice>(options);
  };
  return info;
}

}  // namespace renogy

std::vector<DriverInfo> renogy_drivers() { return {renogy::renogy_info()}; }

}  // namespace bms
