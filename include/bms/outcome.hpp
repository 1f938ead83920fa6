#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

namespace bms {

/// Why an exchange or a poll gave nothing. Faults are expected events on a wire: they are counted by cause and shown as
/// link health; they never travel as exceptions.
enum class Fault : std::uint8_t {
  timeout,      ///< no answer before the deadline
  short_frame,  ///< an answer began and did not end before the deadline
  crc,          ///< check sum, check character or end mark wrong
  foreign,      ///< a valid frame that is not the answer to this request (echo, late answer, other address or register)
  refused,      ///< the device answered with its protocol's error code
  implausible,  ///< the frame is well formed, its values cannot be true
  io,           ///< the port is closed or failed
  unsupported,  ///< this driver or device has no such command
};
inline constexpr std::size_t kFaultCount = 8;

/// Short lower-case name as used in `status` and on D-Bus: "timeout", "short", "crc", ...
constexpr std::string_view to_string(Fault fault) {
  constexpr std::string_view kNames[kFaultCount] = {"timeout", "short",       "crc", "foreign",
                                                    "refused", "implausible", "io",  "unsupported"};
  return kNames[static_cast<std::size_t>(fault)];
}

template <class T>
using Outcome = tl::expected<T, Fault>;

inline tl::unexpected<Fault> fail(Fault fault) { return tl::unexpected<Fault>(fault); }

}  // namespace bms
