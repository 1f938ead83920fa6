#pragma once

#include "bms/simulator.hpp"
#include "hex.hpp"
#include "text.hpp"

namespace bms::ve_direct {

/// A simulated SmartShunt: a main and a history block each second, HEX answers in between.
///
/// Settings: `product` (0x.., default 0xC030), `aux` (temperature, starter, mid, none), `monitor` (MON, default 0),
/// `hex` (new: beside TEXT; old: stops TEXT for a second; none: not connected), `text` (yes, no), `async` (yes: a HEX
/// frame in the middle of each main block).
class SimulatedShunt : public SimulatedDevice {
 public:
  explicit SimulatedShunt(const SimulatorOptions& options);

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(30); }
  Bytes broadcast(const Reading& truth) override;
  [[nodiscard]] std::optional<std::chrono::milliseconds> period() const override {
    return std::chrono::milliseconds(1000);
  }

  [[nodiscard]] Bytes main_block(const Reading& truth) const;
  [[nodiscard]] Bytes history_block(const Reading& truth) const;

 private:
  [[nodiscard]] std::string setting(std::string_view key, std::string_view fallback) const;
  /// The truth with what a shunt derives from it and what its AUX input does not see taken away.
  [[nodiscard]] Reading seen(const Reading& truth) const;
  SimulatorResponse answer(const hex::Frame& request, Reading& truth);
  Bytes get(std::uint16_t id, const Reading& truth) const;
  Bytes set(std::uint16_t id, ByteView value, Reading& truth);

  SimulatorOptions options_;
  unsigned product_;
  int mute_blocks_ = 0;  ///< broadcasts left out because of HEX (older firmware)
  std::map<std::uint16_t, Bytes> written_;
};

}  // namespace bms::ve_direct
