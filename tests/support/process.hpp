#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/become_program.hpp"
#include "support/effort.hpp"

namespace bms::test {

/// A program under test with its standard streams; killed when the test ends.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments,
                   const std::map<std::string, std::string>& environment = {}) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in[0], 0);
      dup2(out[1], 1);
      dup2(out[1], 2);
      become_program(arguments, environment);
    }
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    output_ = out[0];
    fcntl(output_, F_SETFL, O_NONBLOCK);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    signal(SIGKILL);
    wait();
    close(input_);
    close(output_);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const {
    if (!status_) kill(pid_, number);
  }

  /// All that was printed so far (both streams).
  const std::string& output() {
    read_some();
    return text_;
  }

  void send_line(const std::string& line) { send(line + "\n"); }
  void send(std::string_view text) {
    if (write(input_, text.data(), text.size()) < 0) throw std::runtime_error("the program does not read");
  }

  /// True when the program ended; does not wait.
  bool ended() {
    if (status_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_.has_value();
  }

  /// Waits for the end; nullopt when `limit` passed before. A negative exit code is the signal that killed it.
  std::optional<int> exit_code(std::chrono::milliseconds limit = kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!ended()) {
      if (std::chrono::steady_clock::now() > end) return std::nullopt;
      pollfd waiting{output_, POLLIN, 0};
      ::poll(&waiting, 1, 20);
      read_some();
    }
    read_some();
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -WTERMSIG(*status_);
  }

  /// Waits until the output contains `text`, from `from` on. npos when the program ended or `limit` passed before.
  std::size_t wait_for(const std::string& text, std::size_t from = 0, std::chrono::milliseconds limit = kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
      read_some();
      if (const auto at = text_.find(text, from); at != std::string::npos) return at;
      if (ended() || std::chrono::steady_clock::now() > end) return std::string::npos;
      pollfd waiting{output_, POLLIN, 0};
      ::poll(&waiting, 1, 50);
    }
  }

 private:
  void wait() {
    int status = 0;
    if (!status_ && waitpid(pid_, &status, 0) == pid_) status_ = status;
  }
  void read_some() {
    char chunk[4096];
    for (ssize_t size = 0; (size = read(output_, chunk, sizeof chunk)) > 0;) {
      text_.append(chunk, static_cast<std::size_t>(size));
    }
  }

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string text_;
  std::optional<int> status_;
};

/// Runs a program to its end.
struct Finished {
  std::optional<int> code;
  std::string output;
};
inline Finished run_program(const std::vector<std::string>& arguments,
                            const std::map<std::string, std::string>& environment = {}) {
  Process process(arguments, environment);
  const auto code = process.exit_code();
  return {code, process.output()};
}

}  // namespace bms::test
