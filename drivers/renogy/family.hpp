#pragma once

#include "bms/driver.hpp"

namespace bms::renogy {

DriverInfo renogy_info();

}  // namespace bms::renogy
