#pragma once

#include <map>
#include <string>
#include <string_view>

#include "bms/reading.hpp"

namespace bms::victron {

/// Which refused writes are worth a line in the log: each path and reason once an hour, and never more than a handful
/// in a row, whatever a client sends.
class Refusals {
 public:
  bool worth_telling(std::string_view path, std::string_view reason, TimePoint now);

 private:
  struct Told {
    std::string reason;
    TimePoint at{};
  };
  std::map<std::string, Told, std::less<>> told_;
  double allowance_ = kMostInARow;
  TimePoint refilled_{};

  static constexpr double kMostInARow = 10;
};

}  // namespace bms::victron
