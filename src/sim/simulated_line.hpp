#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bms/driver.hpp"
#include "sim/battery.hpp"
#include "sim/faults.hpp"

namespace bms::sim {

/// One simulated battery on a line.
struct Member {
  unsigned address;
  std::unique_ptr<SimulatedDevice> device;
  Battery battery;
  Faults faults;
  Bytes last_answer;
  std::uint64_t writes = 0;   ///< requests that changed or tried to change the device
  std::uint64_t asked = 0;    ///< questions to this battery that it understood, answered or not
  TimePoint asked_at{};       ///< the last of them
  std::uint64_t answers = 0;  ///< answers that went on the wire

  Member(unsigned at, std::unique_ptr<SimulatedDevice> made, const BatterySpec& spec)
      : address(at), device(std::move(made)), battery(spec) {}
};

/// Simulated batteries on one pseudo-terminal: paced at the baud rate of the line, damaged on demand.
class SimulatedLine {
 public:
  SimulatedLine(boost::asio::io_context& context, unsigned baud, std::uint64_t seed);
  ~SimulatedLine();
  SimulatedLine(const SimulatedLine&) = delete;
  SimulatedLine& operator=(const SimulatedLine&) = delete;

  /// Opens the pseudo-terminal; `link` (may be empty) becomes a symbolic link to it. Empty text, or what went wrong.
  std::string open(const std::string& link);
  /// Takes the port away as an unplugged adapter would; open() brings it back.
  void hang_up();
  [[nodiscard]] const std::string& path() const { return path_; }

  Member& add(unsigned address, std::unique_ptr<SimulatedDevice> device, const BatterySpec& spec);
  [[nodiscard]] const std::vector<std::unique_ptr<Member>>& members() const { return members_; }

  /// false: answers at once instead of at the pace of the wire.
  void set_pacing(bool paced) { paced_ = paced; }
  /// Runs until the line is closed for good.
  boost::asio::awaitable<void> run();
  void stop();

  /// Answers of all batteries that went on the wire.
  [[nodiscard]] std::uint64_t answers() const;

 private:
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> broadcast(Member& member);
  boost::asio::awaitable<bool> respond();
  boost::asio::awaitable<void> transmit(Bytes bytes);
  boost::asio::awaitable<void> pause(std::chrono::microseconds time);
  [[nodiscard]] std::chrono::microseconds wire_time(std::size_t bytes) const;
  const Bytes& foreign_answer(const Member& member) const;

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor master_;
  int slave_ = -1;  ///< kept open so that the terminal stays raw while nobody listens
  boost::asio::steady_timer timer_;
  std::mt19937_64 random_;
  unsigned baud_;
  bool paced_ = true;
  bool stopped_ = false;
  std::string path_;
  std::string link_;
  Bytes heard_;
  TimePoint heard_at_{};
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace bms::sim
