#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "bms/outcome.hpp"
#include "modbus_layout.hpp"
#include "polarity.hpp"

namespace bms::daly {

/// The registers of one board as far as they were read, whatever the requests were cut like.
class ModbusMemory {
 public:
  ModbusMemory(const RegisterMap& map, bool invert_current) : map_(&map), invert_current_(invert_current) {}

  /// Registers from `first` on. Implausible: a waking board (all zero), counts and values that cannot be.
  Outcome<void> put(std::uint16_t first, ByteView payload);
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool touched() const { return touched_; }
  [[nodiscard]] Reading reading() const;
  /// Forgets live values; settings and polarity stay.
  void restart();
  [[nodiscard]] const RegisterMap& map() const { return *map_; }
  [[nodiscard]] std::optional<std::uint16_t> reg(std::uint16_t number) const;

 private:
  static constexpr std::size_t kRegisters = 0x280;

  [[nodiscard]] bool has(std::size_t first, std::size_t count) const;
  [[nodiscard]] bool plausible(std::uint16_t first, ByteView payload) const;
  void decode_known(std::span<const Field> fields, Reading& reading) const;
  [[nodiscard]] std::optional<std::string> text(const Text& field) const;
  [[nodiscard]] std::optional<double> temperature(std::uint16_t number) const;
  [[nodiscard]] std::size_t row_length(std::uint16_t first, std::size_t most) const;
  void add_cells(Reading& reading) const;
  void add_current(Reading& reading) const;
  void add_balance(Reading& reading) const;
  void add_faults(Reading& reading) const;
  void add_identity(Reading& reading) const;
  void add_thresholds(Reading& reading) const;

  const RegisterMap* map_;
  bool invert_current_;
  Bytes image_ = Bytes(kRegisters * 2);
  std::bitset<kRegisters> known_;
  Polarity polarity_{true};  ///< all captures count charging upwards
  bool touched_ = false;
};

}  // namespace bms::daly
