#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bms/reading.hpp"
#include "victron/item_tree.hpp"

namespace bms::victron {

// Parts of a Reading as item values. Unknown stays unknown.

inline Value value_of(const std::optional<double>& number) { return number ? Value(*number) : Value{}; }
inline Value value_of(const std::optional<bool>& flag) { return flag ? Value(*flag ? 1 : 0) : Value{}; }

/// Mean of the sensors that work, degC.
std::optional<double> mean_temperature(const Reading& reading);

/// Name of sensor `index` (from 0): the device's own, else "T1", "T2", ...
std::string sensor_name(const Reading& reading, std::size_t index);

/// One extreme of a battery or bank and where it is.
struct Extreme {
  double value = 0;
  std::size_t battery = 0;  ///< in its bank, from 1; 0: a single one
  std::size_t number = 0;   ///< of the cell or sensor, from 1
};
struct Extremes {
  std::optional<Extreme> min;
  std::optional<Extreme> max;
  /// Adds the known values of one battery.
  void add(const std::vector<std::optional<double>>& values, std::size_t battery);
};

/// Where an extreme is: "C07", "T1"; with a battery number in front "2C07", "2T1".
std::string cell_id(const Extreme& extreme);
std::string sensor_id(const Extreme& extreme);

}  // namespace bms::victron
