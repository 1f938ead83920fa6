#pragma once

#include "bms/driver.hpp"

namespace bms::daly {

/// The A5 protocol of UART and RS485 boards.
DriverInfo a5_info();

}  // namespace bms::daly
