#pragma once

#include <iosfwd>
#include <optional>

#include "capture/capture.hpp"

namespace bms {

/// What came out of a capture.
struct Replayed {
  std::size_t readings = 0;  ///< complete ones printed
  bool partial = false;      ///< an incomplete one was printed at the end
  /// `decode` answers 0 when anything was printed, else 1.
  [[nodiscard]] int exit_code() const { return readings > 0 || partial ? 0 : 1; }
};

/// Gives a recorded conversation to the driver as it was: each `>` line is the context of the `<` lines up to the next
/// one; without a request the `<` lines are pieces of a stream. Prints each complete Reading as a JSON line to `out`
/// and, at the end, what was gathered since with `"complete": false`. What cannot be decoded, or cannot be true, goes
/// to `err` as `FILE:LINE: cause: words`; the causes are those of Fault.
///
/// `address`: only what asked this battery; requests that do not tell whom they ask, and what came before any request,
/// count as its own. A recording of others alone is said to be one.
///
/// "t" is the time of the line that completed the Reading; 0 where the capture has no times.
Replayed replay(const Capture& capture, Driver& driver, std::ostream& out, std::ostream& err,
                std::optional<unsigned> address = std::nullopt);

/// All batteries of a recording. Where it asks several, each has a driver of its own and its Readings say which one it
/// is (`"address"`), so that nothing of one gets into the Reading of another. A recording of nothing but answers, of
/// which nobody said whose they are: `options.address`, or else the lowest address of the protocol that gives anything;
/// `err` then says which.
Replayed replay_all(const Capture& capture, const DriverInfo& info, DriverOptions options, std::ostream& out,
                    std::ostream& err);

}  // namespace bms
