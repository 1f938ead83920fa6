#pragma once

#include "a5.hpp"
#include "a5_layout.hpp"
#include "bms/simulator.hpp"

namespace bms::daly {

/// A simulated Daly board that speaks A5. Variants (SimulatorOptions::settings):
/// - `polarity` = `classic` (above 30000 is discharging) or `newer`
/// - `frames` = `needed`, `padded` (16 cell frames with zeros) or `reversed` (last frame first)
/// - `frame_base` = 1 or 0
/// - `settings` = `yes`, or `no`: 0x50..0x63 stay unanswered
/// - `inverted` = `yes`: state and current are both told the wrong way round
/// - `waking` = N: the first N replies are all zero
/// - `glitch` = `yes`: every reply begins with 0xFF 0xFF
class A5Device final : public SimulatedDevice {
 public:
  explicit A5Device(const SimulatorOptions& options);

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(25); }

 private:
  using Data = std::array<std::uint8_t, a5::kDataSize>;

  [[nodiscard]] std::string_view variant(std::string_view key, std::string_view otherwise) const;
  Bytes answer(std::uint8_t command, ByteView order, Reading& truth);
  /// Data bytes with what earlier replies left in them, as boards do.
  Data leftovers() const { return last_; }
  Bytes one(std::uint8_t command, const Data& data);
  Bytes rows(std::uint8_t command, const Bytes& content, std::size_t most);
  Bytes pack(const Reading& truth);
  Bytes state(const Reading& truth);
  Bytes status(const Reading& truth);
  Bytes cell_extremes(const Reading& truth);
  Bytes temperature_extremes(const Reading& truth);
  Bytes cells(const Reading& truth);
  Bytes temperatures(const Reading& truth);
  Bytes balance(const Reading& truth);
  Bytes alarms(const Reading& truth);
  Bytes setting(const a5::Setting& setting, const Reading& truth);
  Bytes text(std::uint8_t command, const Reading& truth);
  Bytes write(std::uint8_t command, ByteView order, Reading& truth);
  /// Settings of the device, overruled by those of the truth.
  [[nodiscard]] Reading settings(const Reading& truth) const;

  SimulatorOptions options_;
  unsigned board_;
  Data last_{};
  int waking_;
};

}  // namespace bms::daly
