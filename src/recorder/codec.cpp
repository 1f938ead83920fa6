#include "recorder/codec.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace bms::recorder {
namespace {

enum Flags : std::uint8_t { kReading = 1, kStep = 2, kKeyframe = 4, kRare = 8, kLayout = 16 };

// How a changed number is written.
constexpr std::uint64_t kGone = 0;        ///< absent from now on
constexpr std::uint64_t kExact = 1;       ///< eight bytes follow
constexpr std::uint64_t kMillionths = 2;  ///< the difference in millionths follows
constexpr std::uint64_t kFirstDelta = 3;  ///< from here on: the difference in thousandths
constexpr double kLargest = 1e9;          ///< a grid beyond this would not be exact

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// Where the number stands on a grid; 0 for what stands on none.
std::int64_t on_grid(double value, double grid) { return std::abs(value) < kLargest ? std::llround(value * grid) : 0; }
bool fits(double value, double grid) {
  return std::abs(value) < kLargest && same(static_cast<double>(std::llround(value * grid)) / grid, value);
}

void encode_number(double value, double before, std::string& out) {
  if (std::isnan(value)) return append_varint(out, kGone);
  if (fits(value, 1e3)) return append_varint(out, kFirstDelta + zigzag(on_grid(value, 1e3) - on_grid(before, 1e3)));
  if (fits(value, 1e6)) {
    append_varint(out, kMillionths);
    return append_varint(out, zigzag(on_grid(value, 1e6) - on_grid(before, 1e6)));
  }
  append_varint(out, kExact);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// Every difference is within what two numbers below kLargest can have; more is damage.
std::optional<double> from_grid(std::uint64_t code, double before, double grid) {
  const std::int64_t delta = unzigzag(code);
  if (std::abs(static_cast<double>(delta)) > 2 * kLargest * grid) return std::nullopt;
  return static_cast<double>(on_grid(before, grid) + delta) / grid;
}

std::optional<double> decode_number(Cursor& cursor, double before) {
  const auto code = cursor.varint();
  if (!code) return std::nullopt;
  if (*code == kGone) return kAbsent;
  if (*code == kExact) return cursor.number();
  if (*code >= kFirstDelta) return from_grid(*code - kFirstDelta, before, 1e3);
  const auto delta = cursor.varint();
  return delta ? from_grid(*delta, before, 1e6) : std::nullopt;
}

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

void encode(const Record& record, std::int64_t previous_ms, const Base& base, std::string& out) {
  const bool layout = !base.known || !base.row.same_layout(record.row);
  append_varint(out, record.channel);
  append_varint(out, static_cast<std::uint64_t>(std::max<std::int64_t>(0, record.at_ms - previous_ms)));
  out.push_back(static_cast<char>((record.reading ? kReading : 0) | (record.has_step ? kStep : 0) |
                                  (record.keyframe.empty() ? 0 : kKeyframe) | (record.rare.empty() ? 0 : kRare) |
                                  (layout ? kLayout : 0)));
  for (const std::string* text : {&record.keyframe, &record.rare}) {
    if (text->empty()) continue;
    append_varint(out, text->size());
    out += *text;
  }
  Row empty;
  if (layout) {
    append_varint(out, record.row.cells);
    append_varint(out, record.row.temperatures);
    empty = Row(record.row.cells, record.row.temperatures);
  }
  const std::vector<double>& before = layout ? empty.values : base.row.values;
  const std::vector<double>& now = record.row.values;
  const std::size_t mask = out.size();
  out.append((now.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (same(now[i], before[i])) continue;
    out[mask + i / 8] = static_cast<char>(static_cast<unsigned char>(out[mask + i / 8]) | 1U << i % 8);
    encode_number(now[i], before[i], out);
  }
}

std::optional<std::uint64_t> Cursor::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto next = byte();
    if (!next) return std::nullopt;
    value |= static_cast<std::uint64_t>(*next & 0x7FU) << shift;
    if ((*next & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

std::optional<std::uint8_t> Cursor::byte() {
  const auto one = take(1);
  return one ? std::optional(static_cast<std::uint8_t>(one->front())) : std::nullopt;
}

std::optional<double> Cursor::number() {
  const auto bytes = take(sizeof(double));
  if (!bytes) return std::nullopt;
  double value = 0;
  std::memcpy(&value, bytes->data(), sizeof value);
  return value;
}

std::optional<std::string_view> Cursor::take(std::uint64_t size) {
  if (size > bytes_.size()) return std::nullopt;
  const auto part = bytes_.substr(0, static_cast<std::size_t>(size));
  bytes_.remove_prefix(part.size());
  return part;
}

std::optional<std::string_view> Cursor::text() {
  const auto size = varint();
  return size ? take(*size) : std::nullopt;
}

std::optional<Record> decode(Cursor& cursor, std::size_t channel, std::int64_t previous_ms, const Base& base) {
  Record record;
  record.channel = channel;
  const auto later_ms = cursor.varint();
  const auto flags = cursor.byte();
  constexpr std::uint64_t kLongest_ms = 1000ULL * 86400 * 365;
  if (!later_ms || *later_ms > kLongest_ms || !flags) return std::nullopt;
  record.at_ms = previous_ms + static_cast<std::int64_t>(*later_ms);
  record.reading = (*flags & kReading) != 0;
  record.has_step = (*flags & kStep) != 0;
  for (const auto& [flag, text] : {std::pair{kKeyframe, &record.keyframe}, {kRare, &record.rare}}) {
    if ((*flags & flag) == 0) continue;
    const auto content = cursor.text();
    if (!content) return std::nullopt;
    *text = *content;
  }
  if ((*flags & kLayout) != 0) {
    const auto cells = cursor.varint();
    const auto temperatures = cursor.varint();
    if (!cells || !temperatures || *cells > kMostCells || *temperatures > kMostCells) return std::nullopt;
    record.row = Row(static_cast<std::size_t>(*cells), static_cast<std::size_t>(*temperatures));
  } else if (base.known) {
    record.row = base.row;
  } else {
    return std::nullopt;
  }
  std::vector<double>& values = record.row.values;
  const auto mask = cursor.take((values.size() + 7) / 8);
  if (!mask) return std::nullopt;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if ((static_cast<unsigned char>((*mask)[i / 8]) >> i % 8 & 1U) == 0) continue;
    const auto value = decode_number(cursor, values[i]);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  return record;
}

}  // namespace bms::recorder
