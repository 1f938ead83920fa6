#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bms/ascii_frame.hpp"
#include "bms/checksum.hpp"
#include "bms/modbus.hpp"

/// What may be sent to a port where nobody knows who listens: judged by the protocols' documents, not by our drivers.
namespace bms::test {

/// Length of the request at the front of `stream`; nullopt when it is not complete.
inline std::optional<std::size_t> request_size(ByteView stream) {
  const auto up_to = [stream](std::uint8_t end) -> std::optional<std::size_t> {
    const auto mark = std::find(stream.begin(), stream.end(), end);
    if (mark == stream.end()) return std::nullopt;
    return static_cast<std::size_t>(mark - stream.begin()) + 1;
  };
  if (stream.size() < 4) return std::nullopt;
  if (stream[0] == ':' && stream[1] >= '0') return up_to('\n');
  if (stream[0] == 0xA5) return 13;                                               // Daly
  if (stream[0] == 0x4E && stream[1] == 0x57) return 2 + read_be<2>(stream, 2);   // JK
  if (stream[0] == 0x7E && stream[1] >= '0') return up_to('\r');                  // YD/T 1363
  if (stream[0] == 0x7E || stream[0] == 0x7C) return 6 + std::size_t{stream[3]};  // TianPower
  if (stream[1] != modbus::kWriteMultiple) return 8;
  if (stream.size() < 7) return std::nullopt;
  return 9 + std::size_t{stream[6]};
}

/// Why this request could change something in some device; nullopt when it only reads.
inline std::optional<std::string> why_not_read_only(ByteView request) {
  const auto one_of = [](std::uint8_t value, std::initializer_list<std::uint8_t> list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  const auto verdict = [&](bool reads, const char* protocol) -> std::optional<std::string> {
    if (reads) return std::nullopt;
    return std::string(protocol) + ": " + to_hex(request);
  };
  const auto size = request_size(request);
  if (!size || *size != request.size()) return "no known request: " + to_hex(request);
  // VE.Direct: ping, version, product id, get.
  if (request[0] == ':' && request[1] >= '0') return verdict(one_of(request[1], {'1', '3', '4', '7'}), "VE.Direct");
  // Daly: 0x50.. are settings, 0x90.. live values; orders are 0x00, 0x10.. to 0x2x and 0xD8 to 0xDA.
  if (request[0] == 0xA5) return verdict(one_of(request[2] & 0xF0U, {0x50, 0x60, 0x90}), "Daly A5");
  // JK: read one, read all.
  if (request[0] == 0x4E) return verdict(one_of(request[8], {0x03, 0x06}), "JK");
  if (request[0] == 0x7E && request[1] >= '0') {
    const auto frame = ascii::parse(request);
    if (!frame) return "damaged: " + to_hex(request);
    const bool module = frame->code == 0xB0 && frame->info.size() == 5 && frame->info[1] == 0x01;  // operation: read
    return verdict(module || one_of(frame->code, {0x42, 0x44, 0x47, 0x4F, 0x51, 0x83}), "YD/T 1363");
  }
  if (request[0] == 0x7E || request[0] == 0x7C) return verdict(one_of(request[2], {0x01, 0x33, 0x42}), "TianPower");
  if (!modbus::crc_ok(request)) return "damaged: " + to_hex(request);
  if (one_of(request[1], {modbus::kReadHolding, modbus::kReadInput})) return std::nullopt;
  // JK PB has no other way to be asked for a block: a zero written to a register that triggers the answer.
  const bool block = request.size() == 11 && request[1] == modbus::kWriteMultiple && request[2] == 0x16 &&
                     one_of(request[3], {0x1C, 0x1E, 0x20}) && read_be<2>(request, 4) == 1 &&
                     read_be<2>(request, 7) == 0;
  return verdict(block, "Modbus");
}

/// The requests in a recorded stream; what remains incomplete at the end is the last one.
inline std::vector<Bytes> split_requests(ByteView stream) {
  std::vector<Bytes> requests;
  while (!stream.empty()) {
    const std::size_t size = std::min(request_size(stream).value_or(stream.size()), stream.size());
    requests.emplace_back(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    stream = stream.subspan(size);
  }
  return requests;
}

}  // namespace bms::test
