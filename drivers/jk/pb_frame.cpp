#include "pb_frame.hpp"

#include <algorithm>
#include <array>

#include "bms/checksum.hpp"
#include "bms/modbus.hpp"

namespace bms::jk {
namespace {

constexpr std::array<std::uint8_t, 4> kHeader = {0x55, 0xAA, 0xEB, 0x90};
constexpr std::size_t kTypeAt = 4;
constexpr std::size_t kSumAt = kBlockSize - 1;
constexpr std::size_t kAckSize = 8;
constexpr std::size_t kTriggerSize = 11;
constexpr std::size_t kReadRequestSize = 8;

std::uint16_t trigger_register(Block block) {
  if (block == Block::status) return kTriggerStatus;
  return block == Block::settings ? kTriggerSettings : kTriggerAbout;
}

std::uint16_t register_base(Block block) {
  if (block == Block::status) return kStatusBase;
  return block == Block::settings ? kSettingsBase : kAboutBase;
}

/// ADDR 10 REG 00 01 CRC
bool is_acknowledge(ByteView bytes) {
  return bytes.size() >= kAckSize && bytes[1] == modbus::kWriteMultiple && bytes[4] == 0 && bytes[5] == 1 &&
         modbus::crc_ok(bytes.first(kAckSize));
}

/// Where the acknowledge behind a block begins: newer firmware and some adapters put one zero byte between. A zero may
/// also be the address of a master.
std::optional<std::size_t> acknowledge_at(ByteView buffer) {
  for (const std::size_t at : {kBlockSize, kBlockSize + 1}) {
    if (buffer.size() >= at + kAckSize && is_acknowledge(buffer.subspan(at))) return at;
  }
  return std::nullopt;
}

Scan scan_block(std::uint8_t address, std::optional<Block> wanted, ByteView buffer) {
  // The vendor's CH341 cable puts 0 to 11 bytes of the request before the header, and other left-overs.
  const auto header = std::search(buffer.begin(), buffer.end(), kHeader.begin(), kHeader.end());
  auto before = static_cast<std::size_t>(header - buffer.begin());
  if (header == buffer.end()) {
    std::size_t tail = std::min(kHeader.size() - 1, buffer.size());
    while (tail > 0 && !std::equal(buffer.end() - static_cast<std::ptrdiff_t>(tail), buffer.end(), kHeader.begin())) {
      --tail;
    }
    before = buffer.size() - tail;
  }
  if (before > 0) return Scan::drop(before);
  if (buffer.size() < kBlockSize) return Scan::more(kBlockSize + kAckSize - buffer.size());
  // A torn block may hold a good one: go on right behind the header that failed (jblance/mpp-solar:utils/2024*.log).
  if (sum8(buffer.first(kSumAt)) != buffer[kSumAt]) return Scan::drop(1, Fault::crc);
  const auto acknowledge = acknowledge_at(buffer);
  if (!acknowledge) {
    const bool whole = buffer.size() >= kBlockSize + 1 + kAckSize ||
                       (buffer.size() >= kBlockSize + kAckSize && buffer[kBlockSize] != 0);
    return whole ? Scan::drop(1, Fault::crc) : Scan::more();
  }
  // The block does not say whose it is, the acknowledge does: without this a late answer lands on the wrong pack.
  const std::size_t end = *acknowledge + kAckSize;
  const auto type = static_cast<Block>(buffer[kTypeAt]);
  const bool type_fits =
      read_be<2>(buffer, *acknowledge + 2) == trigger_register(type) && type >= Block::settings && type <= Block::about;
  if (!type_fits || buffer[*acknowledge] != address || (wanted && *wanted != type)) {
    return Scan::drop(end, Fault::foreign);
  }
  return Scan::found(0, end);
}

/// Bytes per field: 1 keeps its place in register order, 2 and 4 are turned.
std::array<std::uint8_t, kBlockSize> field_sizes(Block block) {
  std::array<std::uint8_t, kBlockSize> sizes{};
  sizes.fill(2);
  const auto note = [&](std::span<const Field> layout) {
    for (const Field& field : layout) sizes[field.offset] = static_cast<std::uint8_t>(wire_size(field.wire));
  };
  const auto bytes = [&](std::size_t begin, std::size_t size) {
    std::fill_n(sizes.begin() + static_cast<std::ptrdiff_t>(begin), size, std::uint8_t{1});
  };
  if (block == Block::status) {
    note(kStatus);
    note(kStatusFrom15);
    for (const std::size_t at : {kCellMaskAt, kAlarmsAt, kVoltageFactorAt}) sizes[at] = 4;
    for (const std::size_t pair : std::array<std::size_t, 4>{78, 214, 244, 280}) bytes(pair, 2);
  } else if (block == Block::settings) {
    note(kSettings);
    for (std::size_t i = 0; i < kMostCells; ++i) sizes[kConnectionResistanceAt + 4 * i] = 4;
    sizes[278] = 4;
    bytes(284, 14);
  } else {
    bytes(kBlockData, kBlockSize - kBlockData);  // texts, and numbers whose register order no document tells
    for (const std::size_t at : {std::size_t{38}, std::size_t{42}, std::size_t{262}}) sizes[at] = 4;
  }
  return sizes;
}

}  // namespace

Bytes trigger_request(std::uint8_t address, Block block) {
  constexpr std::uint16_t kNothing[] = {0};
  return modbus::write_multiple_request(address, trigger_register(block), kNothing);
}

Bytes switch_request(std::uint8_t address, std::size_t offset, bool on) {
  const std::uint16_t words[] = {0, on ? std::uint16_t{1} : std::uint16_t{0}};
  return modbus::write_multiple_request(address, static_cast<std::uint16_t>(kSettingsBase + offset - kBlockData),
                                        words);
}

Bytes register_request(std::uint8_t address, Block block, std::size_t offset, std::size_t words) {
  return modbus::read_request(address, modbus::kReadHolding,
                              static_cast<std::uint16_t>(register_base(block) + offset - kBlockData),
                              static_cast<std::uint16_t>(words));
}

std::optional<Block> triggered_block(ByteView request) {
  if (request.size() != kTriggerSize || request[1] != modbus::kWriteMultiple || !modbus::crc_ok(request)) {
    return std::nullopt;
  }
  const auto reg = read_be<2>(request, 2);
  if (reg == kTriggerStatus) return Block::status;
  if (reg == kTriggerSettings) return Block::settings;
  if (reg == kTriggerAbout) return Block::about;
  return std::nullopt;
}

bool is_block(ByteView frame) {
  return frame.size() >= kBlockSize + kAckSize && std::equal(kHeader.begin(), kHeader.end(), frame.begin());
}

Block block_type(ByteView frame) { return static_cast<Block>(frame[kTypeAt]); }

std::size_t acknowledge_begin(ByteView frame) { return frame.size() - kAckSize; }

std::optional<Window> register_window(ByteView request) {
  if (request.size() != kReadRequestSize || request[1] != modbus::kReadHolding) return std::nullopt;
  const std::size_t reg = read_be<2>(request, 2);
  const std::size_t size = std::size_t{read_be<2>(request, 4)} * 2;
  for (const Block block : {Block::settings, Block::status, Block::about}) {
    const std::size_t base = register_base(block);
    if (reg < base || reg >= base + 0x200) continue;
    const Window window{block, reg - base + kBlockData, reg - base + kBlockData + size};
    if (size == 0 || window.end > kBlockSize - 1) return std::nullopt;
    return window;
  }
  return std::nullopt;
}

void swap_byte_order(std::span<std::uint8_t> block, Window window) {
  const auto sizes = field_sizes(window.block);
  for (std::size_t at = window.begin; at < window.end;) {
    const std::size_t size = sizes[at];
    if (at + size > window.end) return;
    const auto begin = block.begin() + static_cast<std::ptrdiff_t>(at);
    std::reverse(begin, begin + static_cast<std::ptrdiff_t>(size));
    at += size;
  }
}

Scan scan_pb(ByteView request, ByteView buffer, std::uint8_t listening) {
  if (buffer.empty()) return Scan::more();
  if (request.empty()) return scan_block(listening, std::nullopt, buffer);
  if (const auto wanted = triggered_block(request)) return scan_block(request[0], wanted, buffer);
  return modbus::scan_answer(request, buffer);
}

Bytes without_secrets(ByteView request, ByteView received) {
  Bytes out(received.begin(), received.end());
  const bool about_asked = triggered_block(request) == Block::about;
  std::size_t clean = 0;  // everything before is done
  for (std::size_t at = 0; at + kTypeAt < out.size(); ++at) {
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(at);
    if (!std::equal(kHeader.begin(), kHeader.end(), begin)) continue;
    const std::span<std::uint8_t> block(begin, std::min(out.size() - at, kBlockSize));
    const bool intact = block.size() == kBlockSize && sum8(block.first(kSumAt)) == block[kSumAt];
    // Two exchanged bytes keep the sum: what was asked for counts more than the type that the block tells.
    if (about_asked || block_type(block) == Block::about) {
      for (const ByteRange& secret : kSecrets) {
        for (std::size_t i = secret.begin; i < std::min(secret.begin + secret.size, block.size()); ++i) block[i] = 0;
      }
      if (intact) block[kSumAt] = sum8(block.first(kSumAt));
    }
    if (!intact) continue;
    if (about_asked && clean < at) std::fill(out.begin() + static_cast<std::ptrdiff_t>(clean), begin, std::uint8_t{0});
    clean = std::min(out.size(), at + kBlockSize + 1 + kAckSize);
    at += kBlockSize - 1;
  }
  // In a damaged about block nobody knows where the secrets stand.
  if (about_asked) std::fill(out.begin() + static_cast<std::ptrdiff_t>(clean), out.end(), std::uint8_t{0});
  return out;
}

}  // namespace bms::jk
