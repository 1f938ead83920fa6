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
    port_ = free_port();
    configure_rack(driver, addresses, "[web]\nlisten = 127.0.0.1:" + std::to_string(port_) + "\n" + more);
  }
  /// Below those that the system gives to whoever asks for any: it is still free when the daemon takes it.
  static unsigned short free_port() {
    constexpr unsigned short kFirst = 20000;
    constexpr unsigned short kCount = 10000;
    boost::asio::io_context loop;
    for (unsigned short n = 0; n < kCount; ++n) {
      const auto port = static_cast<unsigned short>(kFirst + (getpid() + n) % kCount);
      boost::asio::ip::tcp::acceptor acceptor(loop, boost::asio::ip::tcp::v4());
      boost::system::error_code taken;
      acceptor.bind({boost::asio::ip::make_address("127.0.0.1"), port}, taken);
      if (!taken) return port;
    }
    throw std::runtime_error("no free port");
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  unsigned short port_ = 0;
  std::unique_ptr<Browser> browser_;
};

}  // namespace bms::test
