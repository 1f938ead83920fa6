#include "bms/ascii_frame.hpp"

#include <algorithm>
#include <array>

#include "bms/checksum.hpp"

namespace bms::ascii {
namespace {

constexpr std::size_t kHeader = 13;  // SOI, VER, ADR, CID1, CID2, LENGTH
constexpr std::string_view kDigits = "0123456789ABCDEF";

/// -1 for anything but an upper-case hexadecimal digit: no known device sends small letters, a flipped bit does.
constexpr int digit(std::uint8_t character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

/// Value of `Characters` digits that are known to be digits.
template <std::size_t Characters>
std::uint32_t number(ByteView frame, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < Characters; ++i) value = value << 4U | static_cast<std::uint32_t>(digit(frame[at + i]));
  return value;
}

void put(Bytes& out, std::uint32_t value, std::size_t characters) {
  for (std::size_t i = characters; i > 0; --i) {
    out.push_back(static_cast<std::uint8_t>(kDigits[value >> (4U * (i - 1)) & 0x0FU]));
  }
}

/// LENGTH: number of characters of INFO, above it the two's complement of the sum of its digits, modulo 16.
constexpr std::uint32_t length_field(std::uint32_t characters) {
  const std::uint32_t sum = (characters >> 8U & 0x0FU) + (characters >> 4U & 0x0FU) + (characters & 0x0FU);
  return ((0x10U - (sum & 0x0FU)) & 0x0FU) << 12U | characters;
}
static_assert(length_field(0) == 0 && length_field(198) == 0xE0C6 && length_field(0xFFE) == 0x4FFE);

/// Two's complement of the sum of all characters between SOI and CHKSUM.
std::uint32_t check_field(ByteView characters) { return (0x10000U - sum16(characters)) & 0xFFFFU; }

/// Characters of the whole frame, or 0 when its LENGTH cannot be true. All of the header must be there.
std::size_t frame_size(ByteView frame) {
  const std::uint32_t length = number<4>(frame, 9);
  const std::uint32_t characters = length & 0x0FFFU;
  if (length_field(characters) != length || characters % 2 != 0 || characters > 2 * kMostInfo) return 0;
  return kOverhead + characters;
}

/// A return code, as opposed to the command another master sends. 90 and 91 are an extension of Daren boards.
bool is_return_code(std::uint8_t code) { return code <= 0x0F || code == 0x90 || code == 0x91; }

bool all_digits(ByteView characters) {
  return std::all_of(characters.begin(), characters.end(), [](std::uint8_t c) { return digit(c) >= 0; });
}

}  // namespace

Bytes build(const Frame& frame) {
  Bytes out{kStart};
  out.reserve(kOverhead + 2 * frame.info.size());
  for (const std::uint8_t byte : {frame.version, frame.address, frame.cid1, frame.code}) put(out, byte, 2);
  put(out, length_field(static_cast<std::uint32_t>(2 * frame.info.size())), 4);
  for (const std::uint8_t byte : frame.info) put(out, byte, 2);
  put(out, check_field(ByteView(out).subspan(1)), 4);
  out.push_back(kEnd);
  return out;
}

Outcome<Frame> parse(ByteView frame) {
  if (frame.size() < kOverhead || frame.front() != kStart || frame.back() != kEnd) return fail(Fault::crc);
  if (!all_digits(frame.subspan(1, frame.size() - 2)) || frame_size(frame) != frame.size()) return fail(Fault::crc);
  const std::size_t check_at = frame.size() - 5;
  if (number<4>(frame, check_at) != check_field(frame.subspan(1, check_at - 1))) return fail(Fault::crc);
  Frame out{static_cast<std::uint8_t>(number<2>(frame, 1)),
            static_cast<std::uint8_t>(number<2>(frame, 3)),
            static_cast<std::uint8_t>(number<2>(frame, 5)),
            static_cast<std::uint8_t>(number<2>(frame, 7)),
            {}};
  out.info.reserve((check_at - kHeader) / 2);
  for (std::size_t at = kHeader; at < check_at; at += 2) {
    out.info.push_back(static_cast<std::uint8_t>(number<2>(frame, at)));
  }
  return out;
}

std::optional<unsigned> asked(ByteView request) {
  const auto frame = parse(request);
  return frame ? std::optional<unsigned>(frame->address) : std::nullopt;
}

Scan scan_answer(ByteView request, ByteView buffer) {
  if (buffer.empty()) return Scan::more();
  if (request.size() < kOverhead) return Scan::drop(buffer.size(), Fault::foreign);
  const auto start = std::find(buffer.begin(), buffer.end(), kStart);
  if (start != buffer.begin()) return Scan::drop(static_cast<std::size_t>(start - buffer.begin()));
  const std::size_t seen = std::min(buffer.size(), kHeader);
  if (!all_digits(buffer.subspan(1, seen - 1))) return Scan::drop(1, Fault::crc);
  if (buffer.size() < kHeader) return Scan::more();
  const std::size_t size = frame_size(buffer);
  if (size == 0) return Scan::drop(1, Fault::crc);
  const std::size_t digits = std::min(buffer.size(), size - 1) - 1;
  if (!all_digits(buffer.subspan(1, digits))) return Scan::drop(1, Fault::crc);
  if (buffer.size() < size) return Scan::more(size - buffer.size());
  const auto frame = parse(buffer.first(size));
  if (!frame) return Scan::drop(1, Fault::crc);
  // VER, ADR and CID1 are the six characters behind SOI.
  const bool same_device = std::equal(request.begin() + 1, request.begin() + 7, buffer.begin() + 1);
  if (!same_device || !is_return_code(frame->code)) return Scan::drop(size, Fault::foreign);
  return Scan::found(0, size);
}

Outcome<Bytes> answer_info(ByteView frame) {
  auto content = parse(frame);
  if (!content) return fail(content.error());
  if (content->code != 0) return fail(Fault::refused);
  return std::move(content->info);
}

}  // namespace bms::ascii
