#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bank/plausibility.hpp"
#include "bms/driver.hpp"
#include "port/line.hpp"
#include "port/link_health.hpp"

namespace bms::port {

/// One battery on a bus: its driver, how often it is polled, and what its link has been through.
struct Station {
  std::string name;  ///< for the log
  std::unique_ptr<Driver> driver;
  std::chrono::milliseconds interval{1000};
  /// Called with every accepted Reading, within the poll cycle.
  std::function<void(const Reading&)> on_reading;
  /// Called after every failed poll (the health has been counted).
  std::function<void(Fault)> on_failure;
  /// An implausible answer, in words: why it was thrown away or asked again.
  std::function<void(const std::string&)> on_doubt;

  LinkHealth health;
  JumpGate gate;
  TimePoint due{};
  int failures = 0;  ///< polls failed in a row
  /// How many answers the port had brought when this battery was last asked in vain.
  std::optional<std::uint64_t> unheard_at;
};

/// When a port that brings no answer any more is closed and opened anew: some adapters hang until that is done.
struct SilenceRule {
  unsigned exchanges = 8;                  ///< in a row, of all batteries together; each of them asked at least once
  std::chrono::seconds first_pause{10};    ///< until the next time, doubled with each
  std::chrono::seconds longest_pause{60};  ///< of a battery that is just switched off
  /// Not with these: they do not hang, and a program at the other side takes a close for the end.
  bool pseudo_terminals = false;
};

/// The half-duplex conversation on one port: polls its batteries in turn at their intervals.
///
/// The port is found anew whenever it is opened, and reopened with back-off 1, 2, 5, 10, 30 s after it vanished. A
/// battery that does not answer is asked so rarely that it costs its neighbours less than 10 % of their time.
class Bus {
 public:
  Bus(boost::asio::io_context& context, std::string port, unsigned baud);

  /// Adds a battery; before run().
  Station& add(std::unique_ptr<Station> station);
  [[nodiscard]] const std::vector<std::unique_ptr<Station>>& stations() const { return stations_; }

  /// Opens the port now. An empty text, or why it cannot be opened.
  std::string open();
  /// Polls for ever, until stop().
  boost::asio::awaitable<void> run();
  void stop();

  /// A command to a battery, carried out between two polls; `done` gets its outcome.
  void command(Station& station, std::function<Conversation<Outcome<bool>>(Driver&)> make,
               std::function<void(Outcome<bool>)> done);

  /// Called when the port is lost ("reason") and when it is back (empty text).
  std::function<void(const std::string&)> on_port;
  /// Called when a silent port was opened anew, once in a silence; with the number of exchanges that were in vain.
  std::function<void(unsigned)> on_silence;
  SilenceRule silence_rule;
  [[nodiscard]] const std::string& port() const { return spec_; }
  [[nodiscard]] Line& line() { return line_; }

 private:
  struct Command {
    Station* station;
    std::function<Conversation<Outcome<bool>>(Driver&)> make;
    std::function<void(Outcome<bool>)> done;
  };

  boost::asio::awaitable<void> reopen();
  boost::asio::awaitable<void> poll(Station& station);
  boost::asio::awaitable<void> run_command(Command command);
  boost::asio::awaitable<void> sleep_until(TimePoint when);
  void schedule(Station& station, TimePoint started, bool answered);
  Station* next_due();
  [[nodiscard]] bool is_silent() const;
  void open_anew();

  std::string spec_;
  unsigned baud_;
  Line line_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Station>> stations_;
  std::deque<Command> commands_;
  bool stopped_ = false;
  std::optional<std::uint64_t> silence_;  ///< answers before the silence in which the port was opened anew
  std::chrono::seconds anew_pause_{0};
  TimePoint anew_at_{};  ///< not before
};

}  // namespace bms::port
