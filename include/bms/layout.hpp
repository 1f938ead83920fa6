#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <variant>

#include "bms/bytes.hpp"
#include "bms/reading.hpp"

/// Wire layouts as data: a table that can be read beside the protocol document. One walker decodes it into a Reading,
/// another encodes a Reading for the simulated device.
namespace bms {

/// How a number stands on the wire.
enum class Wire : std::uint8_t { u8, i8, u16be, i16be, u32be, i32be, u16le, i16le, u32le, i32le };

constexpr std::size_t wire_size(Wire wire) {
  switch (wire) {
    case Wire::u8:
    case Wire::i8:
      return 1;
    case Wire::u16be:
    case Wire::i16be:
    case Wire::u16le:
    case Wire::i16le:
      return 2;
    default:
      return 4;
  }
}

/// The raw number at `offset`, sign extended; nullopt beyond the end of `bytes`.
std::optional<std::int64_t> read_raw(ByteView bytes, std::size_t offset, Wire wire);
/// Writes the low bytes of `raw` at `offset`; `bytes` must be large enough.
void write_raw(std::span<std::uint8_t> bytes, std::size_t offset, Wire wire, std::int64_t raw);

/// raw * scale + bias without binary dust: 3293 * 0.001 is 3.293 and prints as that.
inline double scaled(std::int64_t raw, double scale, double bias = 0) {
  return std::round((static_cast<double>(raw) * scale + bias) * 1e6) / 1e6;
}

/// A name in Reading::extra.
struct ExtraName {
  std::string_view name;
};

/// Where a number goes.
using Target = std::variant<std::optional<double> Reading::*, std::optional<std::int64_t> Reading::*,
                            std::optional<bool> Reading::*, ExtraName>;

/// One number of a layout: value = raw * scale + bias.
struct Field {
  std::size_t offset;
  Wire wire;
  double scale;
  Target target;
  double bias = 0;
  std::optional<std::int64_t> absent = std::nullopt;  ///< this raw value says "not available"
};

/// One fixed-size text of a layout.
struct TextField {
  std::size_t offset;
  std::size_t size;
  std::variant<std::optional<std::string> Reading::*, ExtraName> target;
};

/// One alarm bit, numbered from 0 at the least significant.
struct AlarmBit {
  unsigned bit;
  Condition condition;
  AlarmLevel level;
};

/// Decodes all fields; those beyond the end of `bytes` or with their `absent` value stay absent.
void decode(std::span<const Field> layout, ByteView bytes, Reading& reading);
void decode(std::span<const TextField> layout, ByteView bytes, Reading& reading);
/// Encodes what the Reading has; absent values become `absent` if the field has one, else stay as they are in `bytes`.
void encode(std::span<const Field> layout, const Reading& reading, std::span<std::uint8_t> bytes);
void encode(std::span<const TextField> layout, const Reading& reading, std::span<std::uint8_t> bytes);

/// Puts every number of the layout that `truth` has into `told`, in the steps of the wire: what a perfect driver reads.
void quantise(std::span<const Field> layout, const Reading& truth, Reading& told);

/// Adds the alarms whose bits are set; the same condition twice keeps the higher level.
void decode_alarms(std::span<const AlarmBit> table, std::uint64_t bits, std::vector<Alarm>& alarms);
/// The bits of the alarms in the table that are in force.
std::uint64_t encode_alarms(std::span<const AlarmBit> table, const std::vector<Alarm>& alarms);
void add_alarm(std::vector<Alarm>& alarms, Alarm alarm);

/// Numbers standing one after the other (cells, temperatures); `absent` marks those to leave out.
std::vector<std::optional<double>> decode_row(ByteView bytes, std::size_t offset, std::size_t count, Wire wire,
                                              double scale, double bias = 0,
                                              std::optional<std::int64_t> absent = std::nullopt);

}  // namespace bms
