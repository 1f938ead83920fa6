#include "world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

#include "support/effort.hpp"

namespace bms::limits {

std::uint64_t Dice::pick(std::uint64_t count) {
  // The first decision is the plain remainder, so that small events are simple ones; the others are mixed from it.
  if (first_) {
    first_ = false;
    const std::uint64_t result = state_ % count;
    state_ /= count;
    return result;
  }
  if (state_ == 0) return 0;
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return (mixed ^ (mixed >> 31U)) % count;
}

double Dice::real(double low, double high) {
  constexpr std::uint64_t kSteps = 1U << 20U;
  return low + (high - low) * static_cast<double>(pick(kSteps)) / static_cast<double>(kSteps - 1);
}

Config random_config(std::uint64_t seed) {
  Dice dice(seed);
  dice.pick(1);
  Config c;
  if (seed == 0) return c;
  c.max_charge_a = dice.real(5, 300);
  c.max_discharge_a = dice.real(5, 300);
  c.curve_mode = dice.chance(3) ? CurveMode::step : CurveMode::linear;
  if (dice.chance(3)) c.charge_soc = {{{85, 1}, {90, 0.5}, {95, 0.2}, {98, 0.1}}};
  if (dice.chance(3)) c.discharge_soc = {{{5, 0.1}, {10, 0.2}, {15, 0.5}, {20, 1}}};
  if (dice.chance(3)) c.cell_diff = {{{0.1, 1}, {0.2, 0.3}, {0.3, 0.1}}};
  c.recovery_hold_s = dice.real(0, 60);
  c.recovery_rate_a_s = dice.real(0.5, 50);
  c.zero_exit_fraction = dice.real(0, 0.3);
  c.cvl_hold_s = dice.real(1, 90);
  c.cvl_ramp_v_s = dice.real(0.001, 0.05);
  c.trim_ramp_v_s = dice.real(0.001, 0.05);
  c.float_ramp_v_s = dice.real(0.001, 0.05);
  c.absorption_s = dice.real(10, 200);
  c.absorption_max_s = dice.real(200, 600);
  c.absorption_drop_s = dice.real(1, 60);
  c.rebulk_diff_s = dice.real(1, 60);
  c.rebulk_cell_s = dice.real(1, 100);
  c.rebulk_lockout_s = dice.real(0, 600);
  c.float_min_s = dice.real(0, 60);
  c.top_timeout_s = dice.real(60, 400);
  c.top_retry_s = dice.real(60, 400);
  c.stale_s = dice.real(2, 12);
  c.lost_s = dice.real(15, 60);
  c.loss_policy = static_cast<LossPolicy>(dice.pick(3));
  c.loss_block_s = dice.real(60, 300);
  c.loss_charge_fraction = dice.real(0, 1);
  c.loss_discharge_fraction = dice.real(0, 1);
  c.lost_input_fraction = dice.real(0, 1);
  c.hard_release_s = dice.real(0, 30);
  c.hard_min_release_s = dice.real(0, 30);
  c.discharge_floor_soc = dice.chance(3) ? 0 : dice.real(0, 20);
  c.soc_low_alarm = c.discharge_floor_soc + 2;
  c.soc_low_warning = c.soc_low_alarm + dice.real(1, 20);
  c.prealarm_s = dice.real(0, 60);
  c.prealarm_fraction = dice.real(0, 0.2);
  if (dice.chance(4)) c.pack_stop_v = dice.real(50, 58);
  if (dice.chance(4)) c.alternator_fuse = Fuse{1, 80};
  c.enforce_enable = !dice.chance(3);
  c.enforce_s = dice.real(1, 30);
  c.jump_samples = 1 + static_cast<int>(dice.pick(4));
  c.soc_source = dice.chance(3) ? SocSource::counter : SocSource::bms;
  c.soc_idle_a = dice.chance(3) ? 0.1 : 0;
  c.sync_s = dice.real(5, 60);
  c.sync_down = dice.chance(2);
  c.cvl_from_bms = dice.chance(4);
  for (const auto& problem : validate(c)) {
    ADD_FAILURE() << "generated configuration: " << problem.key << " = " << problem.value << ": " << problem.allowed;
  }
  return c;
}

World::World(std::uint64_t seed, int cells) {
  Dice dice(seed);
  constexpr int kCounts[] = {16, 4, 8, 15};
  cells_ = cells != 0 ? cells : kCounts[dice.pick(std::size(kCounts))];
  cell_values_.assign(static_cast<std::size_t>(cells_), 3.33);
  reading_.cells_V = cell_values_;
  reading_.capacity_Ah = 100;
  reading_.temps_C = {25, 25};
  reading_.mos_temp_C = 30;
  reading_.soc_pct = 60;
  reading_.current_A = 0;
  reading_.charge_fet = reading_.discharge_fet = true;
  reading_.alarms.emplace();
}

void World::change_cells(Dice& dice) {
  constexpr double kLevels[] = {3.33, 3.40, 3.447, 3.45, 3.455, 3.47, 3.20, 3.30, 3.00, 2.90, 3.547};
  const double level = dice.chance(3) ? dice.real(2.6, 3.65) : kLevels[dice.pick(std::size(kLevels))];
  for (auto& cell : reading_.cells_V) cell = level;
  if (dice.chance(2)) reading_.cells_V[dice.pick(reading_.cells_V.size())] = dice.real(2.6, 3.65);
}

/// Everything is well again: without it random faults pile up and no limit ever comes back.
void World::heal(Dice& dice) {
  link_ = true;
  charge_off_ = discharge_off_ = false;
  dropped_ = 0;
  reading_.charge_fet = reading_.discharge_fet = true;
  reading_.alarms->clear();
  reading_.temps_C = {25, 25};
  reading_.mos_temp_C = 30;
  reading_.soc_pct = dice.real(30, 99);
  reading_.max_charge_current_A = reading_.max_discharge_current_A = dice.real(20, 300);
  constexpr double kGood[] = {3.33, 3.40, 3.447, 3.30};
  const double level = kGood[dice.pick(std::size(kGood))];
  for (auto& cell : reading_.cells_V) cell = level;
}

void World::drop(Dice& dice) { dropped_ ^= 1U << dice.pick(9); }

void World::change_rest(std::uint64_t kind, Dice& dice) {
  switch (kind) {
    case 3:
      reading_.current_A = dice.chance(3) ? 0.3 : dice.real(-150, 150);
      break;
    case 4:
      reading_.soc_pct = dice.real(0, 100);
      break;
    case 5:
      reading_.temps_C[dice.pick(2)] = calm_ ? dice.real(-20, 65) : dice.real(-60, 120);
      break;
    case 6:
      reading_.mos_temp_C = dice.real(-10, 99);
      break;
    case 7:
      reading_.charge_fet = !*reading_.charge_fet;
      break;
    case 8:
      reading_.discharge_fet = !*reading_.discharge_fet;
      break;
    case 9:
      reading_.alarms->clear();
      if (dice.chance(2)) {
        reading_.alarms->push_back({static_cast<Condition>(dice.pick(kConditionCount)),
                                    dice.chance(2) ? AlarmLevel::alarm : AlarmLevel::warning});
      }
      break;
    case 10:
      reading_.max_charge_current_A = dice.chance(4) ? 0 : dice.real(0, 300);
      reading_.max_discharge_current_A = dice.chance(4) ? 0 : dice.real(0, 300);
      break;
    case 11:
      link_ = !link_;
      break;
    case 12:
      drop(dice);
      break;
    case 13:
      step_s_ = 1 + static_cast<double>(dice.pick(15));
      break;
    case 14:
      external_ = {"generator",      ExternalLimit::Source::external, dice.real(0, 200), std::nullopt, std::nullopt,
                   dice.real(0, 120)};
      if (dice.chance(2)) external_.discharge_A = dice.real(0, 200);
      if (dice.chance(4)) external_.voltage_V = dice.real(45, 60);
      external_set_ = true;
      break;
    case 15:
      (dice.chance(6) ? top_ : rebulk_) = true;
      break;
    case 16:
      garbage_ = calm_ ? 0 : 1 + static_cast<int>(dice.pick(12));
      break;
    case 17:
      reading_.max_voltage_V = dice.real(30, 70);
      break;
    case 18:
      (dice.chance(2) ? charge_off_ : discharge_off_) ^= true;
      break;
    case 19:
      set_soc_ = dice.real(-10, 110);
      break;
    default:
      break;
  }
}

int World::apply(std::uint64_t event) {
  Dice dice(event);
  const auto kind = dice.pick(30);
  if (kind == 1 || kind == 2 || kind == 20 || kind == 21) {
    change_cells(dice);
  } else {
    change_rest(kind, dice);
  }
  if (kind >= 24) heal(dice);
  if (kind >= 27) return 1 + static_cast<int>(dice.pick(200));
  return kind >= 22 ? 1 + static_cast<int>(dice.pick(40)) : 1;
}

const Input& World::input() {
  sent_ = reading_;
  if ((dropped_ & 1U) != 0) sent_.cells_V.clear();
  if ((dropped_ & 2U) != 0) sent_.cells_V.empty() ? void() : sent_.cells_V.front().reset();
  if ((dropped_ & 4U) != 0) sent_.temps_C[0].reset();
  if ((dropped_ & 8U) != 0) sent_.mos_temp_C.reset();
  if ((dropped_ & 16U) != 0) sent_.soc_pct.reset();
  if ((dropped_ & 32U) != 0) sent_.current_A.reset();
  if ((dropped_ & 64U) != 0) sent_.alarms.reset();
  if ((dropped_ & 128U) != 0) sent_.charge_fet.reset();
  if ((dropped_ & 256U) != 0) sent_.discharge_fet.reset();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  switch (garbage_) {
    case 1:
      if (!sent_.cells_V.empty()) sent_.cells_V.back() = 65.535;
      break;
    case 2:
      if (!sent_.cells_V.empty()) sent_.cells_V.back() = kNan;
      break;
    case 3:
      sent_.cells_V.emplace_back(3.3);
      break;
    case 4:
      sent_.soc_pct = kNan;
      break;
    case 5:
      sent_.current_A = -kInf;
      break;
    case 6:
      sent_.current_A = 6553.5;
      break;
    case 7:
      sent_.max_charge_current_A = kInf;
      break;
    case 8:
      sent_.max_discharge_current_A = -3;
      break;
    case 9:
      sent_.temps_C[1] = kNan;
      break;
    case 10:
      sent_.capacity_Ah = kNan;
      break;
    case 11:
      sent_.max_voltage_V = kInf;
      break;
    case 12:
      sent_.mos_temp_C = 6553.5;
      break;
    default:
      break;
  }
  garbage_ = 0;
  input_ = {};
  if (link_) input_.reading = &sent_;
  if (external_set_) input_.external = {&external_, 1};
  external_set_ = false;
  input_.charge_off = charge_off_;
  input_.discharge_off = discharge_off_;
  input_.rebulk = rebulk_;
  input_.top_balance = top_;
  input_.set_soc_pct = set_soc_;
  rebulk_ = top_ = false;
  set_soc_.reset();
  return input_;
}

double World::step_s() {
  const double step = step_s_;
  step_s_ = 1;
  return step;
}

rc::Gen<Script> scripts(std::size_t length) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::container<Script>(length, rc::gen::arbitrary<std::uint64_t>()));
}

static bool long_run() {
  const char* wanted = std::getenv("DBUS_BMS_LONG");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

std::uint64_t steps_wanted() {
  constexpr std::uint64_t kShort = test::effort(100'000, 10'000);
  return long_run() ? 1'000'000 : kShort;
}

namespace {

/// At least this many scripts a property, so that each of them has its part of the steps.
constexpr std::uint64_t kScripts = test::effort(100, 5);

/// What repeats this run: RC_PARAMS as given; else a new seed in a long run and always the same one in a short run, so
/// that a change is judged by the same steps as the state before it. rapidcheck reads it once, at its first property.
const std::string& run_parameters() {
  static const std::string kParameters = [] {
    if (const char* given = std::getenv("RC_PARAMS"); given != nullptr) return std::string(given);
    // Shrinking thousands of steps takes hours.
    std::uint64_t seed = 20240914;
    if (long_run()) {
      std::random_device random;
      seed = (std::uint64_t{random()} << 32U) | random();
    }
    std::string made = fmt::format("noshrink=1 max_success={} seed={}", kScripts, seed);
    setenv("RC_PARAMS", made.c_str(), 1);
    return made;
  }();
  return kParameters;
}

}  // namespace

void check_steps(const std::string& name,
                 const std::function<std::uint64_t(std::uint64_t seed, const Script& script)>& property,
                 std::size_t script_length) {
  const std::uint64_t wanted = steps_wanted();
  const std::string repeat = fmt::format("RC_PARAMS=\"{}\"{}", run_parameters(), long_run() ? " DBUS_BMS_LONG=1" : "");
  std::uint64_t steps = 0;
  // rapidcheck asks for kScripts scripts; more follow inside the same property, so that one seed gives them all.
  const bool good = rc::check(name, [&]() {
    const std::uint64_t before = steps;
    do {
      const auto seed = *rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>());
      const auto script = *scripts(script_length);
      steps += property(seed, script);
    } while (steps - before < wanted / kScripts);
  });
  std::printf("%s: %llu steps, repeated by %s\n", name.c_str(), static_cast<unsigned long long>(steps), repeat.c_str());
  EXPECT_TRUE(good) << name << ", repeat it with " << repeat;
  if (good) {
    EXPECT_GE(steps, wanted);
  }
}

}  // namespace bms::limits
