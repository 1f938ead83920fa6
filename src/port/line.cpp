#include "port/line.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

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

Line::Line(asio::io_context& context) : watch_(context), timer_(context) {}

std::string Line::open(const std::string& path, unsigned baud) {
  close();
  if (auto reason = lock_.take(path); !reason.empty()) return fmt::format("{}: {}", path, reason);
  auto reason = port_.open(path, baud);
  if (!reason.empty()) lock_.release();
  baud_ = baud;
  return reason;
}

std::string Line::set_baud(unsigned baud) {
  auto reason = port_.set_baud(baud);
  if (!reason.empty()) return reason;
  baud_ = baud;
  answer_times_.forget();
  return {};
}

void Line::close() {
  if (watch_.is_open()) watch_.release();  // ends a wait
  timer_.cancel();
  port_.close();
  lock_.release();
  answer_times_.forget();
  buffer_.clear();
  echo_left_ = 0;
  in_vain_ = 0;
}

bool Line::drop_output() const {
  port_.discard_output();
  return !port_.has_output();
}

asio::awaitable<void> Line::sleep_until(TimePoint when) {
  if (when <= Clock::now()) co_return;
  timer_.expires_at(when);
  co_await timer_.async_wait(kTuple);
}

asio::awaitable<bool> Line::wait_ready(Readiness what, TimePoint deadline) {
  boost::system::error_code error;
  watch_.assign(port_.descriptor(), error);
  if (error) co_return false;
  timer_.expires_at(deadline);
  timer_.async_wait([this, turn = ++turn_](const boost::system::error_code& ended) {
    if (ended || turn != turn_) return;  // an expiry that was queued when its wait had already ended
    boost::system::error_code ignored;
    watch_.cancel(ignored);
  });
  co_await watch_.async_wait(what, kTuple);
  ++turn_;
  timer_.cancel();
  if (watch_.is_open()) watch_.release();
  co_return true;
}

std::optional<std::size_t> Line::read_now() {
  if (!port_.is_open()) return std::nullopt;
  if (buffer_.size() >= kLongestBuffer) buffer_.erase(buffer_.begin(), buffer_.begin() + kLongestBuffer / 2);
  std::array<std::uint8_t, 512> chunk;
  const auto size = port_.read(chunk);
  if (!size || *size == 0) return size;
  last_byte_ = Clock::now();
  received_ += *size;
  append(buffer_, ByteView(chunk).first(*size));
  return size;
}

asio::awaitable<std::optional<std::size_t>> Line::read_some(TimePoint deadline) {
  for (;;) {
    const auto size = read_now();
    if (!size || *size > 0 || Clock::now() >= deadline) co_return size;
    const bool waited = co_await wait_ready(Readiness::wait_read, deadline);
    if (!waited) co_return std::nullopt;
  }
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

asio::awaitable<std::optional<Fault>> Line::send(const Exchange& exchange) {
  co_await sleep_until(last_byte_ + exchange.gap);
  if (!port_.is_open()) co_return Fault::io;
  port_.discard_input();
  buffer_.clear();
  request_ = exchange.request;
  echo_left_ = exchange.answer_repeats_request ? 0 : request_.size();
  const TimePoint latest = Clock::now() + exchange.timeout;
  for (std::size_t sent = 0; sent < request_.size();) {
    const auto size = port_.is_open() ? port_.write(ByteView(request_).subspan(sent)) : std::nullopt;
    if (!size) co_return Fault::io;
    if (*size == 0) {
      if (Clock::now() >= latest) {  // a line that takes nothing: the rest must not go out some time later
        port_.discard_output();
        co_return Fault::timeout;
      }
      const bool waited = co_await wait_ready(Readiness::wait_write, latest);
      if (!waited) co_return Fault::io;
    }
    sent += *size;
    sent_ += *size;
  }
  last_byte_ = Clock::now() + wire_time(request_.size(), baud_);
  if (observer) observer({LineEvent::Kind::request, request_, request_});
  co_return std::nullopt;
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
  missing_ = 0;
  while (!buffer_.empty()) {
    const Scan scan = driver.scan(request_, buffer_);
    if (scan.kind == Scan::Kind::need_more) {
      missing_ = scan.size;
      return std::nullopt;
    }
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
  const bool asked = !exchange.request.empty();
  const TimePoint sent = last_byte_;
  // Asleep while the answer cannot be whole yet: first by experience, then by how much of it is missing.
  TimePoint look = asked ? sent + answer_times_.expected(request_) : TimePoint{};
  bool at_first_look = true;
  for (;;) {
    if (!buffer_.empty() && !strip_echo()) {
      if (auto answer = search(driver, seen)) {
        if (asked) answer_times_.came(request_, last_byte_ - sent, at_first_look);
        co_return std::move(*answer);
      }
      at_first_look = false;
      look = Clock::now() + wire_time(missing_, baud_);
    }
    if (Clock::now() >= deadline) break;
    co_await sleep_until(std::min(look, deadline));
    auto size = read_now();
    if (size && *size == 0) {
      at_first_look = false;
      size = co_await read_some(deadline);
    }
    if (!size) co_return fail(Fault::io);
  }
  echo_left_ = 0;
  if (auto answer = search(driver, seen)) co_return std::move(*answer);
  if (asked) answer_times_.failed(request_);
  const bool heard = heard_ || !buffer_.empty();
  if (asked && heard) co_await drain_until_quiet();
  if (seen) co_return fail(*seen);
  co_return fail(heard ? Fault::short_frame : Fault::timeout);
}

asio::awaitable<Answer> Line::exchange(Driver& driver, const Exchange& exchange, int attempts,
                                       const std::function<void(Fault)>& on_fault) {
  Answer answer = fail(Fault::io);
  lock_.renew();
  for (int attempt = 0; attempt < std::max(1, attempts); ++attempt) {
    if (exchange.request.empty()) {
      answer = co_await receive(driver, exchange, Clock::now() + exchange.timeout);
    } else if (const auto unsent = co_await send(exchange)) {
      answer = fail(*unsent);
    } else {
      answer = co_await receive(driver, exchange, last_byte_ + exchange.timeout);
    }
    if (answer) {
      ++answers_;
      in_vain_ = 0;
      break;
    }
    ++in_vain_;
    if (on_fault) on_fault(answer.error());
    if (answer.error() == Fault::io) break;
  }
  co_return answer;
}

}  // namespace bms::port
