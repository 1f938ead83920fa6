#pragma once

#include "bms/driver.hpp"
#include "uart_frame.hpp"
#include "uart_values.hpp"

namespace bms::jk {

/// What the values say, without `extra`: that is looked at now and then, not with every poll.
Reading decode_uart(const UartValues& values);
Extras::Map decode_uart_extras(const UartValues& values);

/// JK BMS on its UART or RS485 module, frames 4E 57: `jk`. One board per line.
class UartDriver final : public Driver {
 public:
  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override { return scan_uart(request, buffer); }
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override { protocol_version_.reset(); }
  Conversation<Outcome<Reading>> probe() override;
  Conversation<Outcome<bool>> switch_charge(bool on) override { return switch_setting(kChargeSwitch, on); }
  Conversation<Outcome<bool>> switch_discharge(bool on) override { return switch_setting(kDischargeSwitch, on); }
  [[nodiscard]] Bytes redacted(ByteView request, ByteView received) const override;

 private:
  [[nodiscard]] Reading decoded() const;
  void hold_back_start_up_values(TimePoint now, Reading& reading);
  Conversation<Outcome<void>> ask_all(int attempts);
  Conversation<Outcome<bool>> write_and_read_back(std::uint8_t id, bool on);
  Conversation<Outcome<bool>> switch_setting(std::uint8_t id, bool on);

  UartValues values_;
  std::optional<std::uint8_t> protocol_version_;  ///< as last told; says how the current is coded
  std::optional<TimePoint> starting_since_;       ///< the board looks as if it had just been switched on
  bool fresh_ = false;
  bool complete_ = false;
};

}  // namespace bms::jk
