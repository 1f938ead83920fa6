#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "web/options.hpp"

namespace bms::web {

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
