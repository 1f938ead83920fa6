#pragma once

#include <map>

#include "bms/driver.hpp"
#include "modbus_memory.hpp"

namespace bms::daly {

/// Addresses of the dialects: D2 has one; board n is asked as 0x80 + n and answers as 0x50 + n.
inline constexpr std::uint8_t kD2Address = 0xD2;
inline constexpr std::uint8_t kBoardAsked = 0x80;
inline constexpr std::uint8_t kBoardAnswers = 0x50;
/// The address that answers a request to `asked`; 0 when it is none of the two dialects.
std::uint8_t answer_address(std::uint8_t asked);

/// A Daly board of the series H, K, M, S that speaks one of the two Modbus-like dialects. Which, the first poll finds
/// out with a read.
class ModbusDriver final : public Driver {
 public:
  explicit ModbusDriver(const DriverOptions& options);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override;
  Conversation<Outcome<Reading>> probe() override;
  Conversation<Outcome<bool>> switch_charge(bool on) override;
  Conversation<Outcome<bool>> switch_discharge(bool on) override;
  Conversation<Outcome<bool>> set_soc(double soc_pct) override;

 private:
  using Step = Conversation<Outcome<void>>;

  Step ask(Block block, int attempts);
  /// Finds the dialect that this board speaks; a read in each.
  Step find_dialect();
  Step read_live();
  Step read_d2();
  Step read_setting(TimePoint now);
  Conversation<Outcome<bool>> write(std::uint16_t reg, std::uint16_t value);
  Conversation<Outcome<bool>> switch_fet(bool charge, bool on);
  [[nodiscard]] ModbusMemory& memory() { return d2_ ? d2_memory_ : board_memory_; }
  [[nodiscard]] const ModbusMemory& memory() const { return d2_ ? d2_memory_ : board_memory_; }
  [[nodiscard]] std::uint8_t address() const;

  unsigned board_;
  ModbusMemory d2_memory_;
  ModbusMemory board_memory_;
  bool d2_ = false;        ///< the dialect in use, or last heard
  bool known_ = false;     ///< the dialect is certain
  bool may_be_d2_ = true;  ///< D2 has no board numbers
  bool may_be_board_ = true;
  std::optional<bool> long_block_;       ///< D2: answers 80 registers
  std::optional<bool> mos_block_;        ///< D2: answers the short block of MOSFET temperatures
  std::map<std::uint16_t, int> misses_;  ///< by first register of a settings block
  std::size_t setting_ = 0;
  TimePoint settings_due_{};
  bool late_ = false;  ///< the last exchange failed: its answer may still come
};

}  // namespace bms::daly
