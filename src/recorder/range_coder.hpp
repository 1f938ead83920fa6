#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bms::recorder {

/// One kind of yes-or-no decision and how it fell so far: the more predictable, the less room it takes.
class Bit {
 public:
  [[nodiscard]] std::uint32_t no() const { return no_; }  ///< probability of a no, in 1/65536
  void learn(bool yes);

 private:
  std::uint16_t no_ = 1U << 15U;
  std::uint16_t seen_ = 0;
};

/// Writes decisions by arithmetic coding (the range coder of LZMA, whose byte-wise carry it takes over). Encoder and
/// decoder have the same functions, so that a format is written down once for both: the decoder leaves the value it is
/// given aside and answers the one it finds.
class RangeEncoder {
 public:
  bool bit(Bit& model, bool yes);
  /// `count` bits that nothing is known about, at most 64.
  std::uint64_t direct(unsigned count, std::uint64_t value);
  /// Bytes that are finished since the last call.
  std::string take();
  /// What is still to come if nothing follows.
  [[nodiscard]] std::string tail() const;

 private:
  void normalise();
  void shift();

  std::string done_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xFFFFFFFFU;
  std::uint8_t pending_ = 0;         ///< a byte that a carry may still change
  std::uint64_t pending_count_ = 1;  ///< with the 0xFF behind it
};

/// Reads them back; whatever the bytes are, it reads nothing beyond them.
class RangeDecoder {
 public:
  explicit RangeDecoder(std::string_view bytes);
  bool bit(Bit& model, bool ignored = false);
  std::uint64_t direct(unsigned count, std::uint64_t ignored = 0);
  /// More was asked for than there is: what came since is rubbish.
  [[nodiscard]] bool overrun() const { return missing_ > 0; }

 private:
  void normalise();
  std::uint8_t next();

  std::string_view bytes_;
  std::uint32_t range_ = 0xFFFFFFFFU;
  std::uint32_t code_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace bms::recorder
