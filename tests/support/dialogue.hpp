#pragma once

#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bms/driver.hpp"

/// Runs a driver's conversation without port, clock or loop: against a simulated device or any other answerer.
namespace bms::test {

/// Bytes on the wire in answer to a request; nothing: the device keeps silent.
using Answerer = std::function<Bytes(ByteView request)>;

struct Dialogue {
  /// Whoever listens for less does not hear a new broadcast, only what has come already.
  static constexpr std::chrono::milliseconds kOneBroadcast{500};

  Driver& driver;
  Answerer answerer;
  std::vector<Bytes> requests;       ///< everything the driver sent
  std::vector<Fault> faults;         ///< every fault met on the way
  Bytes buffer;                      ///< bytes received and not used yet
  Bytes context;                     ///< the last request sent
  std::function<Bytes()> says = {};  ///< what an unsolicited device says next, heard by exchanges that only listen

  Answer exchange(const Exchange& exchange) {
    Fault last = Fault::timeout;
    for (int attempt = 0; attempt < exchange.attempts; ++attempt) {
      std::optional<Fault> seen;
      if (!exchange.request.empty()) {
        buffer.clear();
        context = exchange.request;
        requests.push_back(context);
        append(buffer, answerer(context));
      } else if (says && exchange.timeout >= kOneBroadcast) {
        if (auto frame = search(seen)) return std::move(*frame);
        append(buffer, says());
      }
      if (auto frame = search(seen)) return std::move(*frame);
      last = seen.value_or(buffer.empty() ? Fault::timeout : Fault::short_frame);
      faults.push_back(last);
    }
    return fail(last);
  }

  /// The next frame in the buffer; what the driver discards before it is gone.
  std::optional<Bytes> search(std::optional<Fault>& seen) {
    for (std::size_t steps = 0; !buffer.empty(); ++steps) {
      if (steps > 100'000) throw std::logic_error("scan() does not come to an end");
      const Scan scan = driver.scan(context, buffer);
      if (scan.kind == Scan::Kind::need_more) break;
      if (scan.kind == Scan::Kind::frame) {
        const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(scan.begin);
        Bytes frame(begin, begin + static_cast<std::ptrdiff_t>(scan.size));
        buffer.erase(buffer.begin(), begin + static_cast<std::ptrdiff_t>(scan.size));
        return frame;
      }
      if (scan.size == 0 || scan.size > buffer.size()) throw std::logic_error("scan() discards nothing or too much");
      if (scan.fault) seen = scan.fault;
      buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(scan.size));
    }
    return std::nullopt;
  }

  template <class T>
  T run(Conversation<T> conversation) {
    conversation.start();
    while (!conversation.done()) conversation.resume(exchange(*conversation.pending()));
    return conversation.result();
  }
};

/// An answerer that is a simulated device with this truth.
inline Answerer answer_from(SimulatedDevice& device, Reading& truth) {
  return [&device, &truth](ByteView request) { return device.respond(request, truth).answer; };
}

}  // namespace bms::test
