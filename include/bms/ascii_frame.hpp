#pragma once

#include "bms/bytes.hpp"
#include "bms/driver.hpp"

/// YD/T 1363 frames as several families speak them: `~` VER ADR CID1 CID2|RTN LENGTH INFO CHKSUM CR, everything between
/// the marks as upper-case hexadecimal characters, two for each byte, high digit first.
namespace bms::ascii {

inline constexpr std::uint8_t kStart = 0x7E;
inline constexpr std::uint8_t kEnd = 0x0D;
/// Characters of a frame without INFO, both marks included.
inline constexpr std::size_t kOverhead = 18;
/// Longest INFO that is waited for, bytes. The longest known answer (32 cells) has 139.
inline constexpr std::size_t kMostInfo = 256;

/// A frame with its two checks removed. `code` is the command (CID2) of a request and the return code of an answer.
struct Frame {
  std::uint8_t version = 0;
  std::uint8_t address = 0;
  std::uint8_t cid1 = 0;
  std::uint8_t code = 0;
  Bytes info;
};

/// The frame on the wire.
Bytes build(const Frame& frame);

/// The content of one whole frame; Fault::crc when a mark, a character, the length or a check is wrong.
Outcome<Frame> parse(ByteView frame);

/// ADR of a whole request; nullopt: it is none.
std::optional<unsigned> asked(ByteView request);

/// Finds the answer to `request`: same VER, ADR and CID1, and a return code instead of a command, so that neither an
/// echo nor the question of another master passes. Torn frames are left at their first wrong character; a good frame
/// behind or inside them is found. An answer does not repeat its command: whether INFO fits is for the driver to judge.
Scan scan_answer(ByteView request, ByteView buffer);

/// INFO of an answer; Fault::refused for any return code but 00.
Outcome<Bytes> answer_info(ByteView frame);

}  // namespace bms::ascii
