#include "capture/redact.hpp"

#include <fmt/format.h>

#include "capture/capture.hpp"

namespace bms {
namespace {

/// All that was heard in answer to one request, cleaned as one: a secret may be torn over two lines.
void append_answer(const Driver& driver, const Bytes& request, Bytes& heard, std::optional<double> seconds,
                   std::string& out) {
  if (heard.empty()) return;
  out += format_capture_line(false, driver.redacted(request, heard), seconds) + "\n";
  heard.clear();
}

}  // namespace

tl::expected<std::string, std::string> redacted_capture(std::string_view text, std::string_view file) {
  const auto capture = parse_capture(text, file);
  if (!capture) return tl::unexpected(capture.error());
  const auto named = capture->headers.find("driver");
  const DriverInfo* info = named == capture->headers.end() ? nullptr : find_driver(named->second);
  if (info == nullptr) {
    return tl::unexpected(fmt::format("{}: no line `#! driver: NAME` with a known driver\n", file));
  }
  const auto options = capture_options(*capture, *info);
  if (!options) return tl::unexpected(options.error());
  const auto driver = info->make(*options);
  std::string out;
  for (const auto& [key, value] : capture->headers) out += fmt::format("#! {}: {}\n", key, value);
  Bytes request;
  Bytes heard;
  std::optional<double> heard_at;
  for (const CaptureLine& line : capture->lines) {
    if (line.to_battery) {
      append_answer(*driver, request, heard, heard_at, out);
      out += format_capture_line(true, line.bytes, line.seconds) + "\n";
      request = line.bytes;
      continue;
    }
    // A stream has no exchanges: its pieces are cleaned one by one.
    if (request.empty() || heard.empty()) {
      append_answer(*driver, request, heard, heard_at, out);
      heard_at = line.seconds;
    }
    heard.insert(heard.end(), line.bytes.begin(), line.bytes.end());
  }
  append_answer(*driver, request, heard, heard_at, out);
  return out;
}

}  // namespace bms
