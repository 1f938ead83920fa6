#pragma once

#include <vector>

#include "bms/driver.hpp"
#include "hex.hpp"
#include "registers.hpp"
#include "text.hpp"

namespace bms::ve_direct {

inline constexpr std::uint16_t kPing = 0;

/// Finds a TEXT block or a HEX frame at the front of `buffer`; used by the driver and its fuzzer.
Scan scan_stream(ByteView buffer);

/// Victron SmartShunt or BMV battery monitor.
///
/// It speaks by itself: a main block (live values) and a history block each second. Live values come from the main
/// block; serial number, name, capacity, settings and what has no label come by HEX, in short bursts right after a
/// block: older firmware stops its TEXT for some seconds after each HEX request.
class SmartShunt : public Driver {
 public:
  /// `use_hex` false: never send anything, just listen.
  explicit SmartShunt(bool use_hex);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override;
  Conversation<Outcome<Reading>> probe() override;
  /// 100 % is the device's own synchronise command; other values are written to its SoC register, which not every
  /// firmware accepts (then: refused). Reads back.
  Conversation<Outcome<bool>> set_soc(double soc_pct) override;

 private:
  /// One register in the round of questions.
  struct Question {
    std::uint16_t id;
    Pace pace;
    TimePoint due{};
    bool unknown = false;   ///< the device said that it has no such register
    bool answered = false;  ///< it has given a value at least once
  };
  struct Reply {
    hex::Command command;  ///< what kind of answer
    std::uint16_t id;      ///< register; kPing for the answer to a ping
    std::uint8_t flags;
    Outcome<void> outcome;
  };

  /// A main block and what it looked like, to compare the next one with.
  struct Main {
    Reading reading;
    std::string signature;
    TimePoint at;
  };

  Outcome<void> accept_block(ByteView frame);
  Outcome<void> accept_main(const TextParser& block);
  [[nodiscard]] bool believable(const Main& main);
  Outcome<void> accept_hex(ByteView digits, bool version_asked);
  Outcome<void> accept_value(const hex::RegisterValue& value);
  void start_set();
  [[nodiscard]] Reading composed() const;

  Conversation<Outcome<void>> wait_for_block();
  Conversation<Outcome<void>> wait_for_history();
  Conversation<Outcome<void>> skip_backlog();
  Conversation<Outcome<void>> hear_or_ask(TimePoint now);
  Conversation<Outcome<void>> ask(Bytes request, std::uint16_t id);
  Conversation<Outcome<void>> ask_due(TimePoint now);
  [[nodiscard]] bool told_by_text(const Question& question) const;
  Conversation<Outcome<void>> ask_mode();
  Conversation<Outcome<void>> ask_live(TimePoint now);
  Conversation<Outcome<void>> ask_rest_of_live(TimePoint now);
  void postpone(Question& question, TimePoint now, const Outcome<void>& outcome);

  bool use_hex_;
  Reading live_;            ///< the set being gathered
  bool complete_ = false;   ///< live_ holds a whole main block, or V, I and SoC by HEX
  unsigned hex_parts_ = 0;  ///< which of V, I, SoC came by HEX since the last set
  bool touched_ = false;    ///< something was accepted since the last Reading
  Reading slow_;            ///< identity, settings, history
  int blocks_since_history_ = 0;
  std::optional<Reply> reply_;  ///< the last answer with a register
  std::vector<Question> questions_;
  std::optional<TimePoint> last_poll_;
  std::optional<Main> past_;   ///< the last main block that was believed
  std::optional<Main> doubt_;  ///< the last one that was not: a second one like it makes it true
  int power_misfits_ = 0;      ///< main blocks in a row whose P is not V times I
  bool by_hex_ = false;        ///< TEXT is silent: live values are asked for
  TimePoint next_text_{};      ///< when to listen for TEXT again
  TimePoint next_burst_{};
  std::chrono::seconds hex_pause_{0};  ///< grows while the device does not answer HEX
};

}  // namespace bms::ve_direct
