#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "bms/bytes.hpp"
#include "bms/reading.hpp"

namespace bms {

struct SimulatorOptions {
  unsigned address = 0;
  std::map<std::string, std::string, std::less<>> settings;  ///< variants of the device ("firmware" -> "15.41")
};

/// What a simulated device does with the bytes it heard.
struct SimulatorResponse {
  std::size_t consumed = 0;  ///< bytes understood as one request to anybody; 0: not a (complete) request
  Bytes answer;              ///< what goes on the wire; empty: the device keeps silent (not its address)
  bool wrote = false;        ///< the request changed, or tried to change, something in the device
};

/// The other end of the wire: a device of one protocol that encodes the true state of a battery into frames.
///
/// Pure: no clock, no port. Pacing, faults and the battery itself are the simulator's business (src/sim).
class SimulatedDevice {
 public:
  SimulatedDevice() = default;
  SimulatedDevice(const SimulatedDevice&) = delete;
  SimulatedDevice& operator=(const SimulatedDevice&) = delete;
  virtual ~SimulatedDevice() = default;

  /// `heard` are the bytes since the last understood request. `truth` is what the battery is; a write may change it.
  virtual SimulatorResponse respond(ByteView heard, Reading& truth) = 0;

  /// The truth as this protocol can express it: resolution, fields it does not have absent. What a perfect driver
  /// reads.
  [[nodiscard]] virtual Reading quantised(const Reading& truth) const = 0;

  /// Time from the last byte of a request to the first of the answer.
  [[nodiscard]] virtual std::chrono::milliseconds turnaround() const { return std::chrono::milliseconds(5); }

  /// What the device says by itself, once per period(); nothing for devices that only answer.
  virtual Bytes broadcast(const Reading& /*truth*/) { return {}; }
  [[nodiscard]] virtual std::optional<std::chrono::milliseconds> period() const { return std::nullopt; }
};

}  // namespace bms
