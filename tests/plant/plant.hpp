#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "limits/engine.hpp"

namespace bms::limits {

/// The plant of limit-engine.md chapter 15: 16 LFP cells of 280 Ah, one of them ahead, and a charger whose own voltage
/// measurement is off.
class Plant {
 public:
  static constexpr int kCells = 16;
  static constexpr double kCapacity_Ah = 280;

  /// `ahead_pct`: how much fuller the first cell is; `offset_V`: what the charger reads less than the BMS.
  Plant(double ahead_pct, double offset_V);
  /// One second of charging at these limits.
  void step(double cvl_V, double ccl_A);
  /// What the BMS measures: noise of 1 mV, rounded to 1 mV.
  Reading measure();

  [[nodiscard]] double highest_V() const;
  [[nodiscard]] double lowest_V() const;
  [[nodiscard]] double current_A() const { return current_A_; }
  [[nodiscard]] double charged_Ah() const { return charged_Ah_; }

 private:
  struct Cell {
    double soc_pct;
    double rc_V = 0;
  };
  [[nodiscard]] double terminal_V(const Cell& cell) const;
  double noise();

  std::array<Cell, kCells> cells_;
  double offset_V_;
  double current_A_ = 0;
  double charged_Ah_ = 0;
  std::uint64_t random_ = 0x853C49E6748FEA9BU;
};

/// What a law tells the charger.
struct Command {
  double cvl_V = 0;
  double ccl_A = 0;
};
/// A law of charging: what the BMS measures in, once a second, a command out.
using Law = std::function<Command(const Reading& reading, int second)>;

/// Our limit engine with its defaults at 100 A.
Law engine_law();
/// The usual Python driver's default controller, re-modelled: CVL is the measured pack voltage less what the cells are
/// above 3.450 V, anew at every poll; after 60 s without such a cell it rises by 1 mV/s. Currents as by our engine, so
/// that only the voltage laws differ.
Law peer_law();

/// One second of a run.
struct Moment {
  double cvl_V;
  double highest_V;  ///< true highest cell
  double lowest_V;
  double current_A;
};

/// Figures of one run of three hours.
struct PlantResult {
  double highest_early_V = 0;  ///< true highest cell in the first 30 min
  double highest_later_V = 0;
  int reversals = 0;            ///< of CVL by 20 mV or more, between 0.5 h and 3 h
  double largest_change_A = 0;  ///< of the current within 60 s, between 0.5 h and 3 h
  double charged_Ah = 0;
};
/// `course`, where wanted: every second of it.
PlantResult run_plant(double ahead_pct, double offset_V, const Law& law, std::vector<Moment>* course = nullptr);

}  // namespace bms::limits
