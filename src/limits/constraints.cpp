#include "limits/constraints.hpp"

#include <bit>

#include "limits/protections.hpp"
#include "limits/samples.hpp"

namespace bms::limits {
namespace {

/// G5: what a lost value feeds may not allow more than this. The whole device lost is another rule (chapter 7).
void limit_lost(const Config& config, const State& state, Freshness freshness, double at_s, std::string_view name,
                Constraints& out) {
  if (state.freshness == Freshness::lost) return;
  if (freshness != Freshness::lost && freshness != Freshness::none) return;
  const double age_s = freshness == Freshness::none ? -1 : state.clock_s - at_s;
  out.hard(id::kLostInput, Sentence::lost_input, config.lost_input_fraction * out.maximum_A(), age_s, 0, 0, name);
}

void add_cells(const Config& config, const Device& device, const State& state, const StepFacts& facts,
               Constraints& out) {
  if (device.unavailable.cells) {
    out.inactive(id::kCellV, Sentence::not_available, "cell voltages");
    return;
  }
  const Inputs& in = state.inputs;
  if (out.charging()) {
    const double fraction = config.charge_cell_v.at(in.v_max, config.curve_mode);
    out.soft(id::kCellV, Sentence::cell_high, fraction * out.maximum_A(), in.v_max, fraction, in.max_cell);
  } else {
    const double fraction = config.discharge_cell_v.at(in.v_min, config.curve_mode);
    out.soft(id::kCellV, Sentence::cell_low, fraction * out.maximum_A(), in.v_min, fraction, in.min_cell);
  }
  out.fed_by(facts.cells);
  limit_lost(config, state, facts.cells, in.oldest_cell_s, "cell voltages", out);

  if (out.charging() && state.latches.high_cell) {
    out.hard(id::kCellHard, Sentence::cell_hard, 0, in.v_max, config.cell_v_hard - config.hard_release_v);
  } else if (!out.charging() && state.latches.low_cell) {
    out.hard(id::kCellHard, Sentence::cell_hard_min, 0, in.v_min, config.cell_v_hard_min + config.hard_min_release_v);
  } else {
    out.inactive(id::kCellHard, Sentence::good, "cells");
  }
}

void add_spread(const Config& config, const State& state, const StepFacts& facts, Constraints& out) {
  if (!out.charging()) return;
  if (config.cell_diff.off() || !state.inputs.cells_complete) {
    out.inactive(id::kCellDiff, Sentence::not_configured);
  } else if (!at_least(state.inputs.v_max, config.cell_diff_min_v)) {
    out.inactive(id::kCellDiff, Sentence::below_threshold, {}, state.inputs.v_max, config.cell_diff_min_v);
  } else {
    const double diff = state.inputs.v_max - state.inputs.v_min;
    const double fraction = config.cell_diff.at(diff, config.curve_mode);
    out.soft(id::kCellDiff, Sentence::cell_diff, fraction * out.maximum_A(), diff, fraction);
    out.fed_by(facts.cells);
  }
}

bool excluded(const Config& config, std::size_t sensor) {
  for (const int number : config.temp_exclude) {
    if (number == static_cast<int>(sensor) + 1) return true;
  }
  return false;
}

/// C3: every sensor by itself, the smallest fraction counts; a sensor that fell silent keeps its last word (G5).
void add_temperatures(const Config& config, const Device& device, const State& state, Constraints& out) {
  const Curve& curve = out.charging() ? config.charge_temp : config.discharge_temp;
  if (device.unavailable.temperatures) {
    out.inactive(id::kTemp, Sentence::not_available, "battery temperature");
    return;
  }
  const auto& sensors = state.inputs.temperatures;
  double fraction = 2;
  std::size_t worst = 0;
  Freshness oldest = Freshness::fresh;
  double oldest_at_s = state.clock_s;
  for (std::size_t i = 0; i < sensors.size(); ++i) {
    const auto& value = sensors[i].accepted;
    if (!value.known || excluded(config, i)) continue;
    const double here = curve.at(value.value, config.curve_mode);
    if (here < fraction) {
      fraction = here;
      worst = i;
    }
    if (value.at_s < oldest_at_s) {
      oldest_at_s = value.at_s;
      oldest = freshness(config, value, state.clock_s, device.temperature_period_s);
    }
  }
  if (fraction > 1) {
    out.inactive(id::kTemp, Sentence::not_received, "battery temperature");
    limit_lost(config, state, Freshness::none, 0, "battery temperature", out);
    return;
  }
  out.soft(id::kTemp, Sentence::temperature, fraction * out.maximum_A(), sensors[worst].accepted.value, fraction,
           worst + 1);
  out.fed_by(oldest);
  limit_lost(config, state, oldest, oldest_at_s, "battery temperature", out);
}

void add_mosfet(const Config& config, const Device& device, const State& state, Constraints& out) {
  const Curve& curve = out.charging() ? config.charge_mosfet : config.discharge_mosfet;
  if (curve.off()) {
    out.inactive(id::kMosfet, Sentence::not_configured);
    return;
  }
  if (device.unavailable.mos_temperature) {
    out.inactive(id::kMosfet, Sentence::not_available, "MOSFET temperature");
    return;
  }
  const auto& value = state.inputs.mosfet.accepted;
  const Freshness age = freshness(config, value, state.clock_s, device.temperature_period_s);
  if (value.known) {
    const double fraction = curve.at(value.value, config.curve_mode);
    out.soft(id::kMosfet, Sentence::mosfet, fraction * out.maximum_A(), value.value, fraction);
    out.fed_by(age);
  } else {
    out.inactive(id::kMosfet, Sentence::not_received, "MOSFET temperature");
  }
  limit_lost(config, state, age, value.at_s, "MOSFET temperature", out);
}

void add_soc(const Config& config, const State& state, const StepFacts& facts, Constraints& out) {
  const Curve& curve = out.charging() ? config.charge_soc : config.discharge_soc;
  const bool floor = !out.charging() && config.discharge_floor_soc > 0;
  if (!facts.soc_pct) {
    out.inactive(id::kSoc, curve.off() ? Sentence::not_configured : Sentence::not_received, "state of charge");
    return;
  }
  if (curve.off()) {
    out.inactive(id::kSoc, Sentence::not_configured);
  } else {
    const double fraction = curve.at(*facts.soc_pct, config.curve_mode);
    out.soft(id::kSoc, Sentence::soc, fraction * out.maximum_A(), *facts.soc_pct, fraction);
    out.fed_by(facts.soc);
  }
  if (floor) {
    if (state.latches.soc_floor) {
      out.soft(id::kSocFloor, Sentence::soc_floor, 0, *facts.soc_pct,
               config.discharge_floor_soc + config.floor_release_soc);
    } else {
      out.inactive(id::kSocFloor, Sentence::good, "state of charge");
    }
    if (facts.soc == Freshness::stale) out.freeze();
  }
  if (floor || !curve.off()) limit_lost(config, state, facts.soc, state.inputs.bms_soc.at_s, "state of charge", out);
}

void add_bms(const Config& config, const Device& device, const State& state, Constraints& out) {
  const Inputs& in = state.inputs;
  const auto& limit = out.charging() ? in.charge_limit : in.discharge_limit;
  if (limit.known) {
    out.hard(id::kBmsLimit, Sentence::bms_limit, limit.value);
  } else {
    out.inactive(id::kBmsLimit, Sentence::not_available, "own current limit");
  }

  const auto& fet = out.charging() ? in.charge_fet : in.discharge_fet;
  if (fet.known) {
    if (fet.value) {
      out.inactive(id::kFet, Sentence::good, "MOSFET closed,");
    } else {
      out.hard(id::kFet, Sentence::fet_open, 0);
    }
    const Freshness age = freshness(config, fet, state.clock_s);
    if (age == Freshness::stale) out.freeze();
    limit_lost(config, state, age, fet.at_s, "MOSFET state", out);
  } else {
    out.inactive(id::kFet, Sentence::not_available, "MOSFET state");
  }

  const auto& protections = in.protections;
  if (!protections.known) {
    out.inactive(id::kBmsProtection, Sentence::not_available, "protections");
    return;
  }
  const auto active = protections.value & (out.charging() ? kChargeProtections : kDischargeProtections);
  if (active != 0) {
    out.hard(id::kBmsProtection, Sentence::protection, 0, 0, 0, 0,
             to_string(static_cast<Condition>(std::countr_zero(active))));
  } else {
    out.inactive(id::kBmsProtection, Sentence::good, "protections");
  }
  const Freshness age = freshness(config, protections, state.clock_s, device.alarm_period_s);
  if (age == Freshness::stale) out.freeze();
  limit_lost(config, state, age, protections.at_s, "protections", out);
}

/// B5, B6, B8, C12.
void add_requests(const Config& config, const State& state, const StepFacts& facts, Constraints& out) {
  if (out.charging() && !config.pack_stop_v) out.inactive(id::kPackStop, Sentence::not_configured);
  if (out.charging() && !config.alternator_fuse) out.inactive(id::kAlternator, Sentence::not_configured);
  if (out.charging() && config.pack_stop_v) {
    if (state.latches.pack_stop) {
      out.hard(id::kPackStop, Sentence::pack_stop, 0, pack_voltage(state),
               *config.pack_stop_v - config.pack_resume_drop_v);
    } else {
      out.inactive(id::kPackStop, Sentence::good, "pack voltage");
    }
  }
  if (out.charging() && config.alternator_fuse) {
    if (const auto limit = alternator_limit_A(*config.alternator_fuse)) {
      out.hard(id::kAlternator, Sentence::alternator, *limit, 0, 0, 0, to_text(*config.alternator_fuse));
    }
  }
  for (const External& external : state.external) {
    const auto& value = out.charging() ? external.charge_A : external.discharge_A;
    if (!value) continue;
    out.hard(external_id(external.source), Sentence::request, *value, 0, 0, 0, external.name.view());
  }
  if (out.charging() ? facts.charge_off : facts.discharge_off) out.hard(id::kUser, Sentence::remote_off, 0);
}

/// L1, L3: nothing heard of the battery.
void add_loss(const Config& config, const State& state, const StepFacts& facts, Constraints& out) {
  if (state.freshness == Freshness::stale) out.freeze();
  if (state.freshness != Freshness::lost) return out.inactive(id::kComm, Sentence::good, "link");
  out.freeze();
  if (facts.loss_blocks) {
    out.hard(id::kComm, Sentence::loss_block, 0, facts.device_age_s);
  } else {
    const double fraction = out.charging() ? config.loss_charge_fraction : config.loss_discharge_fraction;
    out.hard(id::kComm, Sentence::loss_hold, fraction * out.maximum_A(), facts.device_age_s, fraction);
  }
}

}  // namespace

void Constraints::announce(double level_A, double countdown_s) {
  if (first_soft_ == kNone) return;
  for (auto& cause : list_) {
    const bool soft = cause.id == id::kCellV || cause.id == id::kTemp || cause.id == id::kMosfet ||
                      cause.id == id::kSoc || cause.id == id::kSocFloor;
    if (!soft || !cause.value || *cause.value >= level_A) continue;
    cause.value = level_A;
    cause.countdown_s = countdown_s;
  }
  soft_A_ = std::max(soft_A_, level_A);
}

void step_latches(const Config& config, State& state, const StepFacts& facts, const Timing& time) {
  Latches& latches = state.latches;
  const Inputs& in = state.inputs;
  const bool fresh = facts.cells == Freshness::fresh;
  if (in.cells_complete) {
    // C9. Only fresh cells release; what was seen once is never forgotten in between.
    const bool high = at_least(in.v_max, config.cell_v_hard);
    const bool calm = fresh && below(in.v_max, config.cell_v_hard - config.hard_release_v);
    if (latches.high_release.held(calm, time, config.hard_release_s)) latches.high_cell = false;
    if (high) latches.high_cell = true;
    const bool low = at_most(in.v_min, config.cell_v_hard_min);
    const bool filled = fresh && at_least(in.v_min, config.cell_v_hard_min + config.hard_min_release_v);
    if (latches.low_release.held(filled, time, config.hard_min_release_s)) latches.low_cell = false;
    if (low) latches.low_cell = true;
  }
  if (config.pack_stop_v) {
    const double volts = pack_voltage(state);
    const bool resume = fresh && at_most(volts, *config.pack_stop_v - config.pack_resume_drop_v);
    if (latches.pack_resume.held(resume, time, config.pack_resume_s)) latches.pack_stop = false;
    if (at_least(volts, *config.pack_stop_v)) latches.pack_stop = true;
  } else {
    latches.pack_stop = false;
  }
  if (config.discharge_floor_soc <= 0) {
    latches.soc_floor = false;
  } else if (facts.soc_pct) {
    if (at_least(*facts.soc_pct, config.discharge_floor_soc + config.floor_release_soc)) latches.soc_floor = false;
    if (at_most(*facts.soc_pct, config.discharge_floor_soc)) latches.soc_floor = true;
  }
}

void list_constraints(const Config& config, const Device& device, const State& state, const StepFacts& facts,
                      Constraints& out) {
  out.hard(id::kCfgMax, Sentence::maximum, out.maximum_A());
  add_cells(config, device, state, facts, out);
  add_spread(config, state, facts, out);
  add_temperatures(config, device, state, out);
  add_mosfet(config, device, state, out);
  add_soc(config, state, facts, out);
  add_bms(config, device, state, out);
  add_requests(config, state, facts, out);
  add_loss(config, state, facts, out);
}

bool loss_blocks(const Config& config, const State& state, double device_age_s) {
  if (state.freshness != Freshness::lost) return false;
  if (config.loss_policy == LossPolicy::block) return true;
  if (config.loss_policy == LossPolicy::hold) return false;
  const Inputs& in = state.inputs;
  const double v_max = highest_cell(state);
  const double v_min = in.cells_complete ? in.v_min : v_max;
  const bool inside = at_least(v_min, config.loss_v_min) && at_most(v_max, config.loss_v_max);
  const bool protecting =
      in.protections.known && (in.protections.value & (kChargeProtections | kDischargeProtections)) != 0;
  return !inside || protecting || above(device_age_s, config.loss_block_s);
}

}  // namespace bms::limits
