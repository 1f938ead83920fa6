#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "bms/reading.hpp"

namespace bms::daemon {

/// Says which changes are worth a line: each subject once per change, and at most one line per 10 s and subject, so
/// that a flapping condition does not fill the flash. What was held back is told with the next line.
class LogFilter {
 public:
  /// True when `text` differs from the last one of this subject and may be logged now.
  bool changed(std::string_view subject, std::string_view text, TimePoint now) {
    auto entry = last_.find(subject);
    const bool fresh = entry == last_.end();
    if (fresh) entry = last_.try_emplace(std::string(subject)).first;
    Last& last = entry->second;
    if (!fresh && last.text == text) return false;
    if (!fresh && now - last.at < kPause) {
      ++last.held_back;
      return false;
    }
    last.text = text;
    last.at = now;
    held_back_ = std::exchange(last.held_back, 0);
    return true;
  }
  /// True when the subject is in another state than the one told last, and that state was not told within 10 s: a
  /// subject that goes to and fro between few states gives a line per 10 s and state, and a state that stays is told.
  bool entered(std::string_view subject, std::string_view state, TimePoint now) {
    auto known = states_.find(subject);
    if (known == states_.end()) known = states_.try_emplace(std::string(subject)).first;
    States& states = known->second;
    if (states.current == state) return false;
    auto [entry, fresh] = states.told_at.try_emplace(std::string(state), now);
    if (!fresh && now - entry->second < kPause) return false;
    entry->second = now;
    states.current = state;
    return true;
  }
  /// How many changes of the subject were held back before the one just told.
  [[nodiscard]] int held_back() const { return held_back_; }

 private:
  static constexpr auto kPause = std::chrono::seconds(10);
  struct States {
    std::string current;  ///< told last
    std::map<std::string, TimePoint, std::less<>> told_at;
  };
  struct Last {
    std::string text;
    TimePoint at{};
    int held_back = 0;
  };
  std::map<std::string, Last, std::less<>> last_;
  std::map<std::string, States, std::less<>> states_;
  int held_back_ = 0;
};

}  // namespace bms::daemon
