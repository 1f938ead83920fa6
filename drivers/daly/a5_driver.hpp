#pragma once

#include <map>

#include "a5_memory.hpp"
#include "bms/driver.hpp"

namespace bms::daly {

/// A Daly board spoken to with the A5 protocol, by board number over RS485 or as the only board on a UART.
class A5Driver final : public Driver {
 public:
  explicit A5Driver(const DriverOptions& options);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  [[nodiscard]] Bytes question_to(ByteView heard) const override;
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

  /// Asks for a single-frame reply and takes it into memory.
  Step ask(std::uint8_t command, int attempts);
  /// Asks for a reply of several frames and takes all of them into memory.
  Step ask_row(std::uint8_t command, int attempts);
  /// Takes frames until the reply is complete and the board is silent.
  Conversation<Outcome<std::size_t>> collect(std::uint8_t command);
  /// ask() or ask_row(), whatever the command needs.
  Step ask_any(std::uint8_t command);
  /// Like ask_any(), but a board that never answers this command is asked only now and then.
  Step ask_optional(std::uint8_t command, TimePoint now);
  Step read_cells(TimePoint now);
  /// The reply to 0x93; once more when it is not what the one before lets expect.
  Step read_state(TimePoint now);
  Step read_fast(TimePoint now);
  Step read_setting(TimePoint now);
  Step read_setting_twice(const a5::Setting& setting);
  Conversation<Outcome<bool>> switch_fet(std::uint8_t command, bool on);
  [[nodiscard]] const a5::Setting* next_setting(TimePoint now);

  /// A command that a board may not know.
  struct Patience {
    int misses = 0;         ///< times it kept silent, in a row
    int damaged = 0;        ///< bad answers in a row
    bool answered = false;  ///< ever
    TimePoint again{};
  };

  std::uint8_t host_;
  bool try_uart_;  ///< board 1: may also listen only to the UART host address
  a5::Memory memory_;
  std::map<std::uint8_t, std::size_t> frames_sent_;  ///< by command: frames of a whole reply with its padding
  std::map<std::uint8_t, Patience> patience_;
  std::size_t setting_ = 0;  ///< next entry of kSettings to be read
  TimePoint settings_due_{};
  std::optional<a5::Data> state_;  ///< the last reply to 0x93 that was believed
  TimePoint state_at_{};
  int contradictions_ = 0;  ///< polls in a row whose cells were not within their extremes
};

}  // namespace bms::daly
