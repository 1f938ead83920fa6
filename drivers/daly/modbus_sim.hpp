#pragma once

#include "bms/simulator.hpp"
#include "modbus_layout.hpp"

namespace bms::daly {

/// A simulated Daly board of the Modbus-like dialects. Variants (SimulatorOptions::settings):
/// - `dialect` = `81` or `d2`
/// - `polarity` = `newer` (above 30000 is charging) or `classic`
/// - `long_block` = `yes`, or `no`: a D2 board that does not answer more than 62 registers in one read
/// - `settings` = `yes`, or `no`: settings blocks stay unanswered
class ModbusDevice final : public SimulatedDevice {
 public:
  explicit ModbusDevice(const SimulatorOptions& options);

  SimulatorResponse respond(ByteView heard, Reading& truth) override;
  [[nodiscard]] Reading quantised(const Reading& truth) const override;
  [[nodiscard]] std::chrono::milliseconds turnaround() const override { return std::chrono::milliseconds(40); }

 private:
  [[nodiscard]] bool is(std::string_view key, std::string_view value, std::string_view otherwise) const;
  [[nodiscard]] Bytes image(const Reading& truth) const;
  void put_settings(Bytes& registers, const Reading& truth) const;
  void put_rows(Bytes& registers, const Reading& truth) const;
  [[nodiscard]] bool answers(std::uint16_t first, std::uint16_t count) const;
  Bytes write(std::uint16_t reg, std::uint16_t value, ByteView request, Reading& truth) const;
  [[nodiscard]] std::uint8_t asked_as() const;

  SimulatorOptions options_;
  unsigned board_;
  bool d2_;
  const RegisterMap* map_;
};

}  // namespace bms::daly
