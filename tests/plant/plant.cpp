#include "plant/plant.hpp"

#include <algorithm>
#include <cmath>

namespace bms::limits {
namespace {

constexpr double kSeries_Ohm = 0.0006;
constexpr double kRc_Ohm = 0.0025;
constexpr double kRc_s = 240;
constexpr double kBleed_A = 0.2;
constexpr double kChargerLag_s = 5;
constexpr double kChargerMax_A = 100;

struct Point {
  double soc_pct;
  double volts;
};
constexpr Point kOpenCircuit[] = {{0, 2.60},  {2, 2.90},    {5, 3.10},    {10, 3.20},  {20, 3.26},
                                  {40, 3.29}, {60, 3.305},  {70, 3.33},   {90, 3.335}, {95, 3.345},
                                  {97, 3.36}, {98.5, 3.39}, {99.3, 3.44}, {100, 3.55}, {101, 4.20}};

double open_circuit_V(double soc_pct) {
  for (std::size_t i = 1; i < std::size(kOpenCircuit); ++i) {
    const Point& left = kOpenCircuit[i - 1];
    const Point& right = kOpenCircuit[i];
    if (soc_pct <= right.soc_pct || i + 1 == std::size(kOpenCircuit)) {
      return left.volts + (soc_pct - left.soc_pct) / (right.soc_pct - left.soc_pct) * (right.volts - left.volts);
    }
  }
  return kOpenCircuit[0].volts;
}

/// Turning points of a course, counted only when it went `band` back from its last extreme.
class Reversals {
 public:
  explicit Reversals(double band) : band_(band) {}
  void add(double value) {
    if (!known_) {
      low_ = high_ = value;
      known_ = true;
    }
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
    if (direction_ >= 0 && value <= high_ - band_) {
      if (direction_ > 0) ++count_;
      direction_ = -1;
      low_ = value;
    } else if (direction_ <= 0 && value >= low_ + band_) {
      if (direction_ < 0) ++count_;
      direction_ = 1;
      high_ = value;
    }
  }
  [[nodiscard]] int count() const { return count_; }

 private:
  double band_;
  bool known_ = false;
  double low_ = 0, high_ = 0;
  int direction_ = 0;
  int count_ = 0;
};

}  // namespace

Plant::Plant(double ahead_pct, double offset_V) : offset_V_(offset_V) {
  cells_.fill({96, 0});
  cells_[0].soc_pct += ahead_pct;
}

double Plant::terminal_V(const Cell& cell) const {
  return open_circuit_V(cell.soc_pct) + cell.rc_V + current_A_ * kSeries_Ohm;
}

double Plant::highest_V() const {
  double highest = 0;
  for (const Cell& cell : cells_) highest = std::max(highest, terminal_V(cell));
  return highest;
}

double Plant::lowest_V() const {
  double lowest = 10;
  for (const Cell& cell : cells_) lowest = std::min(lowest, terminal_V(cell));
  return lowest;
}

void Plant::step(double cvl_V, double ccl_A) {
  double internal_V = 0;
  for (const Cell& cell : cells_) internal_V += open_circuit_V(cell.soc_pct) + cell.rc_V;
  const double wanted_A =
      std::clamp((cvl_V + offset_V_ - internal_V) / (kCells * kSeries_Ohm), 0.0, std::min(kChargerMax_A, ccl_A));
  // First-order lag, exact over one second.
  current_A_ += (wanted_A - current_A_) * -std::expm1(-1.0 / kChargerLag_s);
  double lowest_pct = 1000;
  for (const Cell& cell : cells_) lowest_pct = std::min(lowest_pct, cell.soc_pct);
  for (Cell& cell : cells_) {
    const bool bleeds = terminal_V(cell) > 3.40 && cell.soc_pct > lowest_pct + 0.05;
    const double cell_A = current_A_ - (bleeds ? kBleed_A : 0);
    cell.rc_V += (cell_A * kRc_Ohm - cell.rc_V) * -std::expm1(-1.0 / kRc_s);
    cell.soc_pct += cell_A / 3600 / kCapacity_Ah * 100;
  }
  charged_Ah_ += current_A_ / 3600;
}

double Plant::noise() {
  // Sum of twelve uniform numbers: close enough to a normal one, and the same everywhere.
  double sum = 0;
  for (int i = 0; i < 12; ++i) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    sum += static_cast<double>(random_ >> 40U) / static_cast<double>(1U << 24U);
  }
  return sum - 6;
}

Reading Plant::measure() {
  Reading reading;
  for (const Cell& cell : cells_) {
    reading.cells_V.emplace_back(std::round((terminal_V(cell) + 0.001 * noise()) * 1000) / 1000);
  }
  reading.current_A = current_A_;
  reading.soc_pct = 97;
  reading.capacity_Ah = kCapacity_Ah;
  reading.temps_C = {25};
  reading.mos_temp_C = 30;
  return reading;
}

PlantResult run_plant(double ahead_pct, double offset_V, const Law& law, std::vector<Moment>* course) {
  constexpr int kDuration_s = 3 * 3600;
  constexpr int kEarly_s = 1800;
  Plant plant(ahead_pct, offset_V);
  PlantResult result;
  Reversals reversals(0.020);
  std::vector<double> currents;
  for (int t = 0; t < kDuration_s; ++t) {
    const Command command = law(plant.measure(), t);
    plant.step(command.cvl_V, command.ccl_A);
    double& highest = t < kEarly_s ? result.highest_early_V : result.highest_later_V;
    highest = std::max(highest, plant.highest_V());
    currents.push_back(plant.current_A());
    if (course != nullptr) {
      course->push_back({command.cvl_V, plant.highest_V(), plant.lowest_V(), plant.current_A()});
    }
    if (t < kEarly_s) continue;
    reversals.add(command.cvl_V);
    const auto minute = currents.end() - 61;
    const auto [low, high] = std::minmax_element(minute, currents.end());
    result.largest_change_A = std::max(result.largest_change_A, *high - *low);
  }
  result.reversals = reversals.count();
  result.charged_Ah = plant.charged_Ah();
  return result;
}

}  // namespace bms::limits
