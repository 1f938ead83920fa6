#include "cli/recording.hpp"

#include <fmt/format.h>
#include <sdbus-c++/sdbus-c++.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "cli/open_bus.hpp"

namespace bms::cli {
namespace {

constexpr std::string_view kOurs = "com.victronenergy.battery.dbusbms_";
constexpr std::size_t kLargest = 256U << 20U;

/// Reads at places of its own: whoever else holds this descriptor has the same file position.
std::string content(int descriptor) {
  std::string bytes;
  char part[65536];
  while (bytes.size() < kLargest) {
    const ssize_t count = ::pread(descriptor, part, sizeof part, static_cast<off_t>(bytes.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    bytes.append(part, static_cast<std::size_t>(count));
  }
  return bytes;
}

/// The process behind a name: batteries of one daemon share one recording.
std::uint32_t process_of(sdbus::IConnection& bus, const std::string& name) {
  const auto proxy = sdbus::createProxy(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus");
  std::uint32_t process = 0;
  proxy->callMethod("GetConnectionUnixProcessID")
      .onInterface("org.freedesktop.DBus")
      .withArguments(name)
      .storeResultsTo(process);
  return process;
}

}  // namespace

Recordings read_recordings(const std::optional<std::string>& bus_address) {
  constexpr auto kRecordingTimeout = std::chrono::seconds(10);
  const auto bus = open_bus(bus_address);
  std::vector<std::string> names;
  sdbus::createProxy(*bus, "org.freedesktop.DBus", "/org/freedesktop/DBus")
      ->callMethod("ListNames")
      .onInterface("org.freedesktop.DBus")
      .storeResultsTo(names);
  std::sort(names.begin(), names.end());
  Recordings recordings;
  std::set<std::uint32_t> asked;
  for (const auto& name : names) {
    if (!name.starts_with(kOurs)) continue;
    try {
      if (!asked.insert(process_of(*bus, name)).second) continue;
      sdbus::UnixFd file;
      sdbus::createProxy(*bus, name, "/")
          ->callMethod("GetRecording")
          .onInterface("com.github.dbus_bms.Recorder")
          .withTimeout(kRecordingTimeout)
          .storeResultsTo(file);
      recordings.archives.push_back(content(file.get()));
    } catch (const sdbus::Error& error) {
      recordings.problems.push_back(fmt::format("{}: {}", name, error.getMessage()));
    }
  }
  return recordings;
}

}  // namespace bms::cli
