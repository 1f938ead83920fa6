#pragma once

#include <map>

#include "bms/bytes.hpp"
#include "bms/reading.hpp"

namespace bms::port {

/// When the answer to a question can be looked for, learned from the answers before.
///
/// A port hands over an answer in many small pieces, and each wakes the program. A device takes about the same time for
/// the same question every time: whoever sleeps that long finds the answer whole. The time follows a device that
/// becomes faster (it is tried a little earlier after each answer) as well as one that becomes slower.
class AnswerTimes {
 public:
  /// From the end of the request until its answer should be there; zero while that is not known.
  [[nodiscard]] Clock::duration expected(const Bytes& request) const;
  /// The answer was there after this time; `at_first_look`: the first time that anybody looked.
  void came(const Bytes& request, Clock::duration after, bool at_first_look);
  /// No answer, or a damaged one: what was learned about this question may be wrong.
  void failed(const Bytes& request) { known_.erase(request); }
  /// Another rate or another device.
  void forget() { known_.clear(); }

 private:
  struct Known {
    Clock::duration usual{};
    int watched = 0;  ///< answers whose arrival was watched piece by piece
  };
  std::map<Bytes, Known> known_;
};

}  // namespace bms::port
