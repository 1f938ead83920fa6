#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "recorder/recorder.hpp"

namespace bms::test {

/// Batteries whose numbers never rest, their bank, and a recorder: cells tremble by 0.6 mV (1 sigma) around a load that
/// comes and goes, the current by 0.3 A, answers come a few milliseconds early or late.
class Restless {
 public:
  Restless(std::size_t batteries, recorder::Recorder& recorder) : recorder_(recorder) {
    for (std::size_t i = 0; i < batteries; ++i) {
      channels_.push_back(recorder_.add(fmt::format("rack_{}", i + 1)));
      Reading& reading = readings_.emplace_back();
      reading.cells_V.assign(16, 3.3);
      reading.alarms.emplace();
      reading.charge_fet = reading.discharge_fet = true;
      reading.capacity_Ah = 280;
    }
    bank_ = recorder_.add_bank("bank", channels_);
    std::normal_distribution<double> normal;
    for (double& one : noise_) one = normal(random_);
    limits_.started = true;
  }

  void second(int t_s) {
    const double load_A = 30 * std::sin(t_s / 600.0) + t_s / 97 % 3 * 10;
    const double level_V = 3.30 + 0.02 * std::sin(t_s / 20000.0) + load_A * 0.0003;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      measure(readings_[i], t_s, load_A, level_V);
      const std::int64_t at_ms = t_s * 1000LL + static_cast<std::int64_t>(i) * 60 + static_cast<int>(random_() % 7);
      const TimePoint now = recorder::to_tick(TimePoint{std::chrono::milliseconds(at_ms)});
      limits::Input input;
      input.reading = &readings_[i];
      limits_.soc_pct = readings_[i].soc_pct;
      recorder_.before(channels_[i], {}, {}, now);
      recorder_.after(channels_[i], input, limits_, now);
      if (i + 1 < channels_.size()) continue;
      recorder_.before_bank(bank_, {}, now);
      recorder_.after_bank(bank_, {}, readings_[i], limits_, now);
    }
  }

 private:
  double noise() { return noise_[random_() % noise_.size()]; }

  void measure(Reading& reading, int t_s, double load_A, double level_V) {
    double sum_V = 0;
    for (std::size_t cell = 0; cell < reading.cells_V.size(); ++cell) {
      reading.cells_V[cell] = level_V + 0.002 * static_cast<double>(cell) + 0.0006 * noise();
      sum_V += *reading.cells_V[cell];
    }
    reading.voltage_V = sum_V + 0.003 * noise();
    reading.current_A = load_A + 0.3 * noise();
    reading.temps_C = {21 + 0.1 * (t_s / 300 % 7), 22.0};
    reading.soc_pct = 50 + 0.1 * (t_s / 600 % 200);
    reading.remaining_Ah = 140 + t_s * 0.0005;
    recorder::coarsen(reading);
    recorder::snap(reading);
  }

  recorder::Recorder& recorder_;
  std::mt19937 random_{5};
  std::array<double, 4096> noise_{};
  std::vector<std::size_t> channels_;
  std::size_t bank_ = 0;
  std::vector<Reading> readings_;
  limits::Limits limits_;
};

}  // namespace bms::test
