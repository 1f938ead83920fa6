#include "bms/modbus.hpp"

#include <algorithm>

#include "bms/checksum.hpp"

namespace bms::modbus {
namespace {

constexpr std::size_t kErrorAnswerSize = 5;
constexpr std::size_t kWriteAnswerSize = 8;

/// Length of the answer that begins with these bytes; 0 when they cannot be an answer to `request`.
std::size_t answer_size(ByteView request, ByteView buffer) {
  if (buffer[0] != request[0]) return 0;
  if (buffer[1] == (request[1] | 0x80U)) return kErrorAnswerSize;
  if (buffer[1] != request[1]) return 0;
  if (request[1] != kReadHolding && request[1] != kReadInput) return kWriteAnswerSize;
  const std::size_t payload = std::size_t{read_be<2>(request, 4)} * 2;
  if (buffer.size() > 2 && buffer[2] != payload) return 0;
  return 3 + payload + 2;
}

}  // namespace

Bytes with_crc(Bytes frame) {
  append_le(frame, crc16_modbus(frame), 2);
  return frame;
}

bool crc_ok(ByteView frame) {
  return frame.size() > 2 && read_le<2>(frame, frame.size() - 2) == crc16_modbus(frame.first(frame.size() - 2));
}

std::optional<unsigned> asked(ByteView request) {
  constexpr std::size_t kShortestRequest = 8;
  return request.size() >= kShortestRequest ? std::optional<unsigned>(request[0]) : std::nullopt;
}

Bytes read_request(std::uint8_t address, std::uint8_t function, std::uint16_t first, std::uint16_t count) {
  Bytes frame{address, function};
  append_be(frame, first, 2);
  append_be(frame, count, 2);
  return with_crc(std::move(frame));
}

Bytes write_single_request(std::uint8_t address, std::uint16_t reg, std::uint16_t value) {
  Bytes frame{address, kWriteSingle};
  append_be(frame, reg, 2);
  append_be(frame, value, 2);
  return with_crc(std::move(frame));
}

Bytes write_multiple_request(std::uint8_t address, std::uint16_t first, std::span<const std::uint16_t> values) {
  Bytes frame{address, kWriteMultiple};
  append_be(frame, first, 2);
  append_be(frame, static_cast<std::uint32_t>(values.size()), 2);
  frame.push_back(static_cast<std::uint8_t>(values.size() * 2));
  for (const std::uint16_t value : values) append_be(frame, value, 2);
  return with_crc(std::move(frame));
}

Scan scan_answer(ByteView request, ByteView buffer) {
  if (request.size() < 8) return Scan::drop(buffer.size(), Fault::foreign);
  if (buffer.size() < 2) return Scan::more();
  const std::size_t size = answer_size(request, buffer);
  if (size == 0) return Scan::drop(1);
  if (buffer.size() < size) return Scan::more(size - buffer.size());
  const ByteView frame = buffer.first(size);
  if (!crc_ok(frame)) return Scan::drop(1, Fault::crc);
  if (size == kWriteAnswerSize && buffer[1] == request[1] && request[1] == kWriteMultiple &&
      !std::equal(frame.begin() + 2, frame.begin() + 6, request.begin() + 2)) {
    return Scan::drop(size, Fault::foreign);
  }
  return Scan::found(0, size);
}

Outcome<ByteView> read_payload(ByteView frame) {
  if (frame.size() == kErrorAnswerSize && (frame[1] & 0x80U) != 0) return fail(Fault::refused);
  if (frame.size() < kErrorAnswerSize || frame.size() != std::size_t{frame[2]} + 5) return fail(Fault::foreign);
  return frame.subspan(3, frame[2]);
}

}  // namespace bms::modbus
