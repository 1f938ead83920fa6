#pragma once

#include <string>

#include "bms/simulator.hpp"
#include "renogy_layout.hpp"

namespace bms::renogy {

/// A simulated Renogy battery. Variants (SimulatorOptions::settings):
/// - `model` = the name it tells, `RBT100LFP12SH-G1` by default; Pro names (`RBT12200LFP-BT`) count 0.1 A
/// - `holes` = `yes`: reads that touch 5034 are refused, as on most models, or `no`
/// - `largest` = registers that it answers in one read (default 34)
/// - `identity` = `yes`, or `no`: 5110 and above stay unanswered
class RenogyDevice final : public SimulatedDevice {
 public:
  explicit RenogyDevice(const SimulatorOptions& options);

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(30); }

 private:
  [[nodiscard]] std::string variant(std::string_view key, std::string_view otherwise) const;
  [[nodiscard]] Bytes image(const Reading& truth) const;
  [[nodiscard]] std::string model(const Reading& truth) const;
  /// True: all of these registers can be read in one request.
  [[nodiscard]] bool readable(std::uint16_t first, std::uint16_t count) const;

  SimulatorOptions options_;
  std::uint8_t address_;
};

}  // namespace bms::renogy
