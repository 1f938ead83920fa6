#include "simulated_shunt.hpp"
#include "smartshunt.hpp"

namespace bms {

std::vector<DriverInfo> ve_direct_drivers() {
  DriverInfo info;
  info.name = "smartshunt";
  info.title = "Victron SmartShunt and BMV, VE.Direct";
  info.models = "SmartShunt (all), BMV-700, BMV-702, BMV-710, BMV-712, BMV-800; BMV-600 by TEXT";
  info.baud = 19200;
  info.min_interval = std::chrono::milliseconds(1000);
  info.unsolicited = true;
  // Listening disturbs nobody, and a HEX ping is sent only where nothing speaks.
  info.probe_rank = 0;
  info.can_set_soc = true;
  info.unavailable.mos_temperature = true;
  info.unavailable.cells = true;
  info.unavailable.fets = true;
  info.unavailable.bms_limits = true;
  info.unavailable.temperatures = true;  // only with AUX = temperature
  info.settings = {{"hex", DriverSetting::Kind::boolean, "yes", 0, 0,
                    "ask for serial number, name, capacity and settings; no: only listen"}};
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    const auto hex = options.settings.find("hex");
    return std::make_unique<ve_direct::SmartShunt>(hex == options.settings.end() || hex->second != "no");
  };
  info.simulate = [](const SimulatorOptions& options) -> std::unique_ptr<SimulatedDevice> {
    return std::make_unique<ve_direct::SimulatedShunt>(options);
  };
  return {info};
}

}  // namespace bms
