#include "eg4.hpp"
#include "eg4_ll.hpp"
#include "eg4_sim.hpp"

namespace bms {
namespace {

DriverInfo eg4_info() {
  DriverInfo info;
  info.name = "eg4";
  info.title = "EG4 LifePower4, Revov, Narada (TianPower)";
  info.models = "EG4 LifePower4 (first version), EG4 LiFePower, Revov, Narada 48NPFC, packs with a TianPower BMS";
  info.baud = 9600;
  info.probe_bauds = {9600, 19200};
  info.has_address = true;
  info.address_min = 0;
  info.address_max = 15;
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(2000);
  info.probe_rank = 40;
  // The binary protocol tells neither (the ASCII protocol tells the FETs); no pack tells current limits.
  info.unavailable.fets = true;
  info.unavailable.bms_limits = true;
  info.settings = {{"protocol", DriverSetting::Kind::text, "auto", 0, 0,
                    "what the pack speaks: 7e, 7c, ascii, or auto to find out"}};
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<eg4::Eg4Driver>(options);
  };
  info.simulate = eg4::simulate_eg4;
  return info;
}

DriverInfo eg4_ll_info() {
  DriverInfo info;
  info.name = "eg4-ll";
  info.title = "EG4 LL, LifePower4 V2 (Modbus)";
  info.models = "EG4 LL, LL-S V2, LifePower4 V2, WP-16/280 wall mount, 12 V and 24 V LL";
  info.baud = 9600;
  info.probe_bauds = {9600, 19200};
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 64;
  // 1 to 16 by DIP switches; LifePower4 V2 packs were met at 64.
  info.probe_addresses = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 64};
  info.address_default = 2;
  info.min_interval = std::chrono::milliseconds(2000);  // drivers in the field ask every 2 to 10 s
  info.probe_rank = 45;
  info.unavailable.fets = true;
  info.settings = {{"tenths", DriverSetting::Kind::boolean, "no", 0, 0,
                    "yes: currents and remaining capacity come in tenths (12 V packs behind a Bluetooth bridge)"}};
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<eg4::Eg4LlDriver>(options);
  };
  info.simulate = eg4::simulate_eg4_ll;
  return info;
}

}  // namespace

std::vector<DriverInfo> eg4_drivers() { return {eg4_info(), eg4_ll_info()}; }

}  // namespace bms
