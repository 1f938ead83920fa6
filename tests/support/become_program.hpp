#pragma once

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace bms::test {

/// In a forked child: becomes the program `arguments[0]`, with `environment` added to ours. Exit code 127 when it
/// cannot.
[[noreturn]] inline void become_program(std::vector<std::string> arguments,
                                        const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> raw;
  raw.reserve(arguments.size() + 1);
  for (auto& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  execv(raw[0], raw.data());
  _exit(127);
}

}  // namespace bms::test
