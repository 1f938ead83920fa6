#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>

#include "limits/parameters.hpp"
#include "limits/replay.hpp"

namespace bms::limits {

inline constexpr double kRampStep = 5.2;  ///< A, tolerance during a ramp

/// `count` cells at `volts` and the last one at `odd`.
inline std::string cells(double volts, double odd, int count = 16) {
  std::string list;
  for (int i = 0; i < count; ++i) list += fmt::format("{}{}", i == 0 ? "" : ", ", i + 1 == count ? odd : volts);
  return fmt::format(R"("cells_V": [{}])", list);
}
inline std::string cells(double volts) { return cells(volts, volts); }

/// A scenario of chapter 14: changes over time through the same replay as `dbus-bms limits`, and what came out.
class Scenario {
 public:
  Scenario() {
    options_.config.max_charge_a = 100;
    options_.config.max_discharge_a = 100;
  }

  Config& config() { return options_.config; }
  ReplayOptions& options() { return options_; }

  /// The base of chapter 14 at t = 0 (without cells), then `more`.
  Scenario& base(const std::string& more, const std::string& battery = "battery") {
    return at(0,
              R"("capacity_Ah": 100, "temps_C": [25, 25], "mos_temp_C": 30, "soc_pct": 60, "current_A": 0,)"
              R"( "charge_fet": true, "discharge_fet": true, )" +
                  more,
              battery);
  }
  Scenario& at(double t_s, const std::string& changes, const std::string& battery = "battery") {
    lines_ += fmt::format("{{\"t\": {}, \"battery\": \"{}\", {}}}\n", t_s, battery, changes);
    return *this;
  }
  Scenario& run(double until_s) {
    std::istringstream in(lines_);
    options_.until = until_s;
    const auto problems = replay(in, options_, [&](double t_s, const std::string& battery, const Limits& limits) {
      seen_[battery][std::lround(t_s)] = limits;
    });
    for (const auto& problem : problems) ADD_FAILURE() << "line " << problem.line << ": " << problem.message;
    return *this;
  }

  const Limits& operator[](long t_s) const { return of("battery", t_s); }
  const Limits& of(const std::string& battery, long t_s) const { return seen_.at(battery).at(t_s); }

  void ccl(long t_s, double expected, double tolerance = 0.2) const {
    EXPECT_NEAR((*this)[t_s].ccl.value_A, expected, tolerance) << "CCL at " << t_s;
  }
  void dcl(long t_s, double expected, double tolerance = 0.2) const {
    EXPECT_NEAR((*this)[t_s].dcl.value_A, expected, tolerance) << "DCL at " << t_s;
  }
  /// Two decimals in the reference: within 0.02 V.
  void cvl2(long t_s, double expected) const {
    EXPECT_NEAR((*this)[t_s].cvl.value_V, expected, 0.02 + 1e-9) << "CVL at " << t_s;
  }
  /// Three decimals: within 0.005 V.
  void cvl3(long t_s, double expected) const {
    EXPECT_NEAR((*this)[t_s].cvl.value_V, expected, 0.005 + 1e-9) << "CVL at " << t_s;
  }
  void phase(long t_s, Phase expected) const { EXPECT_EQ((*this)[t_s].phase, expected) << "phase at " << t_s; }
  void allow(long t_s, bool charge, bool discharge) const {
    EXPECT_EQ((*this)[t_s].allow_charge, charge) << "allow_charge at " << t_s;
    EXPECT_EQ((*this)[t_s].allow_discharge, discharge) << "allow_discharge at " << t_s;
  }
  bool has_note(long t_s, Note::Kind kind) const {
    for (const auto& note : (*this)[t_s].notes) {
      if (note.kind == kind) return true;
    }
    return false;
  }

 private:
  std::string lines_;
  ReplayOptions options_;
  std::map<std::string, std::map<long, Limits>> seen_;
};

}  // namespace bms::limits
