#pragma once

#include <optional>
#include <string>

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
  std::string id;  ///< "C07", "T1"; with a battery number in front "2C07", "2T1"
};
struct Extremes {
  std::optional<Extreme> min;
  std::optional<Extreme> max;
  void add(double value, const std::string& id);
};

/// Adds the cells (or sensors) of one battery; `prefix` is "" or the battery's number.
void add_cells(Extremes& extremes, const Reading& reading, const std::string& prefix);
void add_temperatures(Extremes& extremes, const Reading& reading, const std::string& prefix);

}  // namespace bms::victron
