#include "daemon/recording_file.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/wall_clock.hpp"

namespace bms::daemon {
namespace {

constexpr auto kLife = std::chrono::seconds(10);

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

int RecordingFile::descriptor(TimePoint now) {
  if (descriptor_ >= 0 && now - made_ < kLife) return descriptor_;
  close();
  descriptor_ = ::memfd_create("dbus-bms-recording", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  made_ = now;
  bool good = descriptor_ >= 0;
  recorder_.archive(now, wall_clock_s(), [&](std::string_view part) { good = good && write_all(descriptor_, part); });
  good = good && ::fcntl(descriptor_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
  if (!good) {
    spdlog::warn("the recording cannot be handed out: no memory");
    close();
  }
  return descriptor_;
}

void RecordingFile::tick(TimePoint now) {
  if (descriptor_ >= 0 && now - made_ >= kLife) close();
}

void RecordingFile::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace bms::daemon
