#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limits/bank.hpp"
#include "limits/state.hpp"
#include "recorder/archive.hpp"
#include "recorder/codec.hpp"
#include "recorder/trend.hpp"

namespace bms::recorder {

struct Options {
  std::size_t budget_bytes = 8U << 20U;  ///< of all batteries together; the oldest part goes first
  std::chrono::hours span{24};           ///< and nothing older than this is kept
  std::size_t chunk_bytes = 64U << 10U;  ///< of texts, packed at a time: what one step may cost
};

/// Keeps what the engines were given and what they said, step by step, in bounded memory (limit-engine X5).
///
/// A step takes a few bytes, see RecordWriter. Groups of them begin with the state of every engine, so that what is
/// left after the oldest group was dropped still replays to the same outputs. Pure: no clock, no I/O. Points in time
/// must come from to_tick(), for the engines too: finer ones are cut, and a replay would differ.
class Recorder {
 public:
  explicit Recorder(Options options = {});

  /// A battery or the bank; the answer names it from here on.
  std::size_t add(const std::string& name);
  /// The bank consists of these channels.
  std::size_t add_bank(const std::string& name, std::vector<std::size_t> members);

  /// Before each engine step. Stores the state when a new group begins.
  void before(std::size_t channel, const limits::State& state, const limits::Device& device, TimePoint now);
  void before_bank(std::size_t channel, const limits::BankState& state, TimePoint now);
  /// After it.
  void after(std::size_t channel, const limits::Input& input, const limits::Limits& limits, TimePoint now);
  void after_bank(std::size_t channel, const limits::BankInput& input, const Reading& merged,
                  const limits::Limits& limits, TimePoint now);
  /// A shunt: nothing is worked out, only kept.
  void observe(std::size_t channel, const Reading& reading, TimePoint now);
  /// What a user has changed of the limits of the file, by key, from `now` on: a replay does the same.
  void settings(std::size_t channel, const std::map<std::string, double, std::less<>>& values, TimePoint now);
  /// The configuration changed: what follows is to be replayed with the new one, from the states then.
  void restate();

  /// Everything, piece by piece: what export_lines() takes. `unix_s`: the wall clock now, if it is set.
  void archive(TimePoint now, std::optional<std::int64_t> unix_s, const ArchiveWriter::Sink& sink) const;
  [[nodiscard]] std::size_t bytes() const;                   ///< memory in use for records
  [[nodiscard]] std::optional<TimePoint> kept_from() const;  ///< how far back it reaches
  /// The last day in a few hundred points, see Trend::to_json().
  [[nodiscard]] nlohmann::ordered_json plot(std::size_t channel, TimePoint now) const;

 private:
  struct Channel {
    std::string name;
    std::vector<std::size_t> members;  ///< of a bank
    bool keyed = false;                ///< its engine's state is in this group
    bool seen = false;                 ///< its state stands in this group
    bool heard = false;                ///< it has ever had one
    nlohmann::json settings = nlohmann::json::object();
    Texts texts;
    bool texts_known = false;
    std::string keyframe;  ///< for the record to come
    Row row;
    Trend trend;
  };
  struct PackedTexts {
    std::string packed;
    std::uint32_t raw_size = 0;
  };
  struct Group {
    std::int64_t begin_ms = 0;
    bool restated = false;  ///< the configuration may be another one than that of the group before
    std::uint64_t records = 0;
    std::vector<PackedTexts> texts;
    std::vector<std::string> numbers;  ///< in blocks: one long string would be copied whenever it grows
    std::size_t bytes = 0;             ///< of all these
  };

  std::int64_t since_start_ms(TimePoint now);
  void begin_group(std::int64_t at_ms, bool restated);
  void append(Channel& channel, Record record);
  void end_group();
  void pack_texts();
  void forget_old();

  Options options_;
  std::optional<TimePoint> start_;
  std::deque<Channel> channels_;
  std::deque<Group> groups_;  ///< the last one is being filled
  std::optional<RecordWriter> writer_;
  std::string open_texts_;  ///< not packed yet
  std::int64_t last_ms_ = 0;
  bool restate_ = false;
};

/// `now` in hundredths of a second, as engine and recorder must both see it.
inline TimePoint to_tick(TimePoint now) {
  return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<kTick_ms, 1000>>>(now);
}

}  // namespace bms::recorder
