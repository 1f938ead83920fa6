#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

namespace bms::web {

/// Where the page gets its numbers from; called on the loop, must answer from memory.
struct Provider {
  std::function<std::string()> status;   ///< JSON: batteries, cells, limits and why, link health
  std::function<std::string()> history;  ///< JSON: the last 24 h for the plots
};

struct Options {
  std::string host = "127.0.0.1";  ///< address to listen on
  unsigned short port = 8088;
  std::string token;  ///< asked from every client when not empty; mandatory beyond loopback
};

/// Read-only status page in the daemon's own loop: `/`, `/api/status`, `/api/history` and `/api/events`, a stream with
/// one status a second. Every request is hostile: only GET, 8 kB of header, few clients at a time, short deadlines.
class Server {
 public:
  Server(boost::asio::io_context& loop, Options options, Provider provider);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Listens. An empty text, or why not.
  std::string start();
  void stop();
  [[nodiscard]] unsigned short port() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bms::web
