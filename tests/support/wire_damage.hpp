#pragma once

#include <algorithm>
#include <random>

#include "bms/bytes.hpp"

/// What wires, adapters and interrupted transmitters do to an answer.
namespace bms::test {

/// Damages answers by chance; remembers the last good one, which a late answer repeats.
class WireDamage {
 public:
  WireDamage(unsigned seed, double rate) : random_(seed), rate_(rate) {}

  Bytes operator()(const Bytes& answer) {
    if (answer.empty() || std::uniform_real_distribution<double>(0, 1)(random_) >= rate_) {
      last_ = answer;
      return answer;
    }
    ++damaged;
    return damage(answer);
  }

  std::size_t damaged = 0;  ///< answers damaged so far

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }

  Bytes damage(Bytes wire) {
    const std::size_t at = below(wire.size());
    const std::size_t run = 1 + below(std::min<std::size_t>(4, wire.size() - at));
    const auto begin = wire.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(run);
    switch (below(9)) {
      case 0:  // a few bits
        for (std::size_t i = 0; i <= below(4); ++i) {
          wire[below(wire.size())] ^= static_cast<std::uint8_t>(1U << below(8));
        }
        return wire;
      case 1:  // a disturbed run
        std::generate(begin, end, [this] { return byte(); });
        return wire;
      case 2:  // stops in the middle
        wire.resize(at);
        return wire;
      case 3:  // lost bytes
        wire.erase(begin, end);
        return wire;
      case 4: {  // bytes of nobody
        Bytes noise(1 + below(12));
        std::generate(noise.begin(), noise.end(), [this] { return byte(); });
        wire.insert(begin, noise.begin(), noise.end());
        return wire;
      }
      case 5:  // a late answer instead
        return last_;
      case 6: {  // a late answer before
        Bytes both = last_;
        append(both, wire);
        return both;
      }
      case 7:  // stuck line
        std::fill(begin, wire.end(), below(2) == 0 ? std::uint8_t{0} : std::uint8_t{0xFF});
        return wire;
      default:  // two bytes exchanged: no sum sees that
        std::swap(wire[at], wire[below(wire.size())]);
        return wire;
    }
  }

  std::mt19937 random_;
  double rate_;
  Bytes last_;
};

}  // namespace bms::test
