#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace bms::config {

/// What a reload (SIGHUP) has to touch. Batteries by unit name.
struct Changes {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> changed;  ///< driver, port, address, name, ...: the battery begins anew
  std::vector<std::string> limits;   ///< only its limits: polling goes on
  bool daemon = false;
  bool bank = false;
  bool outputs = false;  ///< outputs or the remote input
  bool web = false;

  [[nodiscard]] bool none() const;
  friend bool operator==(const Changes&, const Changes&) = default;
};

Changes compare(const Config& before, const Config& after);

}  // namespace bms::config
