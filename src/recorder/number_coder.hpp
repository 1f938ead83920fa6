#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "recorder/range_coder.hpp"

namespace bms::recorder {

/// What is expected of the next number, and what that is learnt with: numbers of alike columns learn from each other.
struct Expectation {
  static constexpr unsigned kNoises = 8;
  static constexpr unsigned kSides = 12;
  std::int64_t guess = 0;
  unsigned noise = 0;  ///< how far guesses were off lately, in powers of 4; below kNoises
  unsigned side = 0;   ///< where the last number and the rest of the guess lie; below kSides
};

/// A guess, exact or of a mean, which lies somewhere between two numbers.
struct Guess {
  static constexpr std::int64_t kUnit = 256;
  std::int64_t number = 0;
  unsigned rest = 0;  ///< quarter of the way from half below to half above; below 4

  static Guess of_mean(std::int64_t scaled) {
    const std::int64_t number = (scaled + kUnit / 2) >> 8;  // rounds down also below zero
    return {number, static_cast<unsigned>(scaled + kUnit / 2 - number * kUnit) / 64};
  }
};

/// How far several guesses of the next number were off lately; the best one is the next guess.
template <std::size_t Count>
class Guesses {
 public:
  [[nodiscard]] Expectation best(const std::array<Guess, Count>& guesses, std::int64_t last) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < Count; ++i) {
      if (miss_[i] < miss_[best]) best = i;
    }
    Expectation expected{guesses[best].number, 0, 0};
    for (std::uint32_t miss = miss_[best]; miss >= kUnit / 4 && expected.noise + 1 < Expectation::kNoises; miss /= 4) {
      ++expected.noise;
    }
    expected.side = guesses[best].rest * 3 + (last < expected.guess ? 0 : last == expected.guess ? 1 : 2);
    return expected;
  }

  void learn(const std::array<Guess, Count>& guesses, std::int64_t value) {
    for (std::size_t i = 0; i < Count; ++i) {
      const std::uint64_t off = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(guesses[i].number);
      const std::uint64_t distance = static_cast<std::int64_t>(off) < 0 ? 0 - off : off;
      miss_[i] += (static_cast<std::uint32_t>(distance < kFar ? distance : kFar) * kUnit >> 4U) - (miss_[i] >> 4U);
    }
  }

 private:
  static constexpr std::uint32_t kUnit = 256;       ///< a mean miss of 1
  static constexpr std::uint64_t kFar = 1U << 20U;  ///< further off is no worse
  std::array<std::uint32_t, Count> miss_{};
};

/// What is known about the differences between numbers and their guesses.
class Differences {
 public:
  template <class Coder>
  std::int64_t code(Coder& coder, const Expectation& expected, std::int64_t difference) {
    Near& near = near_[expected.noise][expected.side];
    if (coder.bit(near.zero, difference == 0)) return 0;
    const bool negative = coder.bit(near.negative, difference < 0);
    const auto wide = static_cast<std::uint64_t>(difference);
    const std::uint64_t size = code_size(coder, near, far_[expected.noise], negative ? 0 - wide : wide);
    return static_cast<std::int64_t>(negative ? 0 - size : size);
  }

 private:
  static constexpr unsigned kNear = 3;
  static constexpr unsigned kFar = 24;
  static constexpr unsigned kLearnt = 10;
  struct Near {
    Bit zero, negative;
    std::array<Bit, kNear> wider;
  };
  using Far = std::array<Bit, kFar>;

  /// From 1: how many bits it has, then these bits, of which the upper ones are worth learning.
  template <class Coder>
  std::uint64_t code_size(Coder& coder, Near& near, Far& far, std::uint64_t size) {
    unsigned bits = 0;
    for (; bits < 63; ++bits) {
      Bit& wider = bits < kNear ? near.wider[bits] : far[std::min(bits, kFar - 1)];
      if (!coder.bit(wider, size >> bits > 1)) break;
    }
    std::uint64_t found = 1;
    for (unsigned left = bits; left-- > 0;) {
      const unsigned depth = bits - 1 - left;
      const std::uint64_t wanted = size >> left & 1U;
      if (depth < 2 && bits < kLearnt) {
        const std::size_t node = std::size_t{bits} * 3 + (depth == 0 ? 0 : 1 + static_cast<std::size_t>(found & 1U));
        found = found << 1U | (coder.bit(upper_[node], wanted != 0) ? 1U : 0U);
      } else {
        found = found << 1U | coder.direct(1, wanted);
      }
    }
    return found;
  }

  std::array<std::array<Near, Expectation::kSides>, Expectation::kNoises> near_;
  std::array<Far, Expectation::kNoises> far_;
  std::array<Bit, std::size_t{kLearnt} * 3> upper_;
};

}  // namespace bms::recorder
