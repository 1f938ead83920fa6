#pragma once

#include <array>
#include <optional>

#include "bms/ascii_frame.hpp"
#include "bms/driver.hpp"
#include "daren_layout.hpp"

namespace bms::daren {

/// Daren boards (DR-JC03, DR48100, "1363"): YD/T 1363 frames, VER 22, CID1 4A.
class DarenDriver final : public Driver {
 public:
  explicit DarenDriver(const DriverOptions& options);

  /// Answers do not repeat their command: one whose INFO does not fit the question is another master's.
  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  [[nodiscard]] Bytes question_to(ByteView heard) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  Conversation<Outcome<Reading>> probe() override;

 private:
  /// What does not change from one answer to the next on a healthy line.
  struct Steady {
    Shape shape;
    double rest_V;                ///< pack voltage less sum of cells, V
    double rest_pct;              ///< SoC less remaining by full capacity, %
    std::vector<double> temps_C;  ///< cells, ambient, MOSFET
    [[nodiscard]] bool agrees(const Steady& other) const;
  };
  /// A question about what hardly changes.
  struct SlowFact {
    Command command;
    std::uint8_t module;
    std::chrono::seconds period;
    TimePoint due{};
    bool refused = false;
    std::optional<Bytes> known;  ///< INFO that came twice
  };

  Outcome<void> accept_realtime(ByteView info);
  void accept_parameters(ByteView info);
  void accept_manufacturer(ByteView info);
  void accept_manufacturing(ByteView info);
  void accept_capacities(ByteView info);
  void decode_status(ByteView tail, Reading& reading) const;
  void decode_fets(std::uint16_t word, Reading& reading) const;

  [[nodiscard]] Bytes request(Command command, std::uint8_t module) const;
  /// The real-time data, with the other command group when the board does not know the first.
  Conversation<Outcome<void>> ask_realtime(int attempts);
  Conversation<Outcome<void>> ask_once(int attempts);
  /// A slow fact, believed when it came twice.
  Conversation<bool> ask_slow(std::size_t index, TimePoint now);
  Conversation<Outcome<Reading>> read(TimePoint now, int attempts);

  const std::uint8_t address_;
  const bool discharge_first_;  ///< order of the two MOSFETs in the status word
  bool group_is_address_ = false;
  std::array<SlowFact, 5> slow_;
  std::optional<Steady> trusted_;
  std::optional<Steady> suspect_;
  Reading facts_;  ///< identity, parameters, counters
  bool facts_heard_ = false;
  std::size_t cells_ = 0;
  std::optional<Reading> live_;
};

}  // namespace bms::daren
