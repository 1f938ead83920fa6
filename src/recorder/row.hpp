#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bms/reading.hpp"
#include "limits/input.hpp"
#include "limits/output.hpp"

namespace bms::recorder {

inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

/// Numbers of one step in a fixed order: what the engine was given, what it said, then the cells and the temperatures.
struct Row {
  std::size_t cells = 0;
  std::size_t temperatures = 0;
  std::vector<double> values;  ///< kAbsent where there is none

  Row() : Row(0, 0) {}
  Row(std::size_t cells, std::size_t temperatures);
  [[nodiscard]] bool same_layout(const Row& other) const {
    return cells == other.cells && temperatures == other.temperatures;
  }
};
/// More cells or sensors than this are no battery.
inline constexpr std::size_t kMostCells = 256;

/// The nearest number with six decimals where only the rounding of a multiplication lies between: 3.3120000000000003
/// is 3.312. Such numbers take a byte or two, others nine.
double snapped(double value);
/// All numbers of a Reading likewise; nothing that was measured changes.
void snap(Reading& reading);
/// To the resolution that D-Bus shows: volts and amperes in hundredths, cells in thousandths, temperatures and
/// ampere-hours in tenths. What trembles below would be most of a recording, so not even the engine is to see it.
void coarsen(Reading& reading);

void put(Row& row, const Reading& reading);
void put(Row& row, const limits::Limits& limits);
void put_inputs(Row& row, bool charge_off, bool discharge_off);
void put(Row& row, const limits::ShuntValues* shunt);
/// What the bank was told to be its state of charge.
void put_soc(Row& row, const std::optional<double>& soc_pct);

/// Keys of the JSON-lines contract whose values differ; `before` is of another layout or empty at the beginning. Limits
/// that were published come below "out".
nlohmann::ordered_json changes(const Row& before, const Row& after, bool first);

/// What has no number: identity of the device. Keys as in the JSON of a Reading; only what differs.
struct Texts {
  std::optional<std::string> model, serial, hw, sw, device_name;
  friend bool operator==(const Texts&, const Texts&) = default;
};
Texts texts_of(const Reading& reading);
nlohmann::json to_json(const Texts& texts);

}  // namespace bms::recorder
