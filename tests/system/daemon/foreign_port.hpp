#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "bms/bytes.hpp"

namespace bms::test {

/// A pseudo-terminal with something on it that is no battery. Records every byte it is sent.
class ForeignPort {
 public:
  /// `answer` gets what arrived since it last answered; what it gives back goes on the line.
  explicit ForeignPort(std::function<Bytes(ByteView heard)> answer) : answer_(std::move(answer)) {
    master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) throw std::runtime_error("no pty");
    path_ = ptsname(master_);
    slave_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);  // stays raw while nobody else has it open
    termios raw{};
    tcgetattr(slave_, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave_, TCSANOW, &raw);
    thread_ = std::thread([this] { listen(); });
  }
  ForeignPort(const ForeignPort&) = delete;
  ForeignPort& operator=(const ForeignPort&) = delete;
  ~ForeignPort() {
    finish();
    close(slave_);
    close(master_);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Everything that was heard; ends the listening.
  const Bytes& finish() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
    return all_;
  }

 private:
  void listen() {
    Bytes heard;
    for (;;) {
      pollfd waiting{master_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) {
        if (ended_) return;
        continue;
      }
      std::uint8_t chunk[256];
      const ssize_t size = read(master_, chunk, sizeof chunk);
      if (size <= 0) return;
      append(all_, ByteView(chunk, static_cast<std::size_t>(size)));
      append(heard, ByteView(chunk, static_cast<std::size_t>(size)));
      const Bytes answer = answer_(heard);
      if (answer.empty()) continue;
      heard.clear();
      if (write(master_, answer.data(), answer.size()) < 0) return;
    }
  }

  std::function<Bytes(ByteView)> answer_;
  int master_ = -1;
  int slave_ = -1;
  std::string path_;
  Bytes all_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace bms::test
