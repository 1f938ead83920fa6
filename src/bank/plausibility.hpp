#pragma once

#include <optional>
#include <string>

#include "bms/reading.hpp"

namespace bms {

/// First gate: says what cannot be true in this Reading, whatever came before; nullopt when nothing is wrong.
///
/// Bounds are physical, not those of a battery type: cells exactly 0 V (disconnected wire) or 0.5 to 5 V, pack 1 to
/// 1000 V, current up to 2000 A, temperatures -50 to 150 degC, SoC and SoH 0 to 100 %, at most 64 cells, and the sum of
/// the cells within 2.5 % + 0.2 V of the pack voltage. Absent quantities are never wrong.
std::optional<std::string> impossible(const Reading& reading);

/// Second gate: compares each Reading with the last accepted one and asks for a repetition when it jumped.
///
/// Several protocols protect 300 bytes with an 8-bit sum: two bit errors pass it easily. A jump that a second answer
/// confirms is real; one that it does not confirm was corruption. Quantities that hardly ever change (alarms, FETs,
/// identity, limits, counts) are confirmed at every change, continuous ones when they move further than a battery can
/// within the time passed. The very first Reading is confirmed too.
class JumpGate {
 public:
  enum class Verdict { accept, repeat, reject };

  /// Judges a first answer, or (after Verdict::repeat) the repeated one. After accept the Reading counts as the past.
  /// After reject everything heard in this round is to be dropped.
  Verdict judge(const Reading& reading);

  /// The round ended without a second answer: what is waiting for confirmation is dropped.
  void abandon() {
    candidate_.reset();
    round_ = 0;
  }

  /// Why the last judgement was not accept, in words.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// True when the jump is in slow facts (identity, settings), which the repetition must read anew.
  [[nodiscard]] bool slow_facts() const { return slow_facts_; }
  [[nodiscard]] const std::optional<Reading>& past() const { return past_; }
  /// Another device answers now: start afresh.
  void forget() { *this = JumpGate{}; }

 private:
  Verdict accept(const Reading& reading);

  std::optional<Reading> past_;
  std::optional<Reading> candidate_;
  std::string reason_;
  bool slow_facts_ = false;
  int round_ = 0;
};

/// What jumped from `before` to `after`, in words; nullopt: the two agree. Slow facts are reported in `slow_facts`.
std::optional<std::string> jump(const Reading& before, const Reading& after, bool& slow_facts);

}  // namespace bms
