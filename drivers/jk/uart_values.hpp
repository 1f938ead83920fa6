#pragma once

#include <algorithm>
#include <array>

#include "uart_layout.hpp"

namespace bms::jk {

/// Where the value of each data id stands in UartValues.
struct UartPlaces {
  static constexpr std::size_t kIds = kLastDataId - kFirstDataId + 1;
  static constexpr bool known(std::uint8_t id) { return id >= kFirstDataId && id <= kLastDataId; }
  static constexpr std::size_t index(std::uint8_t id) { return id - std::size_t{kFirstDataId}; }

  constexpr UartPlaces() {
    reserve(kCells, kBytesPerCell * kMostUartCells);
    for (const DataId& one : kDataIds) reserve(one.id, one.size);
  }

  std::array<std::uint16_t, kIds> begin{};
  std::array<std::uint8_t, kIds> size{};
  std::uint16_t total = 0;

 private:
  constexpr void reserve(std::uint8_t id, std::size_t bytes) {
    begin[index(id)] = total;
    size[index(id)] = static_cast<std::uint8_t>(bytes);
    total = static_cast<std::uint16_t>(total + bytes);
  }
};
inline constexpr UartPlaces kUartPlaces;

/// Raw values by data id, each at its fixed place: a poll fills it without asking for memory, and whoever decodes later
/// keeps a copy of some hundred bytes.
class UartValues {
 public:
  [[nodiscard]] bool contains(std::uint8_t id) const { return UartPlaces::known(id) && there_[UartPlaces::index(id)]; }
  /// Empty where it is not there.
  [[nodiscard]] ByteView at(std::uint8_t id) const {
    if (!contains(id)) return {};
    const std::size_t index = UartPlaces::index(id);
    return ByteView(bytes_).subspan(kUartPlaces.begin[index], size_[index]);
  }
  [[nodiscard]] std::optional<std::int64_t> number(std::uint8_t id, Wire wire) const {
    return read_raw(at(id), 0, wire);
  }
  /// An id that is not in the table, or a value longer than its place, is left out.
  void put(std::uint8_t id, ByteView value) {
    if (!UartPlaces::known(id)) return;
    const std::size_t index = UartPlaces::index(id);
    if (value.size() > kUartPlaces.size[index]) return;
    std::copy(value.begin(), value.end(), bytes_.begin() + kUartPlaces.begin[index]);
    size_[index] = static_cast<std::uint8_t>(value.size());
    there_[index] = true;
  }
  void put_all(const UartValues& others) {
    for (std::uint8_t id = kFirstDataId; id <= kLastDataId; ++id) {
      if (others.contains(id)) put(id, others.at(id));
    }
  }
  void erase(std::uint8_t id) {
    if (UartPlaces::known(id)) there_[UartPlaces::index(id)] = false;
  }
  [[nodiscard]] bool empty() const {
    return std::none_of(there_.begin(), there_.end(), [](bool there) { return there; });
  }
  void clear() { there_.fill(false); }

 private:
  std::array<std::uint8_t, kUartPlaces.total> bytes_{};
  std::array<std::uint8_t, UartPlaces::kIds> size_{};
  std::array<bool, UartPlaces::kIds> there_{};
};

}  // namespace bms::jk
