#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

namespace bms::victron {

/// True when something that speaks D-Bus answers at the address. Opening a connection waits for the bus (90 s on a
/// socket that accepts and never answers), so the loop asks first, without waiting. Sockets are asked for the first
/// word of the handshake; other transports (launchd, unixexec) are taken as alive.
boost::asio::awaitable<bool> bus_answers(std::string address, std::chrono::milliseconds deadline);

}  // namespace bms::victron
