#include "web/answer.hpp"

#include <algorithm>
#include <string_view>

#include "web/page.hpp"

namespace bms::web {
namespace {

namespace http = boost::beast::http;

/// Comparison whose time does not tell how much of a guess was right.
bool same_secret(std::string_view expected, std::string_view given) {
  unsigned difference = expected.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(expected[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::string_view target_of(const Request& request) { return {request.target().data(), request.target().size()}; }
std::string_view path_of(const Request& request) {
  const auto target = target_of(request);
  return target.substr(0, target.find('?'));
}

std::string_view query_value(std::string_view target, std::string_view name) {
  auto rest = target.substr(std::min(target.find('?'), target.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto pair = rest.substr(0, rest.find('&'));
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    rest.remove_prefix(pair.size());
  }
  return {};
}

/// A page of another site must not read a page that asks no token by letting its own name point to loopback.
bool host_allowed(std::string_view host, const std::string& listening) {
  if (const auto colon = host.rfind(':');
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == listening ||
         host == "[" + listening + "]";
}

http::status allowed(const Options& options, const Request& request) {
  if (request.method() != http::verb::get) return http::status::method_not_allowed;
  const auto host = request[http::field::host];
  if (options.token.empty()) {
    return host_allowed({host.data(), host.size()}, options.host) ? http::status::ok : http::status::forbidden;
  }
  const auto header = request[http::field::authorization];
  const bool known = same_secret("Bearer " + options.token, {header.data(), header.size()}) ||
                     same_secret(options.token, query_value(target_of(request), "token"));
  return known ? http::status::ok : http::status::unauthorized;
}

}  // namespace

bool wants_events(const Options& options, const Request& request) {
  return path_of(request) == "/api/events" && allowed(options, request) == http::status::ok;
}

Response answer(const Options& options, const Provider& provider, const Request& request) {
  Response response{http::status::ok, request.version()};
  response.keep_alive(request.keep_alive());
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Content-Security-Policy",
               "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
               "img-src data:; frame-ancestors 'none'");
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  const auto path = path_of(request);
  response.result(allowed(options, request));
  if (response.result() != http::status::ok) {
    response.body() = response.result() == http::status::unauthorized
                          ? "a token is needed: open the page with ?token=... as set in [web]\n"
                          : "not allowed\n";
  } else if (path == "/") {
    response.set(http::field::content_type, "text/html; charset=utf-8");
    response.body() = page();
  } else if (path == "/api/status" || path == "/api/history") {
    response.set(http::field::content_type, "application/json");
    response.body() = path == "/api/status" ? provider.status() : provider.history();
  } else {
    response.result(http::status::not_found);
    response.body() = "no such page\n";
  }
  response.prepare_payload();
  return response;
}

}  // namespace bms::web
