#pragma once

#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "bms/bytes.hpp"

namespace bms::sim {

/// Ways in which a simulated battery or its wire misbehaves. Rates are probabilities per answer, 0..1.
struct Faults {
  bool silent = false;  ///< never answers
  double drop = 0;      ///< keeps silent now and then
  double delay = 0;     ///< answers late, by `delay_ms`
  int delay_ms = 700;
  double truncate = 0;       ///< stops in the middle of the answer
  double bit_flips = 0;      ///< inverts 1 to 4 bits of the answer
  double garbage = 0;        ///< random bytes before, behind or instead of the answer
  double wrong_address = 0;  ///< repeats the last answer of another battery of the line instead of its own
  bool echo = false;         ///< the adapter repeats every request

  /// Sets one fault from "name" or "name=value". Returns what is wrong with it, or nothing.
  std::optional<std::string> set(std::string_view text);
  /// Names and meanings for the help text.
  static std::string help();
};

/// What really goes on the wire instead of `answer`.
struct Damaged {
  Bytes bytes;
  int delay_ms = 0;
};

/// Applies the faults by chance. `foreign` is the last answer of another battery, if any.
Damaged damage(const Faults& faults, const Bytes& answer, const Bytes& foreign, std::mt19937_64& random);

}  // namespace bms::sim
