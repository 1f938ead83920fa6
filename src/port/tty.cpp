#include "port/tty.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bms::port {
namespace {

/// What read() and write() say. A device that was unplugged answers with an error or, hung up, with no bytes at all.
std::optional<std::size_t> moved(ssize_t result) {
  if (result > 0) return static_cast<std::size_t>(result);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  return std::nullopt;
}

}  // namespace

std::string Tty::open(const std::string& path, unsigned baud) {
  close();
  descriptor_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor_ < 0) return fmt::format("{}: {}", path, std::strerror(errno));
  std::string reason = set_up(baud);
  if (reason.empty()) return {};
  close();
  return fmt::format("{}: {}", path, reason);
}

std::string Tty::set_up(unsigned baud) {
  termios options{};
  if (::tcgetattr(descriptor_, &options) != 0) return errno == ENOTTY ? "not a serial port" : std::strerror(errno);
  // Root is not held off by TIOCEXCL; the lock keeps a second daemon away from the same line.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return "another program uses this port";
  exclusive_ = ::ioctl(descriptor_, TIOCEXCL) == 0;
  ::cfmakeraw(&options);  // 8 bits, no parity, no flow control by characters
  options.c_iflag |= IGNPAR;
  options.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS | PARODD);
  options.c_cflag |= CREAD | CLOCAL;
  options.c_cc[VMIN] = 1;
  options.c_cc[VTIME] = 0;
  if (::tcsetattr(descriptor_, TCSANOW, &options) != 0) return std::strerror(errno);
  if (auto reason = set_baud(baud); !reason.empty()) return reason;
  discard_input();
  return {};
}

void Tty::close() {
  if (!is_open()) return;
  // The next opener starts clean; what another program made exclusive stays so.
  if (std::exchange(exclusive_, false)) ::ioctl(descriptor_, TIOCNXCL);
  ::close(descriptor_);
  descriptor_ = -1;
}

std::string Tty::set_baud(unsigned baud) const {
  termios options{};
  const bool done = ::tcgetattr(descriptor_, &options) == 0 && ::cfsetspeed(&options, baud) == 0 &&
                    ::tcsetattr(descriptor_, TCSANOW, &options) == 0;
  return done ? std::string() : fmt::format("{} baud: {}", baud, std::strerror(errno));
}

void Tty::discard_input() const { ::tcflush(descriptor_, TCIFLUSH); }

bool Tty::is_pseudo_terminal() const {
  constexpr unsigned kFirstMajor = 136;  // Documentation/admin-guide/devices.txt: UNIX98 PTY slaves
  constexpr unsigned kLastMajor = 143;
  struct stat status {};
  if (!is_open() || ::fstat(descriptor_, &status) != 0) return false;
  return major(status.st_rdev) >= kFirstMajor && major(status.st_rdev) <= kLastMajor;
}

bool Tty::has_output() const {
  int bytes = 0;
  return is_open() && ::ioctl(descriptor_, TIOCOUTQ, &bytes) == 0 && bytes > 0;
}

void Tty::discard_output() const { ::tcflush(descriptor_, TCOFLUSH); }

std::optional<std::size_t> Tty::read(std::span<std::uint8_t> bytes) const {
  return moved(::read(descriptor_, bytes.data(), bytes.size()));
}

std::optional<std::size_t> Tty::write(ByteView bytes) const {
  return moved(::write(descriptor_, bytes.data(), bytes.size()));
}

}  // namespace bms::port
