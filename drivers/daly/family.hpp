#pragma once

#include "bms/driver.hpp"

namespace bms::daly {

/// The A5 protocol of UART and RS485 boards.
DriverInfo a5_info();
/// The Modbus-like protocols of newer boards.
DriverInfo modbus_info();

}  // namespace bms::daly
