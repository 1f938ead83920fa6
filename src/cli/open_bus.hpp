#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <memory>
#include <optional>
#include <string>

namespace bms::cli {

/// A connection to the bus at `address` (nullopt: see victron::bus_address()). Asks first whether a bus answers there:
/// opening waits 90 s for one that accepts and says nothing. Throws sdbus::Error when there is none.
std::unique_ptr<sdbus::IConnection> open_bus(const std::optional<std::string>& address);

}  // namespace bms::cli
