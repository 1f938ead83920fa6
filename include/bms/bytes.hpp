#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bms {

/// Bytes that somebody owns.
using Bytes = std::vector<std::uint8_t>;
/// Bytes of somebody else; valid only as long as their owner.
using ByteView = std::span<const std::uint8_t>;

/// Unsigned integer of `Size` bytes, most significant byte first. `bytes` must hold `offset + Size` bytes.
template <std::size_t Size>
constexpr std::uint32_t read_be(ByteView bytes, std::size_t offset) {
  static_assert(Size >= 1 && Size <= 4);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < Size; ++i) value = (value << 8U) | bytes[offset + i];
  return value;
}

/// Unsigned integer of `Size` bytes, least significant byte first. `bytes` must hold `offset + Size` bytes.
template <std::size_t Size>
constexpr std::uint32_t read_le(ByteView bytes, std::size_t offset) {
  static_assert(Size >= 1 && Size <= 4);
  std::uint32_t value = 0;
  for (std::size_t i = Size; i > 0; --i) value = (value << 8U) | bytes[offset + i - 1];
  return value;
}

/// Appends the low `size` bytes of `value`, most significant first.
inline void append_be(Bytes& out, std::uint32_t value, std::size_t size) {
  for (std::size_t i = size; i > 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
}

/// Appends the low `size` bytes of `value`, least significant first.
inline void append_le(Bytes& out, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8U * i)));
}

inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

/// Printable text of a fixed-size field: ends at the first NUL, unprintable bytes become '?', blanks at the end go.
std::string text_field(ByteView bytes);

/// "4E 57 00": upper-case hex with blanks.
std::string to_hex(ByteView bytes);

}  // namespace bms
