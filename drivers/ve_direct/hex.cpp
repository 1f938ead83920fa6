#include "hex.hpp"

#include "bms/checksum.hpp"

namespace bms::ve_direct::hex {
namespace {

constexpr std::uint8_t kCheckTotal = 0x55;

std::optional<std::uint8_t> digit(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') return static_cast<std::uint8_t>(byte - '0');
  if (byte >= 'A' && byte <= 'F') return static_cast<std::uint8_t>(byte - 'A' + 10);
  if (byte >= 'a' && byte <= 'f') return static_cast<std::uint8_t>(byte - 'a' + 10);
  return std::nullopt;
}

void append_digit(Bytes& out, unsigned nibble) {
  out.push_back(static_cast<std::uint8_t>("0123456789ABCDEF"[nibble & 0x0FU]));
}
void append_byte(Bytes& out, std::uint8_t byte) {
  append_digit(out, byte >> 4U);
  append_digit(out, byte);
}

}  // namespace

std::optional<Frame> decode(ByteView digits) {
  // One digit of command, then whole bytes of which the last is the check: an odd number, at least three.
  if (digits.size() < 3 || digits.size() % 2 == 0) return std::nullopt;
  const auto command = digit(digits[0]);
  if (!command) return std::nullopt;
  Frame frame{*command, {}};
  std::uint8_t sum = *command;
  for (std::size_t i = 1; i < digits.size(); i += 2) {
    const auto high = digit(digits[i]);
    const auto low = digit(digits[i + 1]);
    if (!high || !low) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(*high << 4U | *low);
    sum = static_cast<std::uint8_t>(sum + byte);
    frame.data.push_back(byte);
  }
  if (sum != kCheckTotal) return std::nullopt;
  frame.data.pop_back();
  return frame;
}

std::optional<RegisterValue> register_value(const Frame& frame) {
  const bool with_register = frame.command == static_cast<std::uint8_t>(Command::get) ||
                             frame.command == static_cast<std::uint8_t>(Command::set) ||
                             frame.command == static_cast<std::uint8_t>(Command::async);
  if (!with_register || frame.data.size() < 3) return std::nullopt;
  return RegisterValue{static_cast<std::uint16_t>(read_le<2>(frame.data, 0)), frame.data[2],
                       ByteView(frame.data).subspan(3)};
}

Bytes encode(std::uint8_t command, ByteView data) {
  Bytes out{':'};
  append_digit(out, command);
  for (const std::uint8_t byte : data) append_byte(out, byte);
  append_byte(out, static_cast<std::uint8_t>(kCheckTotal - command - sum8(data)));
  out.push_back('\n');
  return out;
}

Bytes ping() { return encode(static_cast<std::uint8_t>(Command::ping), {}); }

Bytes answer(Command command, std::uint16_t id, std::uint8_t flags, ByteView value) {
  Bytes data;
  append_le(data, id, 2);
  data.push_back(flags);
  append(data, value);
  return encode(static_cast<std::uint8_t>(command), data);
}

Bytes get(std::uint16_t id) { return answer(Command::get, id, 0, {}); }
Bytes set(std::uint16_t id, ByteView value) { return answer(Command::set, id, 0, value); }

}  // namespace bms::ve_direct::hex
