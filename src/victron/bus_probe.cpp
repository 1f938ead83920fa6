#include "victron/bus_probe.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>
#include <string_view>

namespace bms::victron {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using namespace asio::experimental::awaitable_operators;

constexpr auto kTuple = asio::as_tuple(use_awaitable);

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Value of a key in "unix:path=/a%20b,guid=..."; D-Bus specification, Server Addresses.
std::optional<std::string> address_value(std::string_view address, std::string_view key) {
  const auto colon = address.find(':');
  std::string_view rest = colon == std::string_view::npos ? "" : address.substr(colon + 1);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view pair = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != key) continue;
    std::string value;
    for (std::size_t i = equals + 1; i < pair.size(); ++i) {
      const bool escape = pair[i] == '%' && i + 2 < pair.size() && hex(pair[i + 1]) >= 0 && hex(pair[i + 2]) >= 0;
      value += escape ? static_cast<char>(hex(pair[i + 1]) * 16 + hex(pair[i + 2])) : pair[i];
      if (escape) i += 2;
    }
    return value;
  }
  return std::nullopt;
}

/// First words of the SASL handshake; any line in return shows that a bus is alive.
template <class Socket>
asio::awaitable<bool> greet(Socket& socket) {
  const std::string uid = std::to_string(geteuid());
  std::string hello(1, '\0');
  hello += "AUTH EXTERNAL ";
  for (const char digit : uid) hello += fmt::format("{:02x}", static_cast<unsigned>(digit));
  hello += "\r\n";
  const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(hello), kTuple);
  if (write_error) co_return false;
  std::string answer;
  asio::dynamic_string_buffer buffer(answer, 512);
  const auto [read_error, read] = co_await asio::async_read_until(socket, buffer, "\r\n", kTuple);
  co_return !read_error;
}

asio::awaitable<bool> ask_unix(std::string path) {
  const auto executor = co_await asio::this_coro::executor;
  asio::local::stream_protocol::socket socket(executor);
  if (path.size() >= 107) co_return false;
  const asio::local::stream_protocol::endpoint endpoint(path);
  const auto [error] = co_await socket.async_connect(endpoint, kTuple);
  if (error) co_return false;
  co_return co_await greet(socket);
}

asio::awaitable<bool> ask_tcp(std::string host, std::string port) {
  const auto executor = co_await asio::this_coro::executor;
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) co_return true;  // a host name: resolving it is left to the connection
  asio::ip::tcp::socket socket(executor);
  const asio::ip::tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
  const auto [connect_error] = co_await socket.async_connect(endpoint, kTuple);
  if (connect_error) co_return false;
  co_return co_await greet(socket);
}

asio::awaitable<bool> ask(std::string address) {
  if (address.starts_with("unix:")) {
    if (auto path = address_value(address, "path")) co_return co_await ask_unix(*path);
    if (auto name = address_value(address, "abstract")) co_return co_await ask_unix(std::string(1, '\0') + *name);
  }
  if (address.starts_with("tcp:")) {
    const auto host = address_value(address, "host");
    const auto port = address_value(address, "port");
    if (host && port) co_return co_await ask_tcp(*host, *port);
  }
  co_return !address.empty();
}

}  // namespace

asio::awaitable<bool> bus_answers(std::string address, std::chrono::milliseconds deadline) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  // An address may list several buses; sd-bus takes the first that works.
  const std::string first = address.substr(0, address.find(';'));
  auto answer = co_await (ask(first) || timer.async_wait(kTuple));
  co_return answer.index() == 0 && std::get<0>(answer);
}

}  // namespace bms::victron
