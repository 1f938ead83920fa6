#include "sim/simulated_line.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bms::sim {
namespace {

namespace asio = boost::asio;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kRequestGap = std::chrono::milliseconds(60);  // older unfinished bytes are no part of a new request
constexpr std::size_t kChunk = 32;                           // bytes an adapter hands over at once

}  // namespace

SimulatedLine::SimulatedLine(asio::io_context& context, unsigned baud, std::uint64_t seed)
    : context_(context), master_(context), timer_(context), random_(seed), baud_(baud) {}

SimulatedLine::~SimulatedLine() { hang_up(); }

std::string SimulatedLine::open(const std::string& link) {
  hang_up();
  int master = -1;
  char name[128] = {};
  termios raw{};
  cfmakeraw(&raw);
  if (::openpty(&master, &slave_, name, &raw, nullptr) != 0) return fmt::format("openpty: {}", std::strerror(errno));
  ::fcntl(master, F_SETFL, O_NONBLOCK);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave_, F_SETFD, FD_CLOEXEC);
  master_.assign(master);
  path_ = name;
  link_ = link;
  if (!link_.empty()) {
    std::error_code error;
    if (std::filesystem::is_symlink(link_, error)) std::filesystem::remove(link_, error);
    std::filesystem::create_symlink(path_, link_, error);
    if (error) return fmt::format("{}: {}", link_, error.message());
  }
  timer_.cancel();
  return {};
}

void SimulatedLine::hang_up() {
  boost::system::error_code ignored;
  if (master_.is_open()) master_.close(ignored);
  if (slave_ >= 0) ::close(slave_);
  slave_ = -1;
  heard_.clear();
  std::error_code error;
  if (!link_.empty() && std::filesystem::is_symlink(link_, error)) std::filesystem::remove(link_, error);
}

void SimulatedLine::stop() {
  stopped_ = true;
  hang_up();
  timer_.cancel();
}

Member& SimulatedLine::add(unsigned address, std::unique_ptr<SimulatedDevice> device, const BatterySpec& spec) {
  members_.push_back(std::make_unique<Member>(address, std::move(device), spec));
  return *members_.back();
}

std::chrono::microseconds SimulatedLine::wire_time(std::size_t bytes) const {
  return std::chrono::microseconds(bytes * 10'000'000ULL / baud_);
}

asio::awaitable<void> SimulatedLine::pause(std::chrono::microseconds time) {
  if (!paced_ || time.count() <= 0) co_return;
  asio::steady_timer timer(context_, time);
  co_await timer.async_wait(kTuple);
}

asio::awaitable<void> SimulatedLine::run() {
  for (const auto& member : members_) {
    if (member->device->period()) asio::co_spawn(context_, broadcast(*member), asio::detached);
  }
  while (!stopped_) {
    if (!master_.is_open()) {
      timer_.expires_at(asio::steady_timer::time_point::max());
      co_await timer_.async_wait(kTuple);
      continue;
    }
    co_await listen();
  }
}

asio::awaitable<void> SimulatedLine::broadcast(Member& member) {
  asio::steady_timer timer(context_);
  TimePoint next = Clock::now();
  while (!stopped_) {
    next += member.device->period().value_or(std::chrono::milliseconds(1000));
    timer.expires_at(next);
    co_await timer.async_wait(kTuple);
    if (stopped_ || !master_.is_open()) continue;
    const Bytes answer = member.device->broadcast(member.battery.truth());
    Damaged damaged = damage(member.faults, answer, {}, random_);
    co_await transmit(std::move(damaged.bytes));
  }
}

asio::awaitable<void> SimulatedLine::listen() {
  std::array<std::uint8_t, 512> chunk;
  const auto [error, size] = co_await master_.async_read_some(asio::buffer(chunk), kTuple);
  if (error) {
    if (master_.is_open()) hang_up();
    co_return;
  }
  const TimePoint now = Clock::now();
  if (now - heard_at_ > kRequestGap) heard_.clear();
  heard_at_ = now;
  append(heard_, ByteView(chunk.data(), size));
  while (!heard_.empty() && co_await respond()) {
  }
}

/// Lets the devices answer the request at the front of what was heard; false when there is none yet.
asio::awaitable<bool> SimulatedLine::respond() {
  std::size_t consumed = 0;
  Member* speaker = nullptr;
  Bytes answer;
  for (const auto& member : members_) {
    SimulatorResponse response = member->device->respond(heard_, member->battery.truth());
    consumed = std::max(consumed, response.consumed);
    if (response.wrote) ++member->writes;
    if (response.answer.empty()) continue;
    speaker = member.get();
    ++member->asked;
    member->asked_at = Clock::now();
    // Two batteries with one address answer together and spoil each other's bytes.
    for (std::size_t i = 0; i < std::min(answer.size(), response.answer.size()); ++i) response.answer[i] |= answer[i];
    answer = std::move(response.answer);
  }
  if (consumed == 0) co_return false;
  const Bytes request(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(consumed));
  heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(consumed));
  co_await pause(wire_time(consumed));
  const bool echo = std::any_of(members_.begin(), members_.end(), [](const auto& m) { return m->faults.echo; });
  if (echo) co_await transmit(request);
  if (speaker == nullptr) co_return true;
  Damaged damaged = damage(speaker->faults, answer, foreign_answer(*speaker), random_);
  speaker->last_answer = answer;
  co_await pause(speaker->device->turnaround() + std::chrono::milliseconds(damaged.delay_ms));
  if (!damaged.bytes.empty()) ++speaker->answers;
  co_await transmit(std::move(damaged.bytes));
  co_return true;
}

std::uint64_t SimulatedLine::answers() const {
  std::uint64_t sum = 0;
  for (const auto& member : members_) sum += member->answers;
  return sum;
}

const Bytes& SimulatedLine::foreign_answer(const Member& member) const {
  static const Bytes kNone;
  for (const auto& other : members_) {
    if (other.get() != &member && !other->last_answer.empty()) return other->last_answer;
  }
  return kNone;
}

asio::awaitable<void> SimulatedLine::transmit(Bytes bytes) {
  TimePoint due = Clock::now();
  for (std::size_t sent = 0; sent < bytes.size() && master_.is_open();) {
    const std::size_t size = std::min(paced_ ? kChunk : bytes.size(), bytes.size() - sent);
    due += wire_time(size);
    co_await pause(std::chrono::duration_cast<std::chrono::microseconds>(due - Clock::now()));
    if (!master_.is_open()) co_return;
    const auto [error, written] = co_await asio::async_write(master_, asio::buffer(bytes.data() + sent, size), kTuple);
    if (error) co_return;
    sent += written;
  }
}

}  // namespace bms::sim
