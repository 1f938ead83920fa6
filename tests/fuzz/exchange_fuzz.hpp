#pragma once

#include <algorithm>
#include <cstdlib>

#include "bms/driver.hpp"

namespace bms::fuzz {

/// What stands behind the length byte `at` of the input; moves on.
inline ByteView slice(ByteView input, std::size_t& at, std::size_t most) {
  if (at >= input.size()) return {};
  const std::size_t size = std::min({input[at] % (most + 1), input.size() - at - 1});
  const ByteView part = input.subspan(at + 1, size);
  at += 1 + size;
  return part;
}

/// Lets a driver search `wire` for answers to `request` to the end, as the bus does. Stops the program when the search
/// breaks its promises: to discard something, not more than there is, and to find frames inside the buffer.
inline void search(Driver& driver, ByteView request, Bytes wire) {
  while (!wire.empty()) {
    const Scan scan = driver.scan(request, wire);
    if (scan.kind == Scan::Kind::need_more) {
      if (wire.size() > 1024) std::abort();  // no protocol has longer frames
      return;
    }
    const std::size_t end = scan.begin + scan.size;
    if (end == 0 || end > wire.size()) std::abort();
    if (scan.kind == Scan::Kind::frame) {
      static_cast<void>(driver.accept(request, ByteView(wire).subspan(scan.begin, scan.size)));
      static_cast<void>(driver.take());
    }
    wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(end));
  }
}

/// Runs a conversation with answers cut from the input; everything the driver asks for ends in bounded time.
template <class T>
void converse(Driver& driver, Conversation<T> conversation, ByteView input, std::size_t& at) {
  Bytes context;
  conversation.start();
  for (int steps = 0; !conversation.done(); ++steps) {
    if (steps > 1000) std::abort();
    const Exchange& exchange = *conversation.pending();
    if (!exchange.request.empty()) context = exchange.request;
    const ByteView part = slice(input, at, 255);
    Bytes wire(part.begin(), part.end());
    Answer answer = fail(Fault::timeout);
    while (!wire.empty()) {
      const Scan scan = driver.scan(context, wire);
      if (scan.kind == Scan::Kind::need_more) break;
      const std::size_t end = scan.begin + scan.size;
      if (end == 0 || end > wire.size()) std::abort();
      if (scan.kind == Scan::Kind::frame) {
        answer = Bytes(wire.begin() + static_cast<std::ptrdiff_t>(scan.begin),
                       wire.begin() + static_cast<std::ptrdiff_t>(end));
        break;
      }
      wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(end));
    }
    conversation.resume(std::move(answer));
  }
  static_cast<void>(conversation.result());
}

}  // namespace bms::fuzz
