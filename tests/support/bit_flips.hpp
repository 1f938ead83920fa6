#pragma once

#include <random>

#include "bank/plausibility.hpp"
#include "bms/driver.hpp"

/// How much damage passes a driver: answers with inverted bits, shown to it one after the other.
namespace bms::test {

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
