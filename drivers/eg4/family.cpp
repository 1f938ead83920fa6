#include "eg4.hpp"
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

}  // namespace

std::vector<DriverInfo> eg4_drivers() { return {eg4_info()}; }

}  // namespace bms
