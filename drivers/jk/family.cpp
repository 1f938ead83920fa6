#include "jk_sim.hpp"
#include "pb.hpp"
#include "uart.hpp"

namespace bms {
namespace {

DriverInfo uart_info() {
  DriverInfo info;
  info.name = "jk";
  info.title = "JK BMS on UART or its RS485 module (4E 57)";
  info.models = "JK-BD6A, JK-BxAyyS, JK_B1A, JK_B2A, hardware 6 to 11, some 19H; protocol number 000";
  info.baud = 115200;
  info.min_interval = std::chrono::milliseconds(200);
  info.probe_rank = 10;
  info.can_switch_fets = true;
  info.make = [](const DriverOptions& /*options*/) -> std::unique_ptr<Driver> {
    return std::make_unique<jk::UartDriver>();
  };
  info.simulate = jk::simulate_uart;
  return info;
}

DriverInfo pb_info() {
  DriverInfo info;
  info.name = "jk-pb";
  info.title = "JK PB inverter BMS on RS485";
  info.models = "JK_PB1A, JK_PB2A, JK-PB, JK-PD, hardware 14, 15, 19; protocol number 001";
  info.baud = 115200;
  info.has_address = true;
  info.address_min = 0;
  info.address_max = 15;
  info.address_default = 1;
  info.min_interval = std::chrono::milliseconds(200);
  info.probe_rank = 90;  // its trigger is a register write: after all who only read
  info.can_switch_fets = true;
  info.make = [](const DriverOptions& options) -> std::unique_ptr<Driver> {
    return std::make_unique<jk::PbDriver>(options);
  };
  info.simulate = jk::simulate_pb;
  return info;
}

}  // namespace

std::vector<DriverInfo> jk_drivers() { return {uart_info(), pb_info()}; }

}  // namespace bms
