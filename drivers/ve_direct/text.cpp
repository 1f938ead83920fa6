#include "text.hpp"

#include <algorithm>

#include "bms/checksum.hpp"

namespace bms::ve_direct {
namespace {

constexpr std::uint8_t kCr = '\r';
constexpr std::uint8_t kLf = '\n';
constexpr std::uint8_t kTab = '\t';
constexpr std::string_view kChecksum = "Checksum";

bool is_label_char(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '#' ||
         byte == '_';
}
bool is_value_char(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7F; }
bool is_hex_digit(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
}

}  // namespace

TextParser::State TextParser::feed(std::uint8_t byte) {
  if (++size_ > kLongestBlock) return state_ = State::bad;
  if (state_ == State::hex) return state_ = in_hex(byte);
  if (byte == ':' && state_ != State::check) {
    resume_ = state_;
    hex_frames_.emplace_back();
    return state_ = State::hex;
  }
  sum_ = static_cast<std::uint8_t>(sum_ + byte);
  return state_ = step(byte);
}

TextParser::State TextParser::in_hex(std::uint8_t byte) {
  if (byte == kLf) return resume_;
  if (!is_hex_digit(byte) || hex_frames_.back().size() >= kLongestHex) return State::bad;
  hex_frames_.back().push_back(byte);
  return State::hex;
}

TextParser::State TextParser::step(std::uint8_t byte) {
  switch (state_) {
    case State::before_cr:
      return byte == kCr ? State::before_lf : State::bad;
    case State::before_lf:
      if (byte != kLf || fields_.size() >= kMostFields) return State::bad;
      fields_.emplace_back();
      return State::label;
    case State::label:
      if (byte == kTab) return end_of_label();
      if (!is_label_char(byte) || fields_.back().label.size() >= kLongestLabel) return State::bad;
      fields_.back().label.push_back(static_cast<char>(byte));
      return State::label;
    case State::value:
      if (byte == kCr) return State::before_lf;
      if (!is_value_char(byte) || fields_.back().value.size() >= kLongestValue) return State::bad;
      fields_.back().value.push_back(static_cast<char>(byte));
      return State::value;
    case State::check:
      return sum_ == 0 ? State::good : State::bad;
    default:
      return State::bad;
  }
}

/// A label that comes twice shows two blocks with bytes lost between them.
TextParser::State TextParser::end_of_label() {
  const std::string& label = fields_.back().label;
  if (label.empty()) return State::bad;
  if (label == kChecksum) {
    fields_.pop_back();
    return State::check;
  }
  const bool twice =
      std::any_of(fields_.begin(), fields_.end() - 1, [&](const BlockField& field) { return field.label == label; });
  return twice ? State::bad : State::value;
}

const std::string* TextParser::find(std::string_view label) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const BlockField& field) { return field.label == label; });
  return found == fields_.end() ? nullptr : &found->value;
}

Bytes make_block(const std::vector<BlockField>& fields) {
  std::string text;
  for (const BlockField& field : fields) text += "\r\n" + field.label + "\t" + field.value;
  text += "\r\n" + std::string(kChecksum) + "\t";
  Bytes block(text.begin(), text.end());
  block.push_back(static_cast<std::uint8_t>(0x100 - sum8(block)));
  return block;
}

}  // namespace bms::ve_direct
