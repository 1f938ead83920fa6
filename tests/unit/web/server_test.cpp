#include "web/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "support/loop.hpp"
#include "web/page.hpp"

namespace bms::web {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

class WebTest : public testing::Test {
 protected:
  void start(Options options) {
    options.port = 0;
    server_ = std::make_unique<Server>(loop_, std::move(options),
                                       Provider{[] { return R"({"batteries":[]})"; }, [] { return "{}"; }});
    ASSERT_EQ(server_->start(), "");
  }
  ~WebTest() override {
    if (server_) server_->stop();
    loop_.restart();
    loop_.poll();
  }

  /// Sends raw bytes and returns all that comes back until the server closes or `enough` stands in it.
  std::string talk(const std::string& request, const std::string& enough = "\x01") {
    asio::ip::tcp::socket socket(loop_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    std::string text;
    bool done = false;
    auto conversation = [&]() -> asio::awaitable<void> {
      constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(request), kTuple);
      std::array<char, 4096> chunk;
      while (text.find(enough) == std::string::npos) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(chunk), kTuple);
        text.append(chunk.data(), size);
        if (error) break;
      }
      done = true;
    };
    asio::co_spawn(loop_, conversation(), asio::detached);
    EXPECT_TRUE(test::run_until(loop_, [&] { return done; }));
    return text;
  }

  std::string get(const std::string& target, const std::string& headers = "") {
    return talk("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n");
  }

  asio::io_context loop_{1};
  std::unique_ptr<Server> server_;
};

TEST_F(WebTest, ServesOnePageWithoutAnythingFromElsewhere) {
  start({});
  const std::string answer = get("/");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: default-src 'none'"));
  EXPECT_LT(page().size(), 100'000U);
  EXPECT_EQ(page().find("http://"), page().find("http://www.w3.org/2000/svg"));
  EXPECT_EQ(page().find("https://"), std::string_view::npos);
}

TEST_F(WebTest, GivesStatusAndHistoryAsJson) {
  start({});
  EXPECT_THAT(get("/api/status"), HasSubstr(R"({"batteries":[]})"));
  EXPECT_THAT(get("/api/history"), HasSubstr("application/json"));
  EXPECT_THAT(get("/etc/passwd"), StartsWith("HTTP/1.1 404"));
}

TEST_F(WebTest, StreamsTheStatus) {
  start({});
  const std::string text = talk("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n", "data: {\"batteries\":[]}\n\n");
  EXPECT_THAT(text, HasSubstr("text/event-stream"));
  EXPECT_THAT(text, HasSubstr("data: {\"batteries\":[]}\n\n"));
}

TEST_F(WebTest, OnlyReads) {
  start({});
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const auto answer = talk(std::string(method) + " / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405")) << method;
  }
}

TEST_F(WebTest, AsksForTheTokenEverywhere) {
  start({"127.0.0.1", 0, "s3cret"});
  EXPECT_THAT(get("/"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(get("/api/events"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(get("/api/status?token=s3cre"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(get("/api/status?token=s3cret"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get("/api/status?a=b&token=s3cret"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get("/api/status", "Authorization: Bearer s3cret\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(WebTest, RefusesAForeignHostNameWithoutToken) {
  start({});
  EXPECT_THAT(talk("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST_F(WebTest, DropsRubbishAndGoesOn) {
  start({});
  EXPECT_EQ(talk(std::string(20000, 'x')), "");
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nX: " + std::string(20000, 'y') + "\r\n\r\n"), "");
  EXPECT_THAT(get("/"), StartsWith("HTTP/1.1 200"));
}

TEST(WebOptions, BeyondLoopbackATokenIsMandatory) {
  asio::io_context loop;
  Server open(loop, {"0.0.0.0", 0, ""}, {});
  EXPECT_THAT(open.start(), HasSubstr("token"));
  Server nowhere(loop, {"my-gx.local", 0, "t"}, {});
  EXPECT_THAT(nowhere.start(), HasSubstr("not an IP address"));
}

}  // namespace
}  // namespace bms::web
