#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>

#include "support/fake_battery.hpp"

namespace bms::test {

/// Another program with a battery service: a FakeBattery in a process of its own, so that a test may wait for the
/// daemon. It is there when the constructor returns.
class ForeignProgram {
 public:
  ForeignProgram(const std::string& address, const std::string& name, const std::map<std::string, double>& values) {
    int commands[2];
    int ready[2];
    if (pipe(commands) != 0 || pipe(ready) != 0) throw std::runtime_error("pipe failed");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(address, name, values, commands[0], ready[1]);
    }
    close(commands[0]);
    close(ready[1]);
    commands_ = commands[1];
    char byte = 0;
    const bool there = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (!there) throw std::runtime_error("the foreign program does not start");
  }
  ForeignProgram(const ForeignProgram&) = delete;
  ForeignProgram& operator=(const ForeignProgram&) = delete;
  ~ForeignProgram() {
    end();
    close(commands_);
  }

  void change(const std::string& path, double value) const {
    const std::string line = path + " " + std::to_string(value) + "\n";
    if (write(commands_, line.data(), line.size()) < 0) throw std::runtime_error("the foreign program is gone");
  }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  [[noreturn]] static void serve(const std::string& address, const std::string& name,
                                 const std::map<std::string, double>& values, int commands, int ready) {
    try {
      boost::asio::io_context loop;
      FakeBattery battery(loop, address, name);
      battery.values = values;
      battery.start();
      if (write(ready, "!", 1) != 1) _exit(1);
      boost::asio::posix::stream_descriptor input(loop, commands);
      std::string text;
      listen(input, text, battery);
      loop.restart();
      loop.run();
    } catch (const std::exception&) {
      _exit(1);
    }
    _exit(0);
  }

  static void listen(boost::asio::posix::stream_descriptor& input, std::string& text, FakeBattery& battery) {
    boost::asio::async_read_until(input, boost::asio::dynamic_buffer(text), '\n',
                                  [&](const boost::system::error_code& error, std::size_t size) {
                                    if (error) _exit(0);
                                    const std::string line = text.substr(0, size);
                                    text.erase(0, size);
                                    const auto space = line.find(' ');
                                    battery.change(line.substr(0, space), std::stod(line.substr(space)));
                                    listen(input, text, battery);
                                  });
  }

  pid_t pid_ = -1;
  int commands_ = -1;
};

}  // namespace bms::test
