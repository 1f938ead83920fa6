#pragma once

#include <functional>
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

}  // namespace bms::web
