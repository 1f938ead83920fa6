#pragma once

#include <filesystem>
#include <string>

namespace bms::port {

/// The lock by which the programs that share the serial ports of a GX device leave each other alone: a link named after
/// the port whose target is the owner's process id. serial-starter skips a port while it is there. Where the folder
/// does not exist (every other Linux) nothing is taken and nobody is in the way.
class StarterLock {
 public:
  explicit StarterLock(std::filesystem::path folder = "/var/lock/serial-starter") : folder_(std::move(folder)) {}
  StarterLock(const StarterLock&) = delete;
  StarterLock& operator=(const StarterLock&) = delete;
  ~StarterLock() { release(); }

  /// Takes the lock of `port` (a device path, links are followed); one that our parent holds for us will do, and one
  /// whose owner is dead. An empty text, or who has it.
  std::string take(const std::filesystem::path& port);
  /// Puts a lock back that was removed: a probing script that ends late removes the lock of its port, whoever has it
  /// now.
  void renew() const;
  /// Gives back what take() got.
  void release();

 private:
  std::filesystem::path folder_;
  std::filesystem::path held_;  ///< empty: nothing
};

}  // namespace bms::port
