#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bms/bytes.hpp"
#include "bms/driver.hpp"

namespace bms {

/// One line of a capture: bytes that went over the wire in one direction.
struct CaptureLine {
  bool to_battery = false;        ///< `>`: host to battery; else `<`: battery to host
  std::optional<double> seconds;  ///< `@SECONDS` since the start of the recording, s, >= 0
  Bytes bytes;
  std::size_t line = 0;  ///< in the file, from 1
};

/// A recorded conversation, own or typed from somebody's log.
struct Capture {
  std::string file;                                         ///< for messages
  std::map<std::string, std::string, std::less<>> headers;  ///< `#! key: value`
  std::vector<CaptureLine> lines;
};

/// Reads the capture format. The error holds every problem of the text, one line each: `FILE:LINE: what is wrong`.
tl::expected<Capture, std::string> parse_capture(std::string_view text, std::string_view file);

/// The same from a file; one that cannot be read or is larger than 64 MB is an error.
tl::expected<Capture, std::string> load_capture(const std::string& file);

/// What the headers say about the battery: `address`, `cells`, `capacity`, and every key that is a setting of the
/// driver. Error: `FILE: header: value: what is allowed`.
tl::expected<DriverOptions, std::string> capture_options(const Capture& capture, const DriverInfo& driver);

/// A line as the format has it, without the line end: `@1.250 < 4E 57`. `seconds` absent: no time.
std::string format_capture_line(bool to_battery, ByteView bytes, std::optional<double> seconds);

}  // namespace bms
