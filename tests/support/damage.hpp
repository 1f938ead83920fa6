#pragma once

#include <array>
#include <random>
#include <string_view>

#include "bms/bytes.hpp"

/// What lines, adapters and other batteries do to an answer.
namespace bms::test {

enum class Harm : std::uint8_t {
  none,
  bit_flips,      ///< 1 to 8 bits somewhere
  burst,          ///< some bytes in a row replaced
  cut,            ///< the end is missing
  cut_front,      ///< the beginning is missing
  lost_bytes,     ///< bytes missing in the middle
  garbage_front,  ///< noise before the answer
  garbage_back,   ///< noise behind the answer
  garbage_only,   ///< noise instead of the answer
  echo,           ///< the adapter returns the request
  partial_echo,   ///< the adapter returns a part of the request
  late,           ///< the answer of another exchange instead of this one
  late_front,     ///< the answer of another exchange before this one
  torn_front,     ///< a part of another answer before this one
  doubled,        ///< the answer twice
  silence,
};
inline constexpr std::size_t kHarmCount = static_cast<std::size_t>(Harm::silence) + 1;

/// Harms answers, reproducibly.
class Damage {
 public:
  explicit Damage(unsigned seed, double share = 0.5) : random_(seed), share_(share) {}

  /// The bytes that arrive when `answer` was sent in answer to `request`. `late` is an answer of an earlier exchange,
  /// best of another address; may be empty.
  Bytes apply(ByteView request, const Bytes& answer, const Bytes& late) {
    last_ = Harm::none;
    if (std::uniform_real_distribution(0.0, 1.0)(random_) < share_) last_ = static_cast<Harm>(below(kHarmCount));
    ++counts_[static_cast<std::size_t>(last_)];
    return harm(last_, request, answer, late);
  }

  [[nodiscard]] Harm last() const { return last_; }
  [[nodiscard]] const std::array<std::size_t, kHarmCount>& counts() const { return counts_; }

 private:
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }
  Bytes noise(std::size_t most) {
    Bytes bytes(1 + below(most));
    for (auto& one : bytes) one = byte();
    return bytes;
  }
  static Bytes joined(Bytes first, ByteView second) {
    append(first, second);
    return first;
  }
  static Bytes part(ByteView bytes, std::size_t begin, std::size_t end) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end)};
  }

  Bytes harm(Harm kind, ByteView request, Bytes answer, const Bytes& late) {
    if (answer.empty()) return answer;
    const std::size_t size = answer.size();
    switch (kind) {
      case Harm::bit_flips:
        for (std::size_t i = 0, flips = 1 + below(8); i < flips; ++i) {
          answer[below(size)] ^= static_cast<std::uint8_t>(1U << below(8));
        }
        return answer;
      case Harm::burst:
        for (std::size_t i = below(size), end = std::min(size, i + 1 + below(12)); i < end; ++i) answer[i] = byte();
        return answer;
      case Harm::cut:
        return part(answer, 0, below(size));
      case Harm::cut_front:
        return part(answer, below(size), size);
      case Harm::lost_bytes: {
        const std::size_t at = below(size);
        const std::size_t end = std::min(size, at + 1 + below(6));
        return joined(part(answer, 0, at), part(answer, end, size));
      }
      case Harm::garbage_front:
        return joined(noise(40), answer);
      case Harm::garbage_back:
        return joined(std::move(answer), noise(40));
      case Harm::garbage_only:
        return noise(size);
      case Harm::echo:
        return joined(part(request, 0, request.size()), answer);
      case Harm::partial_echo:
        return joined(part(request, below(request.size() + 1), request.size()), answer);
      case Harm::late:
        return late;
      case Harm::late_front:
        return joined(late, answer);
      case Harm::torn_front:
        return joined(late.empty() ? Bytes() : part(late, 0, below(late.size())), answer);
      case Harm::doubled:
        return joined(answer, answer);
      case Harm::silence:
        return {};
      case Harm::none:
        return answer;
    }
    return answer;
  }

  std::mt19937 random_;
  double share_;
  Harm last_ = Harm::none;
  std::array<std::size_t, kHarmCount> counts_{};
};

}  // namespace bms::test
