#pragma once

#include "ve_direct/fields.hpp"
#include "ve_direct/text.hpp"

namespace bms::ve_direct {

inline Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

inline TextParser parsed(ByteView block) {
  TextParser parser;
  for (const std::uint8_t byte : block) parser.feed(byte);
  return parser;
}

/// What the driver makes of a main block of these fields.
inline Outcome<Reading> main_of(const std::vector<BlockField>& fields) {
  return decode_main(parsed(make_block(fields)));
}

}  // namespace bms::ve_direct
