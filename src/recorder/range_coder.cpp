#include "recorder/range_coder.hpp"

#include <algorithm>
#include <bit>

namespace bms::recorder {
namespace {

constexpr std::uint32_t kOne = 1U << 16U;
constexpr std::uint32_t kRarest = 32;  ///< nothing is ever held for impossible
constexpr std::uint32_t kSmallestRange = 1U << 24U;
constexpr unsigned kSlowest = 7;  ///< an old hand learns 1/128 from each decision

std::uint32_t part(std::uint32_t range, const Bit& model) {
  return static_cast<std::uint32_t>(std::uint64_t{range} * model.no() >> 16U);
}

}  // namespace

void Bit::learn(bool yes) {
  // The mean of what was seen at first, then one that forgets.
  const unsigned pace = std::min(kSlowest, static_cast<unsigned>(std::bit_width(seen_)) + 1);
  if (seen_ < 1U << kSlowest) ++seen_;
  const std::uint32_t no = yes ? no_ - (no_ >> pace) : no_ + ((kOne - no_) >> pace);
  no_ = static_cast<std::uint16_t>(std::clamp(no, kRarest, kOne - kRarest));
}

bool RangeEncoder::bit(Bit& model, bool yes) {
  const std::uint32_t bound = part(range_, model);
  if (yes) low_ += bound;
  range_ = yes ? range_ - bound : bound;
  model.learn(yes);
  normalise();
  return yes;
}

std::uint64_t RangeEncoder::direct(unsigned count, std::uint64_t value) {
  for (unsigned i = count; i-- > 0;) {
    range_ >>= 1U;
    if ((value >> i & 1U) != 0) low_ += range_;
    normalise();
  }
  return value;
}

void RangeEncoder::normalise() {
  while (range_ < kSmallestRange) {
    range_ <<= 8U;
    shift();
  }
}

void RangeEncoder::shift() {
  constexpr std::uint64_t kCarry = 1ULL << 32U;
  if (low_ < 0xFF000000U || low_ >= kCarry) {
    const auto carry = static_cast<std::uint8_t>(low_ >> 32U);
    for (std::uint8_t byte = pending_; pending_count_ > 0; --pending_count_, byte = 0xFF) {
      done_.push_back(static_cast<char>(byte + carry));
    }
    pending_ = static_cast<std::uint8_t>(low_ >> 24U);
  }
  ++pending_count_;
  low_ = (low_ & 0x00FFFFFFU) << 8U;
}

std::string RangeEncoder::take() {
  std::string bytes;
  bytes.swap(done_);
  return bytes;
}

std::string RangeEncoder::tail() const {
  RangeEncoder end = *this;
  for (int i = 0; i < 5; ++i) end.shift();
  return end.done_;
}

RangeDecoder::RangeDecoder(std::string_view bytes) : bytes_(bytes) {
  for (int i = 0; i < 5; ++i) code_ = code_ << 8U | next();
}

bool RangeDecoder::bit(Bit& model, bool /*ignored*/) {
  const std::uint32_t bound = part(range_, model);
  const bool yes = code_ >= bound;
  if (yes) code_ -= bound;
  range_ = yes ? range_ - bound : bound;
  model.learn(yes);
  normalise();
  return yes;
}

std::uint64_t RangeDecoder::direct(unsigned count, std::uint64_t /*ignored*/) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) {
    range_ >>= 1U;
    const bool one = code_ >= range_;
    if (one) code_ -= range_;
    value = value << 1U | (one ? 1U : 0U);
    normalise();
  }
  return value;
}

void RangeDecoder::normalise() {
  while (range_ < kSmallestRange) {
    range_ <<= 8U;
    code_ = code_ << 8U | next();
  }
}

std::uint8_t RangeDecoder::next() {
  if (bytes_.empty()) {
    ++missing_;
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(bytes_.front());
  bytes_.remove_prefix(1);
  return byte;
}

}  // namespace bms::recorder
