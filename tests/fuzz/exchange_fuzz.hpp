#pragma once

#include <algorithm>
#include <cstdlib>

#include "bms/driver.hpp"

/// What the fuzzers of all drivers that ask questions have in common. An input is one of
///
///     0  (how, request, content) ...   answers whose length and check sums are right, whatever their content
///     1  (request, answer) ...         anything in answer to anything; seeds made from the captures are of this kind
///     2  which, (how, content) ...     a conversation of the driver, answered by made answers, by anything or not at
///     all
///
/// with variable parts behind their length (fuzz::slice).
namespace bms::fuzz {

inline constexpr std::size_t kLongestFrame = 1024;  ///< no protocol has longer ones, bytes
inline constexpr int kMostExchanges = 4;  ///< of one input without a conversation: more cost time and find no more

/// What a family knows that all others do not.
struct Family {
  DriverInfo info;
  DriverOptions options;
  /// A request, chosen by the input behind `at`; moves on.
  Bytes (*request)(ByteView input, std::size_t& at);
  /// An answer to `request` whose check sums are right and that holds as much of `content` as fits.
  Bytes (*answer)(ByteView request, ByteView content);
};

inline std::uint8_t next(ByteView input, std::size_t& at) { return at < input.size() ? input[at++] : std::uint8_t{0}; }

/// What stands behind its length (two bytes, the high one first) at `at`; moves on.
inline ByteView slice(ByteView input, std::size_t& at) {
  const std::size_t told = std::size_t{next(input, at)} << 8U | next(input, at);
  const std::size_t size = std::min({told % (kLongestFrame + 1), input.size() - at});
  const ByteView part = input.subspan(at, size);
  at += size;
  return part;
}

/// What was asked; of answers without a question what they tell of it, as `dbus-bms decode` takes them.
inline Bytes question(const Driver& driver, ByteView asked, ByteView heard) {
  return asked.empty() ? driver.question_to(heard) : Bytes(asked.begin(), asked.end());
}

/// The next frame in `wire` as the bus would find it; what was searched is gone. Stops the program when the search
/// breaks its promises: to discard something, not more than there is, and to find frames inside the buffer.
inline std::optional<Bytes> hear(const Driver& driver, ByteView request, Bytes& wire) {
  while (!wire.empty()) {
    const Scan scan = driver.scan(question(driver, request, wire), wire);
    if (scan.kind == Scan::Kind::need_more) {
      if (wire.size() > kLongestFrame) std::abort();
      return std::nullopt;
    }
    const std::size_t end = scan.begin + scan.size;
    if (end == 0 || end > wire.size()) std::abort();
    std::optional<Bytes> frame;
    if (scan.kind == Scan::Kind::frame) {
      frame.emplace(wire.begin() + static_cast<std::ptrdiff_t>(scan.begin),
                    wire.begin() + static_cast<std::ptrdiff_t>(end));
    }
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(end));
    if (frame) return frame;
  }
  return std::nullopt;
}

/// Lets a driver take all frames in `wire`, and hide what a capture must not show.
inline void take_all(Driver& driver, ByteView request, Bytes wire) {
  if (driver.redacted(request, wire).size() != wire.size()) std::abort();
  while (const auto frame = hear(driver, request, wire)) {
    static_cast<void>(driver.accept(question(driver, request, *frame), *frame));
    static_cast<void>(driver.take());
  }
}

/// Runs a conversation with answers cut from the input; everything the driver asks for ends in bounded time.
template <class T>
void converse(const Family& family, Driver& driver, Conversation<T> conversation, ByteView input, std::size_t& at) {
  Bytes context;
  Bytes wire;
  conversation.start();
  for (int steps = 0; !conversation.done(); ++steps) {
    if (steps > 1000) std::abort();
    const Exchange& exchange = *conversation.pending();
    if (!exchange.request.empty()) {
      context = exchange.request;
      wire.clear();
    }
    const std::uint8_t how = next(input, at);
    if (how % 4 == 1) {
      const ByteView part = slice(input, at);
      append(wire, part);
    } else if (how % 4 > 1) {
      append(wire, family.answer(context, slice(input, at)));
    }
    auto frame = hear(driver, context, wire);
    conversation.resume(frame ? Answer(std::move(*frame)) : fail(how % 4 == 0 ? Fault::timeout : Fault::short_frame));
  }
  static_cast<void>(conversation.result());
}

inline void converse(const Family& family, Driver& driver, ByteView input, std::size_t at) {
  switch (next(input, at) % 6) {
    case 0:
      return converse(family, driver, driver.probe(), input, at);
    case 1:
      return converse(family, driver, driver.switch_charge(true), input, at);
    case 2:
      return converse(family, driver, driver.switch_discharge(false), input, at);
    case 3:
      return converse(family, driver, driver.set_soc(50), input, at);
    default:
      for (int minute = 0; minute < 2; ++minute) {
        converse(family, driver, driver.poll(TimePoint{} + std::chrono::minutes(minute)), input, at);
      }
  }
}

/// One input, see above.
inline int exchanges(const Family& family, ByteView input) {
  if (input.size() < 2) return 0;
  const auto driver = family.info.make(family.options);
  std::size_t at = 1;
  if (input[0] % 4 == 0) {
    for (int count = 0; count < kMostExchanges && at < input.size(); ++count) {
      const Bytes request = family.request(input, at);
      take_all(*driver, request, family.answer(request, slice(input, at)));
    }
  } else if (input[0] % 4 == 1) {
    for (int count = 0; count < kMostExchanges && at < input.size(); ++count) {
      const ByteView request = slice(input, at);
      const ByteView answer = slice(input, at);
      take_all(*driver, request, Bytes(answer.begin(), answer.end()));
    }
  } else {
    converse(family, *driver, input, at);
  }
  static_cast<void>(driver->partial());
  return 0;
}

}  // namespace bms::fuzz
