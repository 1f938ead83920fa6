#include "daren.hpp"
#include "daren_sim.hpp"

namespace bms {
namespace {

DriverInfo daren_info() {
  DriverInfo info;
  info.name = "daren";
  info.title = "Daren BMS (DR-JC03, \"1363\")";
  info.models = "DR-JC03, DR48100, JC26 boards; BASEN, PAPOOL, BLMPOW, Docan, Nielftor and unbranded 48 V rack packs";
  info.baud = 9600;
  info.probe_bauds = {9600, 19200};
  info.has_address = true;
  info.address_min = 0;
  info.address_max = 48;  // 0 to 15 by the switches, 16 to 31 as slave, 32 and 48 as bus master
  info.probe_addresses = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 32, 48};
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(1000);
  info.probe_rank = 35;
  info.settings = {{"fet_order", DriverSetting::Kind::text, "charge-first", 0, 0,
                    "which MOSFET bit 0 of the status is: charge-first or discharge-first"}};
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<daren::DarenDriver>(options);
  };
  info.simulate = daren::simulate_daren;
  return info;
}

}  // namespace

std::vector<DriverInfo> daren_drivers() { return {daren_info()}; }

}  // namespace bms
