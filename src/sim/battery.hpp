#pragma once

#include <string>

#include "bms/reading.hpp"

namespace bms::sim {

/// What a simulated battery is made of and how it is used.
struct BatterySpec {
  int cells = 16;
  double capacity_Ah = 280;
  double soc_pct = 60;
  double current_A = 0;  ///< charging > 0; held until it is full or empty
  double temperature_C = 22;
  double spread_V = 0.004;  ///< between the lowest and the highest cell at rest
  std::string serial = "SIM00001";
};

/// A battery that charges and discharges: SoC by counting, cells by an LFP open-circuit curve and resistance.
class Battery {
 public:
  explicit Battery(const BatterySpec& spec);

  /// Lets `seconds` (0..3600) pass.
  void advance(double seconds);
  /// The state as a device would know it. Writable: tests and simulated writes set what they want; values they fix
  /// with hold() no longer follow the model.
  Reading& truth() { return truth_; }
  [[nodiscard]] const Reading& truth() const { return truth_; }
  /// Cell voltages and pack voltage stay as they are in truth().
  void hold_voltages(bool hold) { hold_voltages_ = hold; }

 private:
  void update();

  Reading truth_;
  double spread_V_;
  bool hold_voltages_ = false;
};

/// Open-circuit voltage of an LFP cell at `soc_pct` (0..101 %), V.
double lfp_ocv_V(double soc_pct);

}  // namespace bms::sim
