#pragma once

#include <functional>
#include <string>

#include "port/line.hpp"
#include "probe/prober.hpp"

namespace bms::port {

/// Carries out the attempts of a prober on the port at `path` until it has no more. An empty text, or why the port
/// could not be searched. `before` is called with each attempt; it may be empty.
boost::asio::awaitable<std::string> search(Line& line, std::string path, probe::Prober& prober,
                                           std::function<void(const probe::Attempt&)> before);

}  // namespace bms::port
