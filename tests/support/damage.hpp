#pragma once

#include <algorithm>
#include <optional>
#include <random>

#include "bank/plausibility.hpp"
#include "bms/driver.hpp"

/// What lines, adapters and other batteries do to an answer, and how much of it passes a driver.
namespace bms::test {

enum class Harm : std::uint8_t {
  none,
  bit_flips,      ///< 1 to 8 bits somewhere
  burst,          ///< some bytes in a row replaced
  cut,            ///< the end is missing
  cut_front,      ///< the beginning is missing
  lost_bytes,     ///< bytes missing in the middle
  added_bytes,    ///< bytes of nobody in the middle
  stuck,          ///< from somewhere on only 0x00 or only 0xFF
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
  swapped_bytes,  ///< two bytes exchanged: no plain sum sees that
};
inline constexpr std::size_t kHarmCount = static_cast<std::size_t>(Harm::swapped_bytes) + 1;

/// Harms answers, reproducibly.
class Damage {
 public:
  /// `swaps`: exchanges bytes too, which a protocol with a plain sum cannot notice.
  explicit Damage(unsigned seed, double share = 0.5, bool swaps = false)
      : random_(seed), share_(share), kinds_(swaps ? kHarmCount : kHarmCount - 1) {}

  /// The bytes that arrive when `answer` was sent in answer to `request`. `late` is an answer of an earlier exchange,
  /// best of another address; may be empty.
  Bytes apply(ByteView request, const Bytes& answer, const Bytes& late) {
    last_ = Harm::none;
    if (std::uniform_real_distribution(0.0, 1.0)(random_) < share_) last_ = static_cast<Harm>(below(kinds_));
    if (last_ != Harm::none && !answer.empty()) ++harmed_;
    return harm(last_, request, answer, late);
  }

  /// The same for one device that is asked on and on: its last intact answer comes late.
  Bytes apply(ByteView request, const Bytes& answer) {
    Bytes wire = apply(request, answer, intact_);
    if (last_ == Harm::none) intact_ = answer;
    return wire;
  }

  /// Answers that were harmed so far.
  [[nodiscard]] std::size_t harmed() const { return harmed_; }

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
      case Harm::added_bytes: {
        const std::size_t at = below(size);
        return joined(joined(part(answer, 0, at), noise(12)), part(answer, at, size));
      }
      case Harm::stuck:
        std::fill(answer.begin() + static_cast<std::ptrdiff_t>(below(size)), answer.end(),
                  below(2) == 0 ? std::uint8_t{0} : std::uint8_t{0xFF});
        return answer;
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
      case Harm::swapped_bytes: {
        const std::size_t one = below(size);
        const std::size_t other = below(size);
        std::swap(answer[one], answer[other]);
        return answer;
      }
      case Harm::none:
        return answer;
    }
    return answer;
  }

  std::mt19937 random_;
  double share_;
  std::size_t kinds_;
  Harm last_ = Harm::none;
  Bytes intact_;
  std::size_t harmed_ = 0;
};

/// Inverts 1 to 4 bits anywhere.
inline Bytes flip_bits(std::mt19937& random, Bytes answer) {
  const unsigned flips = 1 + random() % 4;
  for (unsigned i = 0; i < flips; ++i) {
    auto& byte = answer[random() % answer.size()];
    byte = static_cast<std::uint8_t>(byte ^ 1U << random() % 8);
  }
  return answer;
}

struct Passed {
  int driver = 0;  ///< damaged answers that became a Reading other than the true one
  int gates = 0;   ///< of these, accepted by both plausibility gates at once
};

/// The answer in `wire`, as the bus would find it; nullopt when the driver takes none.
inline std::optional<Reading> hear(Driver& driver, ByteView request, Bytes wire) {
  Scan scan = driver.scan(request, wire);
  while (scan.kind == Scan::Kind::discard && scan.size < wire.size()) {
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(scan.size));
    scan = driver.scan(request, wire);
  }
  if (scan.kind != Scan::Kind::frame) return std::nullopt;
  if (!driver.accept(request, ByteView(wire).subspan(scan.begin, scan.size))) return std::nullopt;
  return driver.partial();
}

/// Shows `count` damaged answers to the driver, each followed by the intact one, as a line does that is bad now and
/// then.
inline Passed show_damage(Driver& driver, ByteView request, const Bytes& intact, int count, std::mt19937& random) {
  const Reading truth = hear(driver, request, intact).value();
  Passed passed;
  for (int i = 0; i < count; ++i) {
    const auto reading = hear(driver, request, flip_bits(random, intact));
    if (reading && *reading != truth) {
      ++passed.driver;
      bool slow = false;
      if (!impossible(*reading) && !jump(truth, *reading, slow)) ++passed.gates;
    }
    static_cast<void>(driver.take());
    static_cast<void>(hear(driver, request, intact));
  }
  return passed;
}

}  // namespace bms::test
