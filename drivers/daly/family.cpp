#include "family.hpp"

#include "a5_driver.hpp"
#include "a5_sim.hpp"
#include "modbus_driver.hpp"
#include "modbus_sim.hpp"

namespace bms {
namespace daly {

DriverInfo a5_info() {
  DriverInfo info;
  info.name = "daly";
  info.title = "Daly Smart BMS, A5 protocol (UART, RS485)";
  info.models = "Daly Smart BMS, classic red boards (series J, T, A, U, W, ND) and later ones that still answer A5";
  info.baud = 9600;
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 16;
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(1000);
  info.probe_rank = 31;
  info.can_switch_fets = true;
  info.can_set_soc = true;
  info.unavailable.mos_temperature = true;
  info.unavailable.bms_limits = true;
  info.settings = {
      {"invert_current", DriverSetting::Kind::boolean, "no", 0, 0,
       "yes for boards that show charging and discharging exchanged in the vendor's app too"},
      {"uart_port", DriverSetting::Kind::boolean, "no", 0, 0,
       "yes for a single board that answers only the host address of the UART accessory port (0x80)"},
  };
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<A5Driver>(options);
  };
  info.simulate = [](const SimulatorOptions& options) -> std::unique_ptr<SimulatedDevice> {
    return std::make_unique<A5Device>(options);
  };
  return info;
}

DriverInfo modbus_info() {
  DriverInfo info;
  info.name = "daly-modbus";
  info.title = "Daly BMS, Modbus-like protocols D2 and 81/51 (UART, RS485)";
  info.models = "Daly series H, K, M, S, active balance boards, 100 Balance, home storage boards";
  info.baud = 9600;
  info.has_address = true;
  info.address_min = 1;
  info.address_max = 16;
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(500);
  // Before A5: boards that speak both tell more here, behind a CRC.
  info.probe_rank = 30;
  info.can_switch_fets = true;
  info.can_set_soc = true;
  info.unavailable.bms_limits = true;
  info.settings = {
      {"dialect", DriverSetting::Kind::text, "auto", 0, 0, "auto, 81 (board numbers) or d2 (one board only)"},
      {"invert_current", DriverSetting::Kind::boolean, "no", 0, 0,
       "yes for boards that show charging and discharging exchanged in the vendor's app too"},
  };
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<ModbusDriver>(options);
  };
  info.simulate = [](const SimulatorOptions& options) -> std::unique_ptr<SimulatedDevice> {
    return std::make_unique<ModbusDevice>(options);
  };
  return info;
}

}  // namespace daly

std::vector<DriverInfo> daly_drivers() { return {daly::a5_info(), daly::modbus_info()}; }

}  // namespace bms
