#include "victron/bus_connection.hpp"

#include <sdbus-c++/sdbus-c++.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <chrono>
#include <cstdlib>
#include <map>

#include "victron/bus_probe.hpp"

namespace bms::victron {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kProbeDeadline = 1s;
constexpr auto kFirstDelay = 100ms;
constexpr auto kLastDelay = 2000ms;  // with a probe of 1 s: back within 5 s of the bus's own return
/// Messages handled in one turn of the loop: a client that floods us must not keep batteries from being polled.
constexpr int kMessagesPerTurn = 32;

/// sdbus-c++ 1.2 keeps the sd_bus of a connection to itself, but a message knows its bus.
struct RawMessage : sdbus::Message {
  static sd_bus* bus_of(const sdbus::Message& message) {
    return sd_bus_message_get_bus(static_cast<sd_bus_message*>(message.*&RawMessage::msg_));
  }
};

sd_bus* raw_bus(sdbus::IConnection& connection) {
  const auto object = sdbus::createObject(connection, "/");
  return RawMessage::bus_of(object->createSignal("com.victronenergy.BusItem", "ItemsChanged"));
}

/// Says once that a bus is gone or back, however many connections we have to it.
void tell(const std::string& address, bool up) {
  static std::map<std::string, bool, std::less<>> known;
  const auto [state, first] = known.try_emplace(address, up);
  if (!first && state->second == up) return;
  state->second = up;
  if (!up) spdlog::warn("D-Bus: no bus at {}; trying again until it is there", address);
  if (up && !first) spdlog::info("D-Bus: the bus at {} is back", address);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
  return value == nullptr ? "" : value;
}

}  // namespace

std::string bus_address(const std::optional<std::string>& argument) {
  if (argument && *argument == "session") return environment("DBUS_SESSION_BUS_ADDRESS");
  if (argument && *argument != "system") return *argument;
  const std::string address = environment("DBUS_SYSTEM_BUS_ADDRESS");
  return address.empty() ? "unix:path=/run/dbus/system_bus_socket" : address;
}

class BusConnection::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::io_context& loop, std::string address, Events events)
      : loop_(loop), address_(std::move(address)), events_(std::move(events)), retry_(loop), due_(loop) {}

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    events_ = {};
    if (connection_) drop();
  }

  void open() {
    if (wanted_) return;
    wanted_ = true;
    delay_ = kFirstDelay;
    if (!connection_) start_connecting();  // else it is about to be dropped, and opened anew then
  }

  void close() {
    wanted_ = false;
    ++attempt_;
    retry_.cancel();
    if (!connection_ || dying_) return;
    if (pumping_) return drop_later();  // called from a handler of this very connection
    drop();
  }

  /// The owner goes: nobody is told any more.
  void abandon() {
    events_ = {};
    close();
  }

  [[nodiscard]] bool connected() const { return connection_ != nullptr && !dying_; }
  sdbus::IConnection& connection() { return *connection_; }
  [[nodiscard]] sd_bus* raw() const { return raw_; }

  void rearm() {
    if (connection_ && !pumping_) arm();
  }

 private:
  /// A handler that does nothing when the session or this connection of it is gone.
  template <class Action>
  auto guarded(Action action) {
    return [weak = weak_from_this(), generation = generation_, action](const auto&...) {
      const auto self = weak.lock();
      if (self && self->generation_ == generation && self->connection_) action(*self);
    };
  }

  void start_connecting() { asio::co_spawn(loop_, connect(shared_from_this(), ++attempt_), asio::detached); }

  static asio::awaitable<void> connect(std::shared_ptr<Session> self, unsigned attempt) {
    const auto current = [&] { return self->wanted_ && self->attempt_ == attempt; };
    while (current()) {
      const bool answers = co_await bus_answers(self->address_, kProbeDeadline);
      if (!current()) co_return;
      if (answers && self->establish()) co_return;
      tell(self->address_, false);
      self->retry_.expires_after(self->delay_);
      self->delay_ = std::min<std::chrono::milliseconds>(self->delay_ * 2, kLastDelay);
      co_await self->retry_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  bool establish() {
    try {
      connection_ = sdbus::createSessionBusConnectionWithAddress(address_);
      raw_ = raw_bus(*connection_);
      descriptor_.emplace(loop_, connection_->getEventLoopPollData().fd);
    } catch (const sdbus::Error& error) {
      spdlog::debug("D-Bus: {}", error.what());
      if (descriptor_) descriptor_->release();
      descriptor_.reset();
      connection_.reset();
      return false;
    }
    tell(address_, true);
    delay_ = kFirstDelay;
    reading_ = writing_ = timing_ = posted_ = dying_ = false;
    ++generation_;
    if (events_.connected) events_.connected();
    if (connection_) arm();
    return true;
  }

  /// The order matters: what belongs to the connection first, then the descriptor (sd-bus closes it), then the
  /// connection.
  void drop() {
    ++generation_;
    due_.cancel();
    if (events_.lost) events_.lost();
    if (descriptor_) descriptor_->release();
    descriptor_.reset();
    sd_bus_close(raw_);  // else the destructor waits until a bus that may be frozen has taken everything
    raw_ = nullptr;
    connection_.reset();
    dying_ = false;
  }

  void drop_later() {
    dying_ = true;
    asio::post(loop_, [self = shared_from_this()] {
      if (!self->dying_) return;
      self->drop();
      if (self->wanted_) self->start_connecting();
    });
  }

  void pump() {
    if (!connected() || pumping_) return;
    pumping_ = true;
    int handled = 0;
    try {
      while (handled < kMessagesPerTurn && connection_->processPendingRequest()) ++handled;
    } catch (const sdbus::Error& error) {
      spdlog::debug("D-Bus: {}", error.what());
      tell(address_, false);
      if (!dying_) drop_later();
    }
    pumping_ = false;
    if (!connected()) return;
    if (handled == kMessagesPerTurn) {
      post_pump();
    } else {
      arm();
    }
  }

  void post_pump() {
    if (posted_) return;
    posted_ = true;
    asio::post(loop_, guarded([](Session& self) {
                 self.posted_ = false;
                 self.pump();
               }));
  }

  void arm() {
    if (dying_) return;
    const auto wanted = connection_->getEventLoopPollData();
    if (!reading_) {
      reading_ = true;
      descriptor_->async_wait(asio::posix::stream_descriptor::wait_read, guarded([](Session& self) {
                                self.reading_ = false;
                                self.pump();
                              }));
    }
    if ((wanted.events & POLLOUT) != 0 && !writing_) {
      writing_ = true;
      descriptor_->async_wait(asio::posix::stream_descriptor::wait_write, guarded([](Session& self) {
                                self.writing_ = false;
                                self.pump();
                              }));
    }
    if (wanted.timeout_usec == 0) {
      post_pump();
    } else if (wanted.timeout_usec == UINT64_MAX) {
      timing_ = false;
      due_.cancel();
    } else if (const auto at = std::chrono::steady_clock::time_point(wanted.getAbsoluteTimeout());
               at != due_.expiry() || !timing_) {
      timing_ = true;
      due_.expires_at(at);
      due_.async_wait([weak = weak_from_this(), generation = generation_](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->generation_ != generation || !self->connection_) return;
        self->timing_ = false;
        self->pump();
      });
    }
  }

  asio::io_context& loop_;
  std::string address_;
  Events events_;
  asio::steady_timer retry_;
  asio::steady_timer due_;  ///< sd-bus's own deadlines (calls without an answer)
  std::unique_ptr<sdbus::IConnection> connection_;
  sd_bus* raw_ = nullptr;
  std::optional<asio::posix::stream_descriptor> descriptor_;
  std::chrono::milliseconds delay_ = kFirstDelay;
  unsigned attempt_ = 0;     ///< number of the current attempt to connect: older ones end by themselves
  unsigned generation_ = 0;  ///< number of the current connection: handlers of older ones do nothing
  bool wanted_ = false, dying_ = false, pumping_ = false, posted_ = false;
  bool reading_ = false, writing_ = false, timing_ = false;
};

BusConnection::BusConnection(asio::io_context& loop, std::string address, Events events)
    : session_(std::make_shared<Session>(loop, std::move(address), std::move(events))) {}
BusConnection::~BusConnection() {
  try {
    session_->abandon();
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory while leaving; the session's end closes the rest
  }
}
void BusConnection::open() { session_->open(); }
void BusConnection::close() { session_->close(); }
bool BusConnection::connected() const { return session_->connected(); }
sdbus::IConnection& BusConnection::connection() { return session_->connection(); }
sd_bus* BusConnection::raw() { return session_->raw(); }
void BusConnection::rearm() { session_->rearm(); }

std::size_t BusConnection::queued() const {
  std::uint64_t count = 0;
  if (session_->raw() != nullptr) (void)sd_bus_get_n_queued_write(session_->raw(), &count);
  return static_cast<std::size_t>(count);
}

}  // namespace bms::victron
