#pragma once

namespace bms::outputs {

/// A line that can be driven: a relay of a GX device, a GPIO line. It keeps trying, and says in the log what keeps it
/// from driving.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;

  /// The level wanted from now on; never waits. Called again and again with the same level it costs nothing.
  virtual void drive(bool level) = 0;
  /// False while a change is on its way. One that cannot be driven at all is settled: there is nothing to wait for.
  [[nodiscard]] virtual bool settled() const = 0;
  /// Whether the line is known to have the level wanted.
  [[nodiscard]] virtual bool driven() const = 0;
};

}  // namespace bms::outputs
