#pragma once

#include <map>
#include <string>

#include "bms/reading.hpp"

namespace bms::daemon {

/// Says which changes are worth a line: each subject once per change, and at most one line per 10 s and subject, so
/// that a flapping condition does not fill the flash. What was held back is told with the next line.
class LogFilter {
 public:
  /// True when `text` differs from the last one of this subject and may be logged now.
  bool changed(const std::string& subject, const std::string& text, TimePoint now) {
    constexpr auto kPause = std::chrono::seconds(10);
    auto [entry, fresh] = last_.try_emplace(subject);
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
  /// How many changes of the subject were held back before the one just told.
  [[nodiscard]] int held_back() const { return held_back_; }

 private:
  struct Last {
    std::string text;
    TimePoint at{};
    int held_back = 0;
  };
  std::map<std::string, Last> last_;
  int held_back_ = 0;
};

}  // namespace bms::daemon
