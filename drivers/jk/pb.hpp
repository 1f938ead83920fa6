#pragma once

#include <set>

#include "bms/driver.hpp"
#include "pb_frame.hpp"

namespace bms::jk {

/// What hardware and software version say about the layout.
struct Version {
  int hardware = 0;  ///< 15 of "15A"; 0: not known
  int software = 0;  ///< 1541 of "15.41"
  [[nodiscard]] bool before(int hw) const { return hardware != 0 && hardware < hw; }
  [[nodiscard]] bool heater_thresholds() const { return hardware > 15 || (hardware == 15 && software >= 1541); }
};
Version version_of(const Reading& about);

/// Which part of a block: fields are looked at with every poll, extras when somebody asks.
enum class Part : std::uint8_t { all, fields };

/// Decode what a window of a block holds. `block` has kBlockSize bytes, those outside the window are not looked at.
void decode_status(ByteView block, Window window, Version version, Part part, Reading& reading);
void decode_settings(ByteView block, Window window, Version version, Reading& reading);
void decode_about(ByteView block, Window window, Reading& reading);
/// What one complete block contradicts in itself; the sum is only 8 bits wide.
bool contradictory(ByteView block);

/// JK PB (inverter BMS) on RS485: `jk-pb`.
class PbDriver final : public Driver {
 public:
  explicit PbDriver(const DriverOptions& options) : address_(static_cast<std::uint8_t>(options.address)) {}

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override;
  Conversation<Outcome<Reading>> probe() override;
  Conversation<Outcome<bool>> switch_charge(bool on) override;
  Conversation<Outcome<bool>> switch_discharge(bool on) override;
  [[nodiscard]] Bytes redacted(ByteView request, ByteView received) const override;

 private:
  /// A block as it came, which bytes of it are known, and when to ask for it again.
  struct Memory {
    Bytes block = Bytes(kBlockSize);
    std::vector<Window> windows;
    int reads = 0;          ///< whole blocks that came
    bool answered = false;  ///< this unit answered when it was last asked
    std::optional<TimePoint> due;
    void forget();
  };

  /// What settings and identity say, decoded when they come.
  struct SlowFacts {
    Reading reading;
    Version version;
    double cells = 0;                 ///< as set; 0: unknown
    std::optional<double> highest_V;  ///< charge voltage the BMS asks for, per cell
    std::optional<double> lowest_V;   ///< voltage at which it stops discharging, per cell
  };

  Memory& memory(Block block) { return memory_[static_cast<std::size_t>(block) - 1]; }
  [[nodiscard]] const Memory& memory(Block block) const { return memory_[static_cast<std::size_t>(block) - 1]; }
  void keep(ByteView block, Window window);
  void drop_status();
  void finish_round();
  void forget_everything();
  void decode_slow_facts();
  [[nodiscard]] Reading gathered() const;
  Conversation<Outcome<void>> ask(Block block, int attempts);
  Conversation<Outcome<void>> ask_slow(Block block, TimePoint now);
  Conversation<Outcome<bool>> switch_setting(std::size_t offset, bool on);

  std::uint8_t address_;
  std::optional<std::uint8_t> source_;  ///< the pack that what is in memory came from
  std::array<Memory, 3> memory_;        ///< settings, status, about
  SlowFacts slow_;
  bool silent_ = true;               ///< the last poll got no status
  bool fresh_ = false;               ///< something came since the last complete Reading
  bool complete_ = false;            ///< a whole status block did
  std::set<std::size_t> round_;      ///< where the status windows begin that were read by registers since then
  std::optional<Reading> finished_;  ///< a round of them that another one follows
};

}  // namespace bms::jk
