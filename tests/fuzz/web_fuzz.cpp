// Any bytes as a request to the page: who may not read gets nothing of it.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <cstdlib>

#include "web/answer.hpp"
#include "web/page.hpp"

// The page itself is not what is looked at; a short one is copied faster.
std::string_view bms::web::page() { return "<html>"; }

namespace {

namespace http = boost::beast::http;
using namespace bms::web;

void require(bool condition) {
  if (!condition) std::abort();
}

/// The words of the request that a reader with the token has to have in it somewhere.
constexpr std::string_view kToken = "key";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const Provider provider{[] { return std::string("{\"secret\":1}"); }, [] { return std::string("{}"); }};
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  Options options;
  if (data[0] % 2 != 0) options.token = kToken;

  constexpr std::uint32_t kLongestHeader = 8192;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kLongestHeader);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error || !parser.is_done()) return 0;
  const Request request = parser.release();
  const Response response = answer(options, provider, request);
  const bool events = wants_events(options, request);
  const bool read = events || response.body().find("secret") != std::string::npos;
  require(!read || request.method() == http::verb::get);
  require(!read || options.token.empty() || bytes.find(kToken) != std::string_view::npos);
  require(!read || !options.token.empty() || bytes.find("localhost") != std::string_view::npos ||
          bytes.find("127.0.0.1") != std::string_view::npos || bytes.find("[::1]") != std::string_view::npos);
  require(response.find(http::field::content_length) != response.end() || response.body().empty());
  require(response["X-Content-Type-Options"] == "nosniff");
  return 0;
}
