#pragma once

#include <span>
#include <string>
#include <string_view>

#include "probe/prober.hpp"

/// What `dbus-bms probe` prints.
namespace bms::probe {

/// One port that was searched.
struct PortResult {
  std::string port;  ///< as `port =` should have it: the stable name
  std::string path;  ///< "/dev/ttyUSB0", shown where it differs
  const Prober* prober = nullptr;
  std::string problem;  ///< why the port could not be searched; empty: it was
};

/// "[3/40] jk-pb at 115200 baud, address 1": progress, for a line that is overwritten.
std::string progress_line(const Prober& prober, const Attempt& attempt);

/// What was found on a port, for people: model, serial number, voltage, DIP switches of each address.
std::string found_text(const PortResult& result);

/// A config.ini with one section for each line of batteries; empty when nothing was found.
std::string config_text(std::span<const PortResult> results);

}  // namespace bms::probe
