#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bms/reading.hpp"
#include "config/config.hpp"
#include "outputs/decision.hpp"
#include "outputs/gpio.hpp"
#include "outputs/target.hpp"

namespace bms::outputs {

/// All outputs of the configuration: they follow the limits, and leave the lines in their safe state.
class Outputs {
 public:
  /// Limits of a unit by name, "" for the bank or the only battery; nullptr: nothing known.
  using LimitsOf = std::function<const limits::Limits*(const std::string& battery)>;

  /// Drives all lines to their safe level: what an earlier run left is worth nothing before the first values.
  Outputs(boost::asio::io_context& loop, const std::string& bus_address, const GpioChips& gpio,
          const std::vector<config::Output>& outputs);
  ~Outputs();

  /// Once a second, and whenever a limit changes.
  void follow(const LimitsOf& limits, const RemoteState& remote, TimePoint now);

  /// From now on all stay at their safe level.
  void make_safe();
  /// Whether all changes have arrived; those that cannot be driven count as arrived.
  [[nodiscard]] bool settled() const;

 private:
  struct Wire {
    std::string name;
    std::string battery;
    Decision decision;
    std::unique_ptr<Target> target;
    std::optional<bool> told;  ///< level said last in the log
    bool steady = true;        ///< does not blink: each change is worth a line
  };
  std::vector<Wire> wires_;
  bool safe_ = false;
};

/// The remote on/off input.
class Remote {
 public:
  Remote(const GpioChips& gpio, const config::Remote& config);

  /// Once a second. A signal that is missing means off.
  RemoteState read(TimePoint now);
  /// Somebody throws the switch on D-Bus (`source = dbus`).
  void throw_switch(bool on) {
    switch_ = on;
    thrown_ = true;
  }
  /// The position in which an earlier run left it.
  void restore_switch(bool on) { switch_ = on; }
  /// Whether it was thrown since this was asked last.
  bool take_thrown() { return std::exchange(thrown_, false); }
  [[nodiscard]] bool by_switch() const { return config_.source.kind == config::Line::Kind::dbus; }
  /// nullopt: nobody has ever thrown it.
  [[nodiscard]] const std::optional<bool>& switch_position() const { return switch_; }
  [[nodiscard]] const RemoteState& state() const { return state_; }

 private:
  config::Remote config_;
  std::unique_ptr<GpioInput> input_;
  std::optional<bool> switch_;
  bool thrown_ = false;
  RemoteState state_;
  bool told_ = false;
};

}  // namespace bms::outputs
