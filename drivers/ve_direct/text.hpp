#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bms/bytes.hpp"

/// TEXT blocks of VE.Direct, byte for byte (VE.Direct Protocol 3.33).
///
///     block := field ... field CR LF "Checksum" TAB byte        field := CR LF label TAB value
///
/// All bytes from the first CR to the check byte add up to 0 modulo 256. The check byte may be any value, also CR, LF,
/// TAB or ':'. HEX frames (':' ... LF) may stand anywhere else, even inside a word, and do not count.
namespace bms::ve_direct {

inline constexpr std::size_t kLongestLabel = 8;
inline constexpr std::size_t kLongestValue = 32;
inline constexpr std::size_t kMostFields = 32;  ///< the document says 22; newer firmware adds some now and then
inline constexpr std::size_t kLongestHex = 100;
inline constexpr std::size_t kLongestBlock = 2048;  ///< with HEX frames inside

struct BlockField {
  std::string label;
  std::string value;
};

/// Eats one block, byte by byte. A read may end anywhere.
class TextParser {
 public:
  enum class State : std::uint8_t { before_cr, before_lf, label, value, check, hex, good, bad };

  /// Takes the next byte; returns the state after it. Nothing is to be fed after good or bad.
  State feed(std::uint8_t byte);

  /// Fields of a good block, without the checksum, in the order of the device; no label twice.
  [[nodiscard]] const std::vector<BlockField>& fields() const { return fields_; }
  /// HEX frames met on the way: what stood between ':' and LF.
  [[nodiscard]] const std::vector<Bytes>& hex_frames() const { return hex_frames_; }
  [[nodiscard]] const std::string* find(std::string_view label) const;

 private:
  State step(std::uint8_t byte);
  State end_of_label();
  State in_hex(std::uint8_t byte);

  State state_ = State::before_cr;
  State resume_ = State::before_cr;  ///< where to go on after a HEX frame
  std::uint8_t sum_ = 0;
  std::size_t size_ = 0;
  std::vector<BlockField> fields_;
  std::vector<Bytes> hex_frames_;
};

/// A complete block with its checksum, as the device would send it.
Bytes make_block(const std::vector<BlockField>& fields);

}  // namespace bms::ve_direct
