#include "sim/faults.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace bms::sim {
namespace {

struct RateName {
  std::string_view name;
  double Faults::*member;
  std::string_view meaning;
};
constexpr RateName kRates[] = {
    {"drop", &Faults::drop, "keeps silent now and then"},
    {"delay", &Faults::delay, "answers late"},
    {"truncate", &Faults::truncate, "stops in the middle of an answer"},
    {"bit-flips", &Faults::bit_flips, "inverts 1 to 4 bits of an answer"},
    {"garbage", &Faults::garbage, "random bytes before, behind or instead of an answer"},
    {"wrong-address", &Faults::wrong_address, "repeats the last answer of another battery"},
};

std::size_t below(std::size_t bound, std::mt19937_64& random) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

bool happens(double rate, std::mt19937_64& random) {
  return rate > 0 && std::uniform_real_distribution<double>(0, 1)(random) < rate;
}

Bytes noise(std::mt19937_64& random) {
  Bytes bytes(1 + below(40, random));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace

std::optional<std::string> Faults::set(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  double value = 1;
  if (equals != std::string_view::npos) {
    const std::string_view number = text.substr(equals + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || end != number.data() + number.size() || value < 0) {
      return fmt::format("{}: {}: must be a number from 0", name, number);
    }
  }
  if (name == "none") {
    *this = Faults{};
    return std::nullopt;
  }
  if (name == "delay-ms") {
    if (value > 60'000) return fmt::format("delay-ms: {}: must be 0 to 60000", value);
    delay_ms = static_cast<int>(value);
    return std::nullopt;
  }
  if (name == "silent") {
    silent = value != 0;
    return std::nullopt;
  }
  if (name == "echo") {
    echo = value != 0;
    return std::nullopt;
  }
  for (const auto& rate : kRates) {
    if (rate.name != name) continue;
    if (value > 1) return fmt::format("{}: {}: must be a probability, 0 to 1", name, value);
    this->*rate.member = value;
    return std::nullopt;
  }
  return fmt::format("{}: no such fault; {}", name, help());
}

std::string Faults::help() {
  std::string text = "faults are none, silent, echo, delay-ms=MS";
  for (const auto& rate : kRates) text += fmt::format(", {}=RATE ({})", rate.name, rate.meaning);
  return text;
}

Damaged damage(const Faults& faults, const Bytes& answer, const Bytes& foreign, std::mt19937_64& random) {
  Damaged result{answer, 0};
  if (faults.silent || happens(faults.drop, random)) return {};
  if (happens(faults.wrong_address, random) && !foreign.empty()) result.bytes = foreign;
  if (happens(faults.bit_flips, random) && !result.bytes.empty()) {
    for (std::size_t flips = 1 + below(4, random); flips > 0; --flips) {
      result.bytes[below(result.bytes.size(), random)] ^= static_cast<std::uint8_t>(1U << below(8, random));
    }
  }
  if (happens(faults.truncate, random)) result.bytes.resize(below(result.bytes.size(), random));
  if (happens(faults.garbage, random)) {
    const Bytes bytes = noise(random);
    switch (below(3, random)) {
      case 0:
        result.bytes.insert(result.bytes.begin(), bytes.begin(), bytes.end());
        break;
      case 1:
        append(result.bytes, bytes);
        break;
      default:
        result.bytes = bytes;
    }
  }
  if (happens(faults.delay, random)) result.delay_ms = faults.delay_ms;
  return result;
}

}  // namespace bms::sim
