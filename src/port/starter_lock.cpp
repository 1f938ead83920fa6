#include "port/starter_lock.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>

namespace bms::port {
namespace {

namespace fs = std::filesystem;

/// The process a lock names; 0 when it names none (scripts write the id alone or as /proc/ID).
pid_t owner_of(const fs::path& lock) {
  std::error_code error;
  const std::string target = fs::read_symlink(lock, error).filename().string();
  pid_t process = 0;
  const auto [end, problem] = std::from_chars(target.data(), target.data() + target.size(), process);
  return problem == std::errc() && end == target.data() + target.size() && process > 0 ? process : 0;
}

bool alive(pid_t process) { return process != 0 && (::kill(process, 0) == 0 || errno == EPERM); }

std::string name_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/comm", process));
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::string StarterLock::take(const fs::path& port) {
  release();
  std::error_code error;
  const std::string tty = fs::canonical(port, error).filename().string();
  if (error || !tty.starts_with("tty") || !fs::is_directory(folder_, error)) return {};
  const fs::path lock = folder_ / tty;
  const std::string self = std::to_string(::getpid());
  // Twice: the second time after the lock of a dead process was cleared away.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::symlink(self.c_str(), lock.c_str()) == 0) {
      held_ = lock;
      return {};
    }
    if (errno != EEXIST) return {};  // no right to lock, or no room: better a disturbed port than none
    const pid_t owner = owner_of(lock);
    if (owner == ::getpid()) {  // taken for us by the script that became this process
      held_ = lock;
      return {};
    }
    if (owner == ::getppid()) return {};
    if (alive(owner)) return fmt::format("another program uses this port (process {}, {})", owner, name_of(owner));
    ::unlink(lock.c_str());
  }
  return "another program uses this port";
}

void StarterLock::renew() const {
  if (held_.empty()) return;
  // As a rule it is there: then this changes nothing.
  [[maybe_unused]] const int made = ::symlink(std::to_string(::getpid()).c_str(), held_.c_str());
}

void StarterLock::release() {
  if (!held_.empty() && owner_of(held_) == ::getpid()) ::unlink(held_.c_str());
  held_.clear();
}

}  // namespace bms::port
