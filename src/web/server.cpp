#include "web/server.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>

#include "web/answer.hpp"

namespace bms::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kMostClients = 16;
constexpr auto kDeadline = std::chrono::seconds(10);
constexpr std::uint32_t kLongestHeader = 8192;

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& loop, Options options, Provider provider)
      : loop_(loop), options_(std::move(options)), provider_(std::move(provider)), acceptor_(loop) {}

  std::string start() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.host, error);
    if (error) return fmt::format("[web] listen: {}: not an IP address", options_.host);
    if (!address.is_loopback() && options_.token.empty()) {
      return fmt::format("[web] token: mandatory when listening on {}", options_.host);
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(8, error);
    if (error) return fmt::format("[web] listen {}:{}: {}", options_.host, options_.port, error.message());
    asio::co_spawn(loop_, accept(shared_from_this()), asio::detached);
    return {};
  }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto& stream : clients_) stream.socket().close(ignored);
  }

  [[nodiscard]] unsigned short port() const {
    boost::system::error_code error;
    const auto endpoint = acceptor_.local_endpoint(error);
    return error ? static_cast<unsigned short>(0) : endpoint.port();
  }

 private:
  asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (error) {
        // Out of descriptors or the like: not a reason to spin.
        asio::steady_timer pause(loop_, std::chrono::seconds(1));
        co_await pause.async_wait(kTuple);
        continue;
      }
      if (clients_.size() >= kMostClients) continue;
      clients_.emplace_back(std::move(socket));
      asio::co_spawn(loop_, serve(self, std::prev(clients_.end())), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::list<beast::tcp_stream>::iterator client) {
    beast::flat_buffer buffer(kLongestHeader);
    for (bool keep = true; keep;) {
      client->expires_after(kDeadline);
      http::request_parser<http::empty_body> parser;
      parser.header_limit(kLongestHeader);
      const auto [error, size] = co_await http::async_read(*client, buffer, parser, kTuple);
      if (error) break;
      const Request request = parser.release();
      if (wants_events(options_, request)) {
        co_await stream_events(*client);
        break;
      }
      Response response = answer(options_, provider_, request);
      keep = response.keep_alive();
      client->expires_after(kDeadline);
      const auto [write_error, written] = co_await http::async_write(*client, response, kTuple);
      if (write_error) break;
    }
    boost::system::error_code ignored;
    client->socket().shutdown(tcp::socket::shutdown_both, ignored);
    self->clients_.erase(client);
  }

  asio::awaitable<void> stream_events(beast::tcp_stream& client) {
    std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
    asio::steady_timer timer(loop_);
    while (acceptor_.is_open()) {
      text += "data: " + provider_.status() + "\n\n";
      client.expires_after(kDeadline);
      const auto [error, written] = co_await asio::async_write(client, asio::buffer(text), kTuple);
      if (error) co_return;
      text.clear();
      timer.expires_after(std::chrono::seconds(1));
      co_await timer.async_wait(kTuple);
    }
  }

  asio::io_context& loop_;
  Options options_;
  Provider provider_;
  tcp::acceptor acceptor_;
  std::list<beast::tcp_stream> clients_;
};

Server::Server(asio::io_context& loop, Options options, Provider provider)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(provider))) {}
Server::~Server() { stop(); }
std::string Server::start() { return impl_->start(); }
void Server::stop() { impl_->stop(); }
unsigned short Server::port() const { return impl_->port(); }

}  // namespace bms::web
