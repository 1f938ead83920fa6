#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limits/config.hpp"
#include "limits/engine.hpp"

namespace bms::limits {

/// Numbers for one decision out of the 64 bits rapidcheck gave for it; 0 stays the simplest everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t bits) : state_(bits) {}
  /// 0 .. count - 1.
  std::uint64_t pick(std::uint64_t count);
  /// low .. high.
  double real(double low, double high);
  bool chance(unsigned one_in) { return pick(one_in) == 1; }

 private:
  std::uint64_t state_;
  bool first_ = true;
};

/// A random valid configuration (G11), with times short enough that everything happens within minutes.
Config random_config(std::uint64_t seed);

/// A battery, its link and its user, doing random things. One event changes what the following steps see.
class World {
 public:
  explicit World(std::uint64_t seed, int cells = 0);

  /// Changes something; says for how many steps it stays.
  int apply(std::uint64_t event);
  /// What arrives in the next step. Valid until the next call.
  const Input& input();
  /// Seconds from the previous step to the next one.
  double step_s();

  [[nodiscard]] int cells() const { return cells_; }
  Reading& reading() { return reading_; }
  [[nodiscard]] bool link() const { return link_; }
  void set_link(bool up) { link_ = up; }
  [[nodiscard]] Device& device() { return device_; }
  /// Only plain events: no garbage, no jumps that the filter has to confirm.
  void calm() { calm_ = true; }

 private:
  void change_cells(Dice& dice);
  void change_rest(std::uint64_t kind, Dice& dice);
  void drop(Dice& dice);
  void heal(Dice& dice);

  int cells_;
  Reading reading_;
  Reading sent_;
  Device device_;
  Input input_;
  ExternalLimit external_;
  std::vector<std::optional<double>> cell_values_;
  bool link_ = true;
  bool calm_ = false;
  bool charge_off_ = false, discharge_off_ = false;
  bool rebulk_ = false, top_ = false;
  bool external_set_ = false;
  int garbage_ = 0;
  std::uint32_t dropped_ = 0;  ///< bit set of quantities that stopped arriving
  double step_s_ = 1;
  std::optional<double> set_soc_;
};

/// What rounding may make of an ampere or a volt.
constexpr double kTiny = 1e-5;

using Script = std::vector<std::uint64_t>;
/// Full-range events from the start, whatever size rapidcheck is at.
rc::Gen<Script> scripts(std::size_t length);

/// Steps a property must see: 100,000 (10,000 of the same under the sanitizers), or ten times more with
/// DBUS_BMS_LONG=1.
std::uint64_t steps_wanted();

/// Runs the property with ever new scripts until it has seen enough steps. `property` returns the steps it took.
void check_steps(const std::string& name,
                 const std::function<std::uint64_t(std::uint64_t seed, const Script& script)>& property,
                 std::size_t script_length = 300);

}  // namespace bms::limits
