#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "support/browser.hpp"
#include "system/daemon/rig.hpp"

namespace bms::test {

/// An installation with a status page, and a browser to look at it.
class PageRig : public Rig {
 protected:
  void SetUp() override {
    const auto program = Browser::program();
    if (!program) GTEST_SKIP() << "Chromium is not installed (apt-get install chromium): nobody looks at the page";
    browser_ = std::make_unique<Browser>(*program, bus_.folder());
  }
  /// Batteries 1.. of one line as a bank, with the page on a free port.
  void configure_page(const std::string& driver, const std::string& addresses, const std::string& more = "") {
    boost::asio::io_context loop;
    port_ =
        boost::asio::ip::tcp::acceptor(loop, {boost::asio::ip::make_address("127.0.0.1"), 0}).local_endpoint().port();
    configure_rack(driver, addresses, "[web]\nlisten = 127.0.0.1:" + std::to_string(port_) + "\n" + more);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  unsigned short port_ = 0;
  std::unique_ptr<Browser> browser_;
};

}  // namespace bms::test
