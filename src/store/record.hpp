#pragma once

#include <cstdint>
#include <string>

namespace bms::store {

/// What stands in a file of the Store.
struct Record {
  std::string body;  ///< JSON text, not looked at
  std::uint64_t sequence = 0;
  std::string wrong;  ///< why it cannot be used, or empty
};

/// "dbus-bms-state VERSION SEQUENCE SIZE CRC\n" and the body behind it; the CRC-32 covers sequence and body.
std::string encode(const std::string& body, std::uint64_t sequence);

/// Takes apart what encode() wrote, whatever became of it meanwhile.
Record decode(const std::string& text);

}  // namespace bms::store
