#pragma once

#include <bitset>

#include "bms/bytes.hpp"
#include "bms/outcome.hpp"
#include "renogy_layout.hpp"

namespace bms::renogy {

/// Ampere per count of register 5042.
enum class CurrentScale : std::uint8_t { hundredth, tenth };

/// The scale that a model name tells: in the names of the Pro series the voltage stands before the capacity
/// (RBT12200LFP against RBT200LFP12). nullopt: the name tells nothing.
std::optional<CurrentScale> scale_of_model(std::string_view model);

/// The registers of one battery as far as they were read, whatever the requests were cut like.
class Memory {
 public:
  Memory(unsigned address, std::optional<CurrentScale> scale) : address_(address), forced_(scale) {}

  /// The address that was asked; the identity of a battery whose serial number is not unique.
  void answers_as(unsigned address) { address_ = address; }
  /// Registers from `first` on. Implausible: all zero, no cells, no voltage.
  Outcome<void> put(std::uint16_t first, ByteView payload);
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool touched() const { return touched_; }
  [[nodiscard]] Reading reading() const;
  /// Forgets live values; identity and limits stay.
  void restart();
  [[nodiscard]] bool has(std::uint16_t first, std::size_t count) const;
  [[nodiscard]] std::optional<std::string> text(std::uint16_t first, std::size_t count) const;
  /// Corrects the scale: what the capacity says against the current counts more than a name.
  void measured_scale(CurrentScale scale) { measured_ = scale; }
  [[nodiscard]] CurrentScale scale() const;
  [[nodiscard]] bool scale_is_forced() const { return forced_.has_value(); }

 private:
  [[nodiscard]] std::uint16_t reg(std::uint16_t number) const;
  [[nodiscard]] std::optional<std::uint16_t> known_reg(std::uint16_t number) const;
  [[nodiscard]] std::optional<std::uint32_t> known_pair(std::uint16_t number) const;
  void decode_known(std::span<const Field> fields, Reading& reading) const;
  void add_cells(Reading& reading) const;
  void add_sensors(Reading& reading) const;
  void add_pack(Reading& reading) const;
  void add_identity(Reading& reading) const;
  void add_alarms(Reading& reading) const;
  [[nodiscard]] Extras slow_extras() const;

  unsigned address_;
  std::optional<CurrentScale> forced_;
  std::optional<CurrentScale> measured_;
  Bytes image_ = Bytes((std::size_t{kEnd} - kFirst) * 2);
  std::bitset<kEnd - kFirst> known_;
  Extras slow_;  ///< what identity and limits add to `extra`
  bool touched_ = false;
};

}  // namespace bms::renogy
