#pragma once

#include <array>
#include <map>
#include <optional>

#include "a5.hpp"
#include "a5_layout.hpp"
#include "bms/outcome.hpp"
#include "bms/reading.hpp"
#include "polarity.hpp"

namespace bms::daly::a5 {

using Data = std::array<std::uint8_t, kDataSize>;

/// The numbered frames of one multi-frame reply, in whatever order they came.
class FrameSet {
 public:
  void put(const Data& data) { frames_.insert_or_assign(data[0], data); }
  void drop(std::uint8_t number) { frames_.erase(number); }
  void clear() { frames_.clear(); }
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  /// True when the first `count` frames are there. Captures count from 1, the vendor paper from 0: from 0 only when
  /// frame 0 has really been seen.
  [[nodiscard]] bool holds(std::size_t count) const;
  /// The content of the first frames without their numbers, as far as there is no gap.
  [[nodiscard]] Bytes content() const;

 private:
  [[nodiscard]] std::uint8_t base() const { return frames_.contains(0) ? 0 : 1; }
  std::map<std::uint8_t, Data> frames_;
};

/// What a board said since the last complete Reading, and the settings it said ever.
///
/// Only data that passed the frame check comes here. An 8-bit sum lets one damaged frame in 256 pass, so everything
/// the protocol says twice is compared: counts with the last counts, cells with their extremes, temperatures likewise.
class Memory {
 public:
  explicit Memory(bool invert_current) : invert_current_(invert_current) {}

  Outcome<void> put(std::uint8_t command, const Data& data);
  /// Forgets the frames of this multi-frame command: the reply begins anew.
  void begin(std::uint8_t command);
  /// True when all frames that the counts of 0x94 call for have come (multi-frame commands), or the reply has.
  [[nodiscard]] bool holds(std::uint8_t command) const;

  /// Commands of the fast cycle (0x90..0x98) that this board does not know: a Reading is complete without them.
  void waive(std::uint8_t command) { waived_[command - kPack] = true; }
  void demand(std::uint8_t command) { waived_[command - kPack] = false; }
  /// False for a board whose 0x91 does not describe the cells of its 0x95.
  void trust_extremes(bool trust) { trust_extremes_ = trust; }
  /// Capacity for boards that do not answer 0x50, from remaining capacity and SoC.
  void estimate_capacity();

  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool touched() const { return touched_; }
  /// The Reading of all that is there.
  [[nodiscard]] Reading reading() const;
  /// Starts a new set; settings and what was learned stay.
  void restart();

  /// Serial number from production date and capacity, for boards without a battery code.
  void make_serial();
  [[nodiscard]] const Reading& settings() const { return settings_; }
  /// Takes back what turned out to be doubtful.
  void set_settings(const Reading& settings) { settings_ = settings; }
  /// Date and time of the board as it last told them: the first six data bytes of 0x61.
  [[nodiscard]] const std::optional<std::array<std::uint8_t, 6>>& clock() const { return clock_; }
  [[nodiscard]] std::optional<double> soc_pct() const;
  /// The reply to 0x93.
  [[nodiscard]] const std::optional<Data>& state() const { return fast(kState); }
  /// Whether its switches and remaining capacity are to be expected `elapsed` after `before`: the same but for what the
  /// current of 0x90 moves in that time.
  [[nodiscard]] bool state_follows(const Data& before, Clock::duration elapsed) const;
  /// Whether it tells the same direction of the current as `before`.
  [[nodiscard]] bool same_direction(const Data& before) const;

  /// Frames a reply of this command has; nullopt where nothing tells (versions, rows before the counts of 0x94).
  [[nodiscard]] std::optional<std::size_t> frames_needed(std::uint8_t command) const;

 private:
  struct Counts {
    std::size_t cells = 0;
    std::size_t sensors = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };

  Outcome<void> put_fast(std::uint8_t command, const Data& data);
  Outcome<void> put_counts(const Data& data);
  Outcome<void> put_row(std::uint8_t command, const Data& data);
  Outcome<void> put_setting(const Setting& setting, const Data& data);
  Outcome<void> put_text(std::uint8_t command, const Data& data);
  Outcome<void> put_details(const Data& data);
  void put_current_thresholds(const Data& data);
  [[nodiscard]] bool cells_plausible() const;
  [[nodiscard]] bool temperatures_plausible() const;
  [[nodiscard]] const std::optional<Data>& fast(std::uint8_t command) const { return fast_[command - kPack]; }
  [[nodiscard]] std::optional<Counts> counts() const;
  [[nodiscard]] std::vector<std::optional<double>> cells() const;
  [[nodiscard]] std::vector<std::optional<double>> temperatures() const;
  void add_extremes(Reading& reading) const;
  void add_balance(Reading& reading) const;
  void add_current(Reading& reading) const;

  static constexpr std::size_t kFastCommands = kAlarms - kPack + 1;

  std::array<std::optional<Data>, kFastCommands> fast_;  ///< by command - 0x90, single-frame commands only
  std::array<bool, kFastCommands> waived_{};
  std::map<std::uint8_t, FrameSet> rows_;  ///< 0x95, 0x96 and the texts
  Reading settings_;
  std::optional<std::array<std::uint8_t, 6>> clock_;
  std::optional<std::string> date_;   ///< production date, "20210526"
  std::optional<Counts> known_;       ///< counts of the identified battery
  std::optional<Counts> new_counts_;  ///< other counts, seen once
  Polarity polarity_{false};          ///< classic boards count discharging upwards
  bool invert_current_;
  bool trust_extremes_ = true;
  bool touched_ = false;
};

}  // namespace bms::daly::a5
