#include "uart_frame.hpp"

#include <algorithm>
#include <array>

#include "bms/checksum.hpp"

namespace bms::jk {
namespace {

constexpr std::uint8_t kStart1 = 0x4E;
constexpr std::uint8_t kStart2 = 0x57;
constexpr std::uint8_t kEndMark = 0x68;
constexpr std::size_t kCommandAt = 8;
constexpr std::size_t kUartTypeAt = 10;
constexpr std::size_t kDataAt = 11;
constexpr std::size_t kTailSize = 9;  ///< record number, end mark, sum
constexpr std::size_t kSumSize = 4;
constexpr std::size_t kShortest = kDataAt + kTailSize;
/// 24 cells with all ids are 315 bytes. A corrupt length (811B was seen) must not make anybody wait for 33 kB.
constexpr std::size_t kLongest = 402;

Bytes frame_of(UartCommand command, std::uint8_t source, std::uint8_t type, ByteView data) {
  Bytes frame{kStart1, kStart2};
  append_be(frame, static_cast<std::uint32_t>(data.size() + kShortest - 2), 2);
  append_be(frame, 0, 4);
  frame.insert(frame.end(), {static_cast<std::uint8_t>(command), source, type});
  append(frame, data);
  append_be(frame, 0, 4);
  frame.push_back(kEndMark);
  append_be(frame, sum16(frame), 4);
  return frame;
}

/// Size of the frame that begins here; nullopt when its length cannot be true.
std::optional<std::size_t> frame_size(ByteView buffer) {
  const std::size_t size = read_be<2>(buffer, 2) + 2;
  return size >= kShortest && size <= kLongest ? std::optional(size) : std::nullopt;
}

/// nullptr: nobody knows this id.
const DataId* data_id(std::uint8_t id) {
  static constexpr auto kRows = [] {
    std::array<std::uint8_t, 256> rows{};  // 1 + where it stands in the table
    for (std::size_t i = 0; i < std::size(kDataIds); ++i) rows[kDataIds[i].id] = static_cast<std::uint8_t>(i + 1);
    return rows;
  }();
  return kRows[id] == 0 ? nullptr : &kDataIds[kRows[id] - 1];
}

bool intact(ByteView frame) {
  const std::size_t end = frame.size() - kSumSize;
  return frame[end - 1] == kEndMark && read_be<2>(frame, end + 2) == sum16(frame.first(end));
}

/// Where ids end in an unknown one, or a long answer has no password, two bit errors may have met the sum: then nobody
/// knows where it stands.
void blank_password(std::span<std::uint8_t> frame) {
  constexpr std::size_t kLongWithoutPassword = 60;
  const auto blank = [&](ByteView part) {
    std::fill_n(frame.begin() + (part.data() - frame.data()), part.size(), std::uint8_t{0});
  };
  ByteView data = uart_data(frame);
  bool found = false;
  while (const auto item = next_item(data)) {
    if (item->id == nullptr || item->id->id != kPassword) continue;
    blank(item->value);
    found = true;
  }
  if (!data.empty()) blank(data);
  if (!found && uart_data(frame).size() > kLongWithoutPassword) blank(uart_data(frame));
}

}  // namespace

Bytes uart_request(UartCommand command, ByteView data) { return frame_of(command, 3, 0, data); }
Bytes uart_reply(UartCommand command, ByteView data) { return frame_of(command, 0, 1, data); }

UartCommand uart_command(ByteView frame) { return static_cast<UartCommand>(frame[kCommandAt]); }
bool uart_is_reply(ByteView frame) { return frame[kUartTypeAt] == 1; }
ByteView uart_data(ByteView frame) {
  return frame.size() < kShortest ? ByteView() : frame.subspan(kDataAt, frame.size() - kShortest);
}

Scan scan_uart(ByteView request, ByteView buffer) {
  constexpr std::array<std::uint8_t, 2> kStart = {kStart1, kStart2};
  if (buffer.empty()) return Scan::more();
  const auto start = std::search(buffer.begin(), buffer.end(), kStart.begin(), kStart.end());
  auto before = static_cast<std::size_t>(start - buffer.begin());
  if (start == buffer.end() && buffer.back() == kStart1) --before;
  if (before > 0) return Scan::drop(before);
  if (buffer.size() < 4) return Scan::more();
  const auto size = frame_size(buffer);
  if (!size) return Scan::drop(1, Fault::crc);
  if (buffer.size() < *size) return Scan::more(*size - buffer.size());
  const ByteView frame = buffer.first(*size);
  if (!intact(frame)) return Scan::drop(1, Fault::crc);
  // Some adapters return the request, which is a valid frame of type 0.
  if (!uart_is_reply(frame)) return Scan::drop(*size);
  if (request.size() > kCommandAt && uart_command(request) != uart_command(frame)) {
    return Scan::drop(*size, Fault::foreign);
  }
  return Scan::found(0, *size);
}

std::optional<DataItem> next_item(ByteView& data) {
  if (data.empty()) return std::nullopt;
  const auto cut = [&](const DataId* id, std::size_t skip, std::size_t size) -> std::optional<DataItem> {
    if (data.size() < skip + size) return std::nullopt;
    const DataItem item{id, data.subspan(skip, size)};
    data = data.subspan(skip + size);
    return item;
  };
  if (data[0] == kCells) return data.size() < 2 ? std::nullopt : cut(nullptr, 2, data[1]);
  const DataId* known = data_id(data[0]);
  return known == nullptr ? std::nullopt : cut(known, 1, known->size);
}

Bytes uart_without_secrets(ByteView received) {
  Bytes out(received.size());  // nobody knows where the password stands in a damaged frame: only intact ones stay
  for (std::size_t at = 0; at + kShortest <= received.size(); ++at) {
    const ByteView rest = received.subspan(at);
    if (rest[0] != kStart1 || rest[1] != kStart2) continue;
    const auto size = frame_size(rest);
    if (!size || rest.size() < *size || !intact(rest.first(*size))) continue;
    const std::span<std::uint8_t> frame(out.begin() + static_cast<std::ptrdiff_t>(at), *size);
    std::copy_n(rest.begin(), *size, frame.begin());
    blank_password(frame);
    const std::size_t end = *size - kSumSize;
    write_raw(frame, end + 2, Wire::u16be, sum16(ByteView(frame).first(end)));
    at += *size - 1;
  }
  return out;
}

}  // namespace bms::jk
