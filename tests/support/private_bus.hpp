#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bms::test {

/// A dbus-daemon of our own, in a folder of its own; it can be killed, frozen and started again at the same address.
class PrivateBus {
 public:
  /// `policy`: further rules of the bus, such as <deny own="..."/>.
  explicit PrivateBus(const std::string& policy = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "dbus-bms-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
    std::ofstream(folder_ / "bus.conf") << "<busconfig><type>session</type><listen>unix:path=" << socket().string()
                                        << "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                                           "<allow send_destination=\"*\" eavesdrop=\"true\"/>"
                                           "<allow eavesdrop=\"true\"/><allow own=\"*\"/>"
                                        << policy
                                        << "</policy>"
                                           "<limit name=\"max_replies_per_connection\">50000</limit>"  // as on a GX
                                           "</busconfig>\n";
    start();
  }
  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;
  ~PrivateBus() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string address() const { return "unix:path=" + socket().string(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }  ///< for other files of the test
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Returns when the bus accepts connections: it prints its address then.
  void start() {
    std::filesystem::remove(socket());
    int ready[2];
    if (pipe(ready) != 0) throw std::runtime_error("pipe failed");
    const std::string config = "--config-file=" + (folder_ / "bus.conf").string();
    const std::string print = "--print-address=" + std::to_string(ready[1]);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ready[0]);
      if (freopen((folder_ / "bus.log").c_str(), "w", stderr) == nullptr) _exit(127);
      execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", print.c_str(), nullptr);
      _exit(127);
    }
    close(ready[1]);
    char text[256];
    const ssize_t length = read(ready[0], text, sizeof text);
    close(ready[0]);
    if (pid_ < 0 || length <= 0) throw std::runtime_error("dbus-daemon does not start; is it installed?");
  }

  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  void freeze() const { kill(pid_, SIGSTOP); }
  void thaw() const { kill(pid_, SIGCONT); }

 private:
  [[nodiscard]] std::filesystem::path socket() const { return folder_ / "bus"; }

  std::filesystem::path folder_;
  pid_t pid_ = -1;
};

}  // namespace bms::test
