#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "config/config.hpp"
#include "probe/prober.hpp"

namespace bms::daemon {

/// `driver = auto`: asks the port of `section`, read-only and again every 30 s, until a battery answers. Address and
/// baud rate of the section narrow the search.
boost::asio::awaitable<probe::Attempt> identify(boost::asio::io_context& loop, config::Battery section);

}  // namespace bms::daemon
