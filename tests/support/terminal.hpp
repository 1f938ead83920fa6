#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/become_program.hpp"
#include "support/effort.hpp"

namespace bms::test {

/// A program on a terminal of a known size, and what is on its screen: as much of a terminal as our own output needs
/// (colours, cursor home, erasing), so that a test or a picture sees what a person sees.
class Terminal {
 public:
  struct Cell {
    std::string character = " ";
    int colour = 0;  ///< SGR 30..37; 0: the terminal's own
    bool bold = false;
    bool dim = false;
  };
  using Line = std::vector<Cell>;

  Terminal(const std::vector<std::string>& arguments, int columns, int rows,
           const std::map<std::string, std::string>& environment = {})
      : columns_(static_cast<std::size_t>(columns)), lines_(static_cast<std::size_t>(rows), Line(columns_)) {
    winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ < 0) throw std::runtime_error("no pseudo-terminal");
    if (pid_ == 0) become_program(arguments, environment);
    fcntl(master_, F_SETFL, O_NONBLOCK);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(master_);
  }

  /// Reads until the program ends; negative: the signal that ended it.
  int exit_code() {
    int status = 0;
    if (!becomes([&] { return waitpid(pid_, &status, WNOHANG) == pid_; })) return -SIGALRM;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  void type(const std::string& keys) const {
    if (write(master_, keys.data(), keys.size()) < 0) throw std::runtime_error("the terminal is closed");
  }

  /// Reads what the program prints until the screen satisfies `done`.
  template <class Done>
  bool becomes(Done done, std::chrono::milliseconds limit = kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
      char chunk[4096];
      for (ssize_t size = 0; (size = read(master_, chunk, sizeof chunk)) > 0;) {
        for (ssize_t i = 0; i < size; ++i) take(chunk[i]);
      }
      if (done()) return true;
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd waiting{master_, POLLIN, 0};
      ::poll(&waiting, 1, 50);
    }
  }

  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  /// The characters on the screen, without blanks at the end of lines.
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Line& line : lines_) {
      std::string row;
      for (const Cell& cell : line) row += cell.character;
      out += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }
  /// How often the rest of the screen was erased: the end of a frame each.
  [[nodiscard]] int frames() const { return frames_; }
  /// Something was written beyond the right edge or below the last line.
  [[nodiscard]] bool overflown() const { return overflown_; }

 private:
  void take(char c) {
    if (!escape_.empty()) {
      escape_ += c;
      if (escape_.size() > 2 && c >= '@' && c <= '~') obey(std::exchange(escape_, {}));
      return;
    }
    if (c == '\x1b') {
      escape_ = c;
    } else if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      if (++row_ >= lines_.size()) {
        overflown_ = true;
        lines_.erase(lines_.begin());
        lines_.emplace_back(columns_);
        row_ = lines_.size() - 1;
      }
    } else if ((c & 0xC0) == 0x80) {
      if (column_ > 0) lines_[row_][column_ - 1].character += c;  // the rest of a character
    } else if (column_ >= columns_) {
      overflown_ = true;
    } else {
      Cell& cell = lines_[row_][column_++];
      cell = pen_;
      cell.character = std::string(1, c);
    }
  }

  void obey(const std::string& sequence) {
    const int number = std::atoi(sequence.c_str() + 2);
    switch (sequence.back()) {
      case 'H':
        row_ = column_ = 0;
        break;
      case 'K':
        for (std::size_t i = column_; i < columns_; ++i) lines_[row_][i] = {};
        break;
      case 'J':
        for (std::size_t i = column_; i < columns_; ++i) lines_[row_][i] = {};
        for (std::size_t i = row_ + 1; i < lines_.size(); ++i) lines_[i] = Line(columns_);
        ++frames_;
        break;
      case 'm':
        if (number == 0) pen_ = {};
        if (number == 1) pen_.bold = true;
        if (number == 2) pen_.dim = true;
        if (number >= 30 && number <= 37) pen_.colour = number;
        break;
      default:
        break;
    }
  }

  std::size_t columns_;
  std::vector<Line> lines_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  Cell pen_;
  std::string escape_;
  int frames_ = 0;
  bool overflown_ = false;
  int master_ = -1;
  pid_t pid_ = -1;
};

}  // namespace bms::test
