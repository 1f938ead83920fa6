#pragma once

#include <map>

#include "bms/driver.hpp"
#include "uart_frame.hpp"

namespace bms::jk {

/// JK BMS on its UART or RS485 module, frames 4E 57: `jk`. One board per line.
class UartDriver final : public Driver {
 public:
  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override { return scan_uart(request, buffer); }
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  Conversation<Outcome<Reading>> probe() override;
  Conversation<Outcome<bool>> switch_charge(bool on) override { return switch_setting(kChargeSwitch, on); }
  Conversation<Outcome<bool>> switch_discharge(bool on) override { return switch_setting(kDischargeSwitch, on); }
  [[nodiscard]] Bytes redacted(ByteView request, ByteView received) const override;

 private:
  /// Raw values by id: the coding of the current is told by the last of them.
  using Values = std::map<std::uint8_t, Bytes>;

  [[nodiscard]] Reading decoded() const;
  Conversation<Outcome<void>> ask_all(int attempts);
  Conversation<Outcome<bool>> write_and_read_back(std::uint8_t id, bool on);
  Conversation<Outcome<bool>> switch_setting(std::uint8_t id, bool on);

  Values values_;
  bool fresh_ = false;
  bool complete_ = false;
};

}  // namespace bms::jk
