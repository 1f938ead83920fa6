#pragma once

#include <array>
#include <map>

#include "bms/driver.hpp"
#include "renogy_memory.hpp"
#include "scale_check.hpp"

namespace bms::renogy {

/// A Renogy smart lithium battery on RS485.
class RenogyDriver final : public Driver {
 public:
  explicit RenogyDriver(const DriverOptions& options);

  [[nodiscard]] Scan scan(ByteView request, ByteView buffer) const override;
  [[nodiscard]] std::optional<unsigned> asked(ByteView request) const override;
  Outcome<void> accept(ByteView request, ByteView frame) override;
  std::optional<Reading> take() override;
  [[nodiscard]] std::optional<Reading> partial() const override;
  Conversation<Outcome<Reading>> poll(TimePoint now) override;
  void refresh() override;
  Conversation<Outcome<Reading>> probe() override;

 private:
  using Step = Conversation<Outcome<void>>;

  Step ask(Block block, int attempts);
  /// The block, or its pieces once the battery has refused the whole.
  Step ask_plan(std::size_t index);
  Step ask_pieces(std::size_t index);
  Step read_live();
  Step ask_slow(std::size_t index);
  /// Identity at first, because it tells the scale of the current; then the limits; again every ten minutes.
  Step read_slow(TimePoint now);
  void check_scale(TimePoint now, const Reading& reading);

  std::uint8_t address_;
  Memory memory_;
  ScaleCheck scale_check_;
  std::array<bool, std::size(kLivePlans)> in_pieces_{};
  std::map<std::uint16_t, int> misses_;  ///< by first register of a block that is not needed
  std::size_t slow_ = 0;
  TimePoint slow_due_{};
};

}  // namespace bms::renogy
