#include "port/line.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "port/as_tuple.hpp"

namespace bms::port {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kLongestBuffer = 8192;            // a device that babbles does not eat memory
constexpr auto kQuiet = std::chrono::milliseconds(20);  // silence that ends a late answer
constexpr auto kLongestDrain = std::chrono::milliseconds(300);

std::chrono::microseconds wire_time(std::size_t bytes, unsigned baud) {
  return std::chrono::microseconds(bytes * 10'000'000ULL / std::max(1U, baud));
}

}  // namespace

Line::Line(asio::io_context& context) : port_(context), timer_(context) {}

std::string Line::open(const std::string& path, unsigned baud) {
  close();
  if (auto reason = lock_.take(path); !reason.empty()) return fmt::format("{}: {}", path, reason);
  boost::system::error_code error;
  port_.open(path, error);
  if (error) {
    lock_.release();
    if (error.value() == ENOTTY) return fmt::format("{}: not a serial port", path);
    return fmt::format("{}: {}", path, std::strerror(error.value()));
  }
  // Root is not held off by TIOCEXCL; the lock keeps a second daemon away from the same line.
  const int fd = port_.native_handle();
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close();
    return fmt::format("{}: another program uses this port", path);
  }
  ::ioctl(fd, TIOCEXCL);
  try {
    port_.set_option(asio::serial_port::character_size(8));
    port_.set_option(asio::serial_port::parity(asio::serial_port::parity::none));
    port_.set_option(asio::serial_port::stop_bits(asio::serial_port::stop_bits::one));
    port_.set_option(asio::serial_port::flow_control(asio::serial_port::flow_control::none));
  } catch (const boost::system::system_error& problem) {
    close();
    return fmt::format("{}: {}", path, problem.code().message());
  }
  if (auto reason = set_baud(baud); !reason.empty()) {
    close();
    return fmt::format("{}: {}", path, reason);
  }
  discard_input();
  return {};
}

std::string Line::set_baud(unsigned baud) {
  boost::system::error_code error;
  port_.set_option(asio::serial_port::baud_rate(baud), error);
  if (error) return fmt::format("{} baud: {}", baud, error.message());
  baud_ = baud;
  return {};
}

void Line::close() {
  if (port_.is_open()) {
    // A port inherited by nobody and locked by nobody: the next opener starts clean.
    ::ioctl(port_.native_handle(), TIOCNXCL);
    boost::system::error_code ignored;
    port_.close(ignored);
  }
  lock_.release();
  buffer_.clear();
  echo_left_ = 0;
}

void Line::discard_input() {
  ::tcflush(port_.native_handle(), TCIFLUSH);
  buffer_.clear();
}

asio::awaitable<void> Line::wait_until(TimePoint when) {
  if (when <= Clock::now()) co_return;
  timer_.expires_at(when);
  co_await timer_.async_wait(kTuple);
}

asio::awaitable<std::optional<std::size_t>> Line::read_some(TimePoint deadline) {
  if (!port_.is_open()) co_return std::nullopt;
  if (buffer_.size() >= kLongestBuffer) buffer_.erase(buffer_.begin(), buffer_.begin() + kLongestBuffer / 2);
  std::array<std::uint8_t, 512> chunk;
  timed_out_ = false;
  timer_.expires_at(deadline);
  timer_.async_wait([this, turn = ++turn_](const boost::system::error_code& error) {
    if (error || turn != turn_) return;  // an expiry that was queued when its read had already ended
    timed_out_ = true;
    boost::system::error_code ignored;
    port_.cancel(ignored);
  });
  const auto [error, size] = co_await port_.async_read_some(asio::buffer(chunk), kTuple);
  ++turn_;
  timer_.cancel();
  if (error == asio::error::operation_aborted && timed_out_) co_return 0;
  if (error) co_return std::nullopt;
  last_byte_ = Clock::now();
  received_ += size;
  append(buffer_, ByteView(chunk.data(), size));
  co_return size;
}

asio::awaitable<void> Line::drain_until_quiet() {
  const TimePoint end = Clock::now() + kLongestDrain;
  while (Clock::now() < end) {
    const auto size = co_await read_some(std::min(end, Clock::now() + kQuiet));
    if (!size || *size == 0) break;
    buffer_.clear();
  }
  buffer_.clear();
}

asio::awaitable<bool> Line::send(const Exchange& exchange) {
  co_await wait_until(last_byte_ + exchange.gap);
  if (!port_.is_open()) co_return false;
  discard_input();
  request_ = exchange.request;
  echo_left_ = exchange.answer_repeats_request ? 0 : request_.size();
  const auto [error, size] = co_await asio::async_write(port_, asio::buffer(request_), kTuple);
  if (error) co_return false;
  sent_ += size;
  last_byte_ = Clock::now() + wire_time(size, baud_);
  if (observer) observer({LineEvent::Kind::request, request_, request_});
  co_return true;
}

/// True while the buffer can still become the echo of the request: too early to search it.
bool Line::strip_echo() {
  if (echo_left_ == 0) return false;
  const std::size_t common = std::min(buffer_.size(), echo_left_);
  if (!std::equal(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(common), request_.begin())) {
    echo_left_ = 0;
    return false;
  }
  if (common < echo_left_) return true;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(echo_left_));
  echo_left_ = 0;
  return false;
}

std::optional<Answer> Line::search(Driver& driver, std::optional<Fault>& seen) {
  while (!buffer_.empty()) {
    const Scan scan = driver.scan(request_, buffer_);
    if (scan.kind == Scan::Kind::need_more) return std::nullopt;
    const std::size_t used = std::min(scan.begin + std::max<std::size_t>(scan.size, 1), buffer_.size());
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(used);
    if (scan.kind == Scan::Kind::frame) {
      Bytes frame(buffer_.begin() + static_cast<std::ptrdiff_t>(scan.begin), end);
      buffer_.erase(buffer_.begin(), end);
      if (observer) observer({LineEvent::Kind::frame, request_, frame});
      return Answer(std::move(frame));
    }
    if (scan.fault) seen = scan.fault;
    heard_ = true;
    if (observer) observer({LineEvent::Kind::discarded, request_, ByteView(buffer_).first(used)});
    buffer_.erase(buffer_.begin(), end);
  }
  return std::nullopt;
}

asio::awaitable<Answer> Line::receive(Driver& driver, const Exchange& exchange, TimePoint deadline) {
  std::optional<Fault> seen;
  heard_ = false;
  for (;;) {
    if (!buffer_.empty() && !strip_echo()) {
      if (auto answer = search(driver, seen)) co_return std::move(*answer);
    }
    if (Clock::now() >= deadline) break;
    const auto size = co_await read_some(deadline);
    if (!size) co_return fail(Fault::io);
  }
  echo_left_ = 0;
  if (auto answer = search(driver, seen)) co_return std::move(*answer);
  const bool heard = heard_ || !buffer_.empty();
  if (!exchange.request.empty() && heard) co_await drain_until_quiet();
  if (seen) co_return fail(*seen);
  co_return fail(heard ? Fault::short_frame : Fault::timeout);
}

asio::awaitable<Answer> Line::exchange(Driver& driver, const Exchange& exchange, int attempts,
                                       const std::function<void(Fault)>& on_fault) {
  Answer answer = fail(Fault::io);
  lock_.renew();
  for (int attempt = 0; attempt < std::max(1, attempts); ++attempt) {
    TimePoint deadline = Clock::now() + exchange.timeout;
    if (!exchange.request.empty()) {
      if (!co_await send(exchange)) {
        answer = fail(Fault::io);
      } else {
        deadline = last_byte_ + exchange.timeout;
        answer = co_await receive(driver, exchange, deadline);
      }
    } else {
      answer = co_await receive(driver, exchange, deadline);
    }
    if (answer) break;
    if (on_fault) on_fault(answer.error());
    if (answer.error() == Fault::io) break;
  }
  co_return answer;
}

}  // namespace bms::port
