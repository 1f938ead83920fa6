#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <vector>

#include "bms/driver.hpp"
#include "port/answer_times.hpp"
#include "port/starter_lock.hpp"
#include "port/tty.hpp"

namespace bms::port {

/// What an observer of a line sees, for captures and the trace log.
struct LineEvent {
  enum class Kind : std::uint8_t { request, frame, discarded };
  Kind kind;
  ByteView request;  ///< the request in force
  ByteView bytes;    ///< of this event
};

/// One serial line: opened, asked one question at a time, searched for answers. Half duplex, one master.
///
/// All operations are coroutines of one thread; exchange() must not be called while another runs.
class Line {
 public:
  explicit Line(boost::asio::io_context& context);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { close(); }

  /// Opens `path` raw, 8N1, at `baud`, for us alone. Returns an empty text, or why it cannot be used.
  std::string open(const std::string& path, unsigned baud);
  void close();
  [[nodiscard]] bool is_open() const { return port_.is_open(); }
  /// Changes the rate of an open line; an empty text or the reason why not.
  std::string set_baud(unsigned baud);

  /// Carries out one exchange: waits for the gap, drains what came late, sends, removes the echo, searches the answer
  /// with `driver.scan()` until the deadline, asks again as often as the exchange allows. `attempts` bounds that.
  /// Faults met on the way, including those of attempts that were repeated with success, go to `on_fault`.
  boost::asio::awaitable<Answer> exchange(Driver& driver, const Exchange& exchange, int attempts,
                                          const std::function<void(Fault)>& on_fault);

  /// Runs a conversation to its end on this line.
  template <class T>
  boost::asio::awaitable<T> run(Driver& driver, Conversation<T> conversation, int most_attempts,
                                std::function<void(Fault)> on_fault) {
    conversation.start();
    while (!conversation.done()) {
      const Exchange& question = *conversation.pending();
      Answer answer = co_await exchange(driver, question, std::min(question.attempts, most_attempts), on_fault);
      conversation.resume(std::move(answer));
    }
    co_return conversation.result();
  }

  std::function<void(const LineEvent&)> observer;

  /// Answers found since construction, and how many exchanges since the last one, or since the port was opened, were in
  /// vain: not one answer, whatever else was heard.
  [[nodiscard]] std::uint64_t answers() const { return answers_; }
  [[nodiscard]] unsigned in_vain() const { return in_vain_; }
  /// Drops what was not sent yet; true when close() then waits for nothing. An adapter that takes no bytes would hold
  /// close() up for half a minute, and with it every other port.
  [[nodiscard]] bool drop_output() const;
  [[nodiscard]] bool is_pseudo_terminal() const { return port_.is_pseudo_terminal(); }

  /// Bytes sent and received since construction, for benchmarks and link health.
  [[nodiscard]] std::uint64_t bytes_sent() const { return sent_; }
  [[nodiscard]] std::uint64_t bytes_received() const { return received_; }

 private:
  using Readiness = boost::asio::posix::stream_descriptor::wait_type;

  /// Sends the request of an exchange, after its gap; or why it could not be sent.
  boost::asio::awaitable<std::optional<Fault>> send(const Exchange& exchange);
  boost::asio::awaitable<Answer> receive(Driver& driver, const Exchange& exchange, TimePoint deadline);
  /// Moves what is there into the buffer. 0: nothing is; nullopt: port lost.
  std::optional<std::size_t> read_now();
  /// The same for what is there or comes before `deadline`. 0: nothing came in time.
  boost::asio::awaitable<std::optional<std::size_t>> read_some(TimePoint deadline);
  /// Until the port can be read or written, or until `deadline`.
  /// False when the port cannot be waited for: it is of no use then.
  boost::asio::awaitable<bool> wait_ready(Readiness what, TimePoint deadline);
  boost::asio::awaitable<void> sleep_until(TimePoint when);
  boost::asio::awaitable<void> drain_until_quiet();
  bool strip_echo();
  std::optional<Answer> search(Driver& driver, std::optional<Fault>& seen);

  StarterLock lock_;
  Tty port_;
  /// The port while it is waited for, and only then: it would wake the program with every few bytes that come.
  boost::asio::posix::stream_descriptor watch_;
  boost::asio::steady_timer timer_;
  unsigned baud_ = 9600;
  AnswerTimes answer_times_;
  Bytes buffer_;
  Bytes request_;              ///< the request in force; stays for listening exchanges
  std::size_t echo_left_ = 0;  ///< size of the echo that may still stand at the front
  std::size_t missing_ = 0;    ///< so many bytes at least until the frame in the buffer is whole; 0: unknown
  TimePoint last_byte_{};
  std::uint64_t turn_ = 0;  ///< which wait the timer belongs to
  bool heard_ = false;      ///< something other than the echo came in this exchange
  std::uint64_t answers_ = 0;
  unsigned in_vain_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace bms::port
