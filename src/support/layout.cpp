#include "bms/layout.hpp"

#include <algorithm>

namespace bms {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang 14, which fuzzes, needs it spelled out

constexpr bool is_little(Wire wire) {
  return wire == Wire::u16le || wire == Wire::i16le || wire == Wire::u32le || wire == Wire::i32le;
}
constexpr bool is_signed(Wire wire) {
  return wire == Wire::i8 || wire == Wire::i16be || wire == Wire::i32be || wire == Wire::i16le || wire == Wire::i32le;
}

void store(const Target& target, Reading& reading, double value) {
  std::visit(Overloaded{[&](std::optional<double> Reading::*member) { reading.*member = value; },
                        [&](std::optional<std::int64_t> Reading::*member) {
                          reading.*member = static_cast<std::int64_t>(std::llround(value));
                        },
                        [&](std::optional<bool> Reading::*member) { reading.*member = value != 0; },
                        [&](ExtraName extra) { reading.extra.insert_or_assign(std::string(extra.name), value); }},
             target);
}

std::optional<double> load(const Target& target, const Reading& reading) {
  return std::visit(Overloaded{[&](std::optional<double> Reading::*member) { return reading.*member; },
                               [&](std::optional<std::int64_t> Reading::*member) {
                                 const auto& value = reading.*member;
                                 return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
                               },
                               [&](std::optional<bool> Reading::*member) {
                                 const auto& value = reading.*member;
                                 return value ? std::optional<double>(*value ? 1.0 : 0.0) : std::nullopt;
                               },
                               [&](ExtraName extra) -> std::optional<double> {
                                 const auto found = reading.extra.find(extra.name);
                                 if (found == reading.extra.end()) return std::nullopt;
                                 const auto* number = std::get_if<double>(&found->second);
                                 return number != nullptr ? std::optional<double>(*number) : std::nullopt;
                               }},
                    target);
}

}  // namespace

std::optional<std::int64_t> read_raw(ByteView bytes, std::size_t offset, Wire wire) {
  const std::size_t size = wire_size(wire);
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at = is_little(wire) ? size - 1 - i : i;
    value = (value << 8U) | bytes[offset + at];
  }
  if (is_signed(wire)) {
    const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
    return static_cast<std::int64_t>(value ^ sign) - static_cast<std::int64_t>(sign);
  }
  return static_cast<std::int64_t>(value);
}

void write_raw(std::span<std::uint8_t> bytes, std::size_t offset, Wire wire, std::int64_t raw) {
  const std::size_t size = wire_size(wire);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at = is_little(wire) ? i : size - 1 - i;
    bytes[offset + at] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(raw) >> (8U * i));
  }
}

void decode(std::span<const Field> layout, ByteView bytes, Reading& reading) {
  for (const Field& field : layout) {
    const auto raw = read_raw(bytes, field.offset, field.wire);
    if (!raw || raw == field.absent) continue;
    store(field.target, reading, scaled(*raw, field.scale, field.bias));
  }
}

void decode(std::span<const TextField> layout, ByteView bytes, Reading& reading) {
  for (const TextField& field : layout) {
    if (field.offset > bytes.size() || bytes.size() - field.offset < field.size) continue;
    std::string text = text_field(bytes.subspan(field.offset, field.size));
    if (text.empty()) continue;
    std::visit(
        Overloaded{[&](std::optional<std::string> Reading::*member) { reading.*member = std::move(text); },
                   [&](ExtraName extra) { reading.extra.insert_or_assign(std::string(extra.name), std::move(text)); }},
        field.target);
  }
}

void encode(std::span<const Field> layout, const Reading& reading, std::span<std::uint8_t> bytes) {
  for (const Field& field : layout) {
    const auto value = load(field.target, reading);
    if (value) {
      write_raw(bytes, field.offset, field.wire, std::llround((*value - field.bias) / field.scale));
    } else if (field.absent) {
      write_raw(bytes, field.offset, field.wire, *field.absent);
    }
  }
}

void encode(std::span<const TextField> layout, const Reading& reading, std::span<std::uint8_t> bytes) {
  for (const TextField& field : layout) {
    std::string text;
    if (const auto* member = std::get_if<std::optional<std::string> Reading::*>(&field.target)) {
      text = (reading.**member).value_or("");
    } else if (const auto found = reading.extra.find(std::get<ExtraName>(field.target).name);
               found != reading.extra.end()) {
      if (const auto* value = std::get_if<std::string>(&found->second)) text = *value;
    }
    const std::size_t size = std::min(text.size(), field.size);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(field.offset), field.size, std::uint8_t{0});
    std::copy_n(text.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(field.offset));
  }
}

void quantise(std::span<const Field> layout, const Reading& truth, Reading& told) {
  for (const Field& field : layout) {
    const auto value = load(field.target, truth);
    if (!value) continue;
    const auto raw = std::llround((*value - field.bias) / field.scale);
    store(field.target, told, scaled(raw, field.scale, field.bias));
  }
}

void add_alarm(std::vector<Alarm>& alarms, Alarm alarm) {
  const auto same = std::find_if(alarms.begin(), alarms.end(),
                                 [&](const Alarm& other) { return other.condition == alarm.condition; });
  if (same == alarms.end()) {
    alarms.push_back(alarm);
  } else if (alarm.level == AlarmLevel::alarm) {
    same->level = AlarmLevel::alarm;
  }
}

void decode_alarms(std::span<const AlarmBit> table, std::uint64_t bits, std::vector<Alarm>& alarms) {
  for (const AlarmBit& entry : table) {
    if ((bits >> entry.bit & 1U) != 0) add_alarm(alarms, {entry.condition, entry.level});
  }
}

std::uint64_t encode_alarms(std::span<const AlarmBit> table, const std::vector<Alarm>& alarms) {
  std::uint64_t bits = 0;
  for (const AlarmBit& entry : table) {
    const Alarm wanted{entry.condition, entry.level};
    if (std::find(alarms.begin(), alarms.end(), wanted) != alarms.end()) bits |= std::uint64_t{1} << entry.bit;
  }
  return bits;
}

std::vector<std::optional<double>> decode_row(ByteView bytes, std::size_t offset, std::size_t count, Wire wire,
                                              double scale, double bias, std::optional<std::int64_t> absent) {
  std::vector<std::optional<double>> row;
  row.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto raw = read_raw(bytes, offset + i * wire_size(wire), wire);
    row.push_back(!raw || raw == absent ? std::nullopt : std::optional<double>(scaled(*raw, scale, bias)));
  }
  return row;
}

}  // namespace bms
