#pragma once

#include "bms/driver.hpp"
#include "layout.hpp"

namespace bms::example {

/// The driver to copy. Four things to write: find a frame (scan), take it (accept), say what was gathered (take,
/// partial), and the order of the questions (poll, probe, switches).
class ExampleDriver final : public Driver {
 public:
  explicit ExampleDriver(const DriverOptions& options) : address_(static_cast<std::uint8_t>(options.address)) {}

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override { slow_due_.reset(); }
  Conversation<Outcome<Reading>> probe() override;
  Conversation<Outcome<bool>> switch_charge(bool on) override { return switch_fet(kChargeSwitch, on); }
  Conversation<Outcome<bool>> switch_discharge(bool on) override { return switch_fet(kDischargeSwitch, on); }

 private:
  Conversation<Outcome<void>> ask(Registers registers);
  Conversation<Outcome<bool>> switch_fet(std::uint16_t reg, bool on);
  [[nodiscard]] Reading gathered() const;

  std::uint8_t address_;
  Bytes status_;    ///< payloads as they came; empty: not yet
  Bytes limits_;    ///< stays from poll to poll
  Bytes identity_;  ///< likewise
  bool fresh_ = false;
  std::optional<TimePoint> slow_due_;
};

/// The simulated device.
std::unique_ptr<SimulatedDevice> simulate(const SimulatorOptions& options);

}  // namespace bms::example
