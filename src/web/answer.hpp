#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "web/options.hpp"

namespace bms::web {

using Request = boost::beast::http::request<boost::beast::http::empty_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// What a client gets for its request, whatever stands in it. Pure: no socket, no clock.
Response answer(const Options& options, const Provider& provider, const Request& request);

/// The request is one for the stream of events, and may be.
bool wants_events(const Options& options, const Request& request);

}  // namespace bms::web
