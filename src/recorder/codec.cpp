#include "recorder/codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "recorder/number_coder.hpp"

namespace bms::recorder {
namespace {

constexpr double kLargest = 1e9;  ///< a grid beyond this would not be exact
constexpr std::array<double, 5> kGrids{1, 10, 100, 1e3, 1e6};
constexpr std::uint8_t kNoGrid = kGrids.size();
constexpr std::int64_t kLongest = 100LL * 86400 * 365;  ///< ticks between two records
constexpr unsigned kChannelBits = 10;
constexpr unsigned kCountBits = 9;  ///< of cells, of temperatures
constexpr std::size_t kBlock = 8;

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// The coarsest decimal grid, not coarser than `least`, on which the number stands exactly.
std::uint8_t grid_of(double value, std::uint8_t least) {
  if (!(std::abs(value) < kLargest)) return kNoGrid;
  for (std::uint8_t grid = least; grid < kNoGrid; ++grid) {
    if (same(static_cast<double>(std::llround(value * kGrids[grid])) / kGrids[grid], value)) return grid;
  }
  return kNoGrid;
}

}  // namespace

/// A column of the rows: where its numbers were, and what is to be expected.
struct Column {
  std::uint8_t grid = 0;
  bool on_grid = false;   ///< the last number was
  std::int64_t last = 0;  ///< on the grid
  std::int64_t mean = 0;  ///< of the last ones, in 1/Guess::kUnit
  std::int64_t long_mean = 0;
  std::int64_t slope = 0;  ///< mean of their differences, likewise
  Guesses<5> guesses;
  Bit plain;    ///< on the same grid as before
  Bit changed;  ///< what is not

  /// Only ever finer: a number that fits a coarse grid fits the finer one too.
  void refine(std::uint8_t finer) {
    const auto factor = static_cast<std::int64_t>(kGrids[finer] / kGrids[grid]);
    last *= factor;
    mean *= factor;
    long_mean *= factor;
    slope *= factor;
    grid = finer;
  }
  void moved(std::int64_t value) {
    if (!on_grid) {
      mean = long_mean = value * Guess::kUnit;
      last = value;
    }
    mean += (value * Guess::kUnit - mean) / 4;
    long_mean += (value * Guess::kUnit - long_mean) / 16;
    slope += ((value - last) * Guess::kUnit - slope) / 8;
    last = value;
    on_grid = true;
  }
};

/// What is learnt together by columns of one kind, such as all cells of all batteries.
struct Kind {
  Bit absent, finer;
  Differences differences;
};

/// Of one battery.
struct ChannelMemory {
  Row row;
  bool known = false;
  std::vector<Column> columns;
  std::vector<std::array<Bit, 2>> quiet;  ///< by block: as quiet as the last time?
  std::vector<bool> was_quiet;
  Bit reading, step, keyframe, rare, layout;
  Guesses<4> times;
  Differences gaps;
  std::int64_t last = 0, gap = 0, mean_gap = 0, behind = 0;  ///< ticks; the mean in 1/Guess::kUnit

  void lay_out(std::size_t cells, std::size_t temperatures) {
    row = Row(cells, temperatures);
    const std::size_t count = row.values.size();
    columns.assign(count, {});
    quiet.assign((count + kBlock - 1) / kBlock, {});
    was_quiet.assign(quiet.size(), true);
  }
};

class Memory {
 public:
  explicit Memory(std::int64_t begin_ms) : now_(begin_ms / kTick_ms) {}

  /// Writes `record`, or reads into it. False: damaged.
  template <class Coder>
  bool code(Coder& coder, Record& record) {
    if (!code_channel(coder, record)) return false;
    ChannelMemory& channel = channels_[record.channel];
    if (!code_time(coder, channel, record.at_ms)) return false;
    record.reading = coder.bit(channel.reading, record.reading);
    record.has_step = coder.bit(channel.step, record.has_step);
    // Only whether there is one: it follows in the texts.
    if (!coder.bit(channel.keyframe, !record.keyframe.empty()))
      record.keyframe.clear();
    else if (record.keyframe.empty())
      record.keyframe = kToCome;
    if (!coder.bit(channel.rare, !record.rare.empty()))
      record.rare.clear();
    else if (record.rare.empty())
      record.rare = kToCome;
    return code_layout(coder, channel, record.row) && code_row(coder, channel, record.row);
  }

  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = sizeof(*this);
    for (const ChannelMemory& channel : channels_) {
      sum += sizeof channel + channel.columns.size() * (sizeof(Column) + sizeof(double));
    }
    return sum;
  }

  static constexpr const char* kToCome = " ";

 private:
  /// Batteries come in turns: who came after these two the last time?
  template <class Coder>
  bool code_channel(Coder& coder, Record& record) {
    std::uint16_t& expected = followers_[(before_last_ * 37 + last_) % followers_.size()];
    if (coder.bit(in_turn_, record.channel == expected)) {
      record.channel = expected;
    } else {
      record.channel = static_cast<std::size_t>(coder.direct(kChannelBits, record.channel));
      expected = static_cast<std::uint16_t>(record.channel);
    }
    before_last_ = last_;
    last_ = record.channel;
    if (record.channel >= channels_.size()) channels_.resize(record.channel + 1);
    return true;
  }

  template <class Coder>
  bool code_time(Coder& coder, ChannelMemory& channel, std::int64_t& at_ms) {
    const std::array<Guess, 4> guesses{Guess{now_}, Guess{channel.last + channel.gap},
                                       Guess::of_mean(channel.last * Guess::kUnit + channel.mean_gap),
                                       Guess{now_ + channel.behind}};
    const Expectation expected = channel.times.best(guesses, now_);
    const std::int64_t later = channel.gaps.code(coder, expected, at_ms / kTick_ms - expected.guess);
    const auto at =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(expected.guess) + static_cast<std::uint64_t>(later));
    if (at < now_ || at - now_ > kLongest || at > kLongest * 1000) return false;
    channel.times.learn(guesses, at);
    channel.gap = channel.known ? at - channel.last : 0;
    channel.mean_gap += (channel.gap * Guess::kUnit - channel.mean_gap) / 8;
    channel.behind = at - now_;
    channel.last = now_ = at;
    at_ms = at * kTick_ms;
    return true;
  }

  template <class Coder>
  static bool code_layout(Coder& coder, ChannelMemory& channel, Row& row) {
    if (coder.bit(channel.layout, !channel.known || !channel.row.same_layout(row))) {
      const auto cells = static_cast<std::size_t>(coder.direct(kCountBits, row.cells));
      const auto temperatures = static_cast<std::size_t>(coder.direct(kCountBits, row.temperatures));
      if (cells > kMostCells || temperatures > kMostCells) return false;
      channel.lay_out(cells, temperatures);
      channel.known = true;
    }
    return channel.known;
  }

  Kind& kind_of(const Row& row, std::size_t column) {
    const std::size_t numbers = row.values.size() - row.cells - row.temperatures;
    const auto kind = column < numbers               ? std::min<std::size_t>(column, kRest)
                      : column < numbers + row.cells ? kCells
                                                     : kTemps;
    return kinds_[kind];
  }

  template <class Coder>
  bool code_row(Coder& coder, ChannelMemory& channel, Row& row) {
    std::vector<double>& known = channel.row.values;
    const std::size_t count = known.size();
    row.cells = channel.row.cells;
    row.temperatures = channel.row.temperatures;
    row.values.resize(count);  // a reader's has nothing in it yet
    const std::size_t first_cell = count - row.cells - row.temperatures;
    std::int64_t moved = 0;  // by the cells so far
    std::int64_t cells = 0;
    for (std::size_t block = 0; block * kBlock < count; ++block) {
      const std::size_t begin = block * kBlock;
      const std::size_t end = std::min(begin + kBlock, count);
      const bool unchanged = std::equal(known.begin() + static_cast<std::ptrdiff_t>(begin),
                                        known.begin() + static_cast<std::ptrdiff_t>(end),
                                        row.values.begin() + static_cast<std::ptrdiff_t>(begin), same);
      const bool quiet = coder.bit(channel.quiet[block][channel.was_quiet[block] ? 1 : 0], unchanged);
      channel.was_quiet[block] = quiet;
      for (std::size_t i = begin; i < end && !quiet; ++i) {
        Column& column = channel.columns[i];
        const bool cell = i >= first_cell && i < first_cell + row.cells;
        const std::int64_t together = cell && cells > 0 ? moved / cells : 0;
        const std::int64_t before = column.last;
        const bool was_on_grid = column.on_grid;
        const std::uint8_t grid = column.grid;
        if (!code_number(coder, kind_of(channel.row, i), column, together, known[i], row.values[i])) return false;
        known[i] = row.values[i];
        if (!cell || !was_on_grid || !column.on_grid || column.grid != grid) continue;
        moved += column.last - before;
        ++cells;
      }
      if (quiet)
        std::copy(known.begin() + static_cast<std::ptrdiff_t>(begin), known.begin() + static_cast<std::ptrdiff_t>(end),
                  row.values.begin() + static_cast<std::ptrdiff_t>(begin));
    }
    return true;
  }

  template <class Coder>
  static bool code_number(Coder& coder, Kind& kind, Column& column, std::int64_t together, double before,
                          double& value) {
    std::uint8_t grid = std::isnan(value) ? kNoGrid : grid_of(value, column.grid);
    if (!coder.bit(column.plain, grid == column.grid)) {
      const bool changed = coder.bit(column.changed, !same(value, before) || grid != kNoGrid || column.on_grid);
      if (!changed) {
        value = before;
        return true;
      }
      if (coder.bit(kind.absent, std::isnan(value))) {
        value = kAbsent;
        column.on_grid = false;
        return true;
      }
      if (!coder.bit(kind.finer, grid != kNoGrid)) {
        value = std::bit_cast<double>(coder.direct(64, std::bit_cast<std::uint64_t>(value)));
        column.on_grid = false;
        return true;
      }
      grid = static_cast<std::uint8_t>(coder.direct(3, grid));
      if (grid <= column.grid || grid >= kNoGrid) return false;
      column.refine(grid);
    }
    const double unit = kGrids[column.grid];
    const std::array<Guess, 5> guesses{Guess{column.last}, Guess::of_mean(column.mean),
                                       Guess::of_mean(column.long_mean), Guess{column.last + together},
                                       Guess::of_mean(column.last * Guess::kUnit + column.slope)};
    const Expectation expected = column.guesses.best(guesses, column.last);
    const std::int64_t wanted = std::abs(value) < kLargest ? std::llround(value * unit) : 0;
    const auto difference = kind.differences.code(coder, expected, wanted - expected.guess);
    const auto found =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(expected.guess) + static_cast<std::uint64_t>(difference));
    if (std::abs(static_cast<double>(found)) > kLargest * unit) return false;
    column.guesses.learn(guesses, found);
    column.moved(found);
    value = static_cast<double>(found) / unit;
    return true;
  }

  std::vector<ChannelMemory> channels_;
  static constexpr std::size_t kRest = 3;  ///< behind voltage, current and SoC, which have kinds of their own
  static constexpr std::size_t kCells = 4;
  static constexpr std::size_t kTemps = 5;
  static constexpr std::size_t kKinds = 6;
  std::array<Kind, kKinds> kinds_;
  std::array<std::uint16_t, 1024> followers_{};
  std::size_t last_ = 0, before_last_ = 0;
  std::int64_t now_;  ///< ticks
  Bit in_turn_;
};

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
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

RecordWriter::RecordWriter(std::int64_t begin_ms) : memory_(std::make_unique<Memory>(begin_ms)) {}
RecordWriter::RecordWriter(RecordWriter&&) noexcept = default;
RecordWriter& RecordWriter::operator=(RecordWriter&&) noexcept = default;
RecordWriter::~RecordWriter() = default;

void RecordWriter::put(const Record& record, std::string& numbers, std::string& texts) {
  for (const std::string* text : {&record.keyframe, &record.rare}) {
    if (text->empty()) continue;
    append_varint(texts, text->size());
    texts += *text;
  }
  Record copy = record;
  memory_->code(coder_, copy);
  numbers += coder_.take();
}

std::size_t RecordWriter::bytes() const { return memory_->bytes(); }

RecordReader::RecordReader(std::int64_t begin_ms, std::string_view numbers, std::string_view texts)
    : coder_(numbers), texts_(texts), memory_(std::make_unique<Memory>(begin_ms)) {}
RecordReader::~RecordReader() = default;

std::optional<Record> RecordReader::next() {
  Record record;
  if (!memory_->code(coder_, record) || coder_.overrun()) return std::nullopt;
  for (std::string* text : {&record.keyframe, &record.rare}) {
    if (text->empty()) continue;
    const auto content = texts_.text();
    if (!content) return std::nullopt;
    *text = *content;
  }
  return record;
}

}  // namespace bms::recorder
