#include "limits/voltage.hpp"

#include <algorithm>

#include "limits/phases.hpp"

namespace bms::limits {
namespace {

double set_point(const Config& config, double v_ph, int cells) { return std::max(config.cell_v_max, v_ph / cells); }

Cause voltage_cause(std::string_view id, Sentence sentence, double value_V, double a = 0, double b = 0) {
  Cause cause;
  cause.id = id;
  cause.limit = Cause::Limit::cvl;
  cause.sentence = sentence;
  cause.value = value_V;
  cause.a = a;
  cause.b = b;
  return cause;
}

/// X1: how CVL follows its target, told by the term that binds.
void describe_shaping(const VoltageTerms& terms, double cvl_V, ChargeVoltage& out) {
  const double target_V = out.target_V - terms.drop_V;
  if (!above(target_V, cvl_V)) {
    out.shaping = above(cvl_V, target_V) ? Shaping::ramp : Shaping::direct;
    return;
  }
  if (!terms.fresh) {
    out.shaping = Shaping::frozen;
    return;
  }
  const std::string_view binding = out.why.front().id;
  if (binding == id::kCellReg || binding == id::kBounds) {
    out.hold_remaining_s = terms.regulation_hold_s;
  } else if (binding == id::kEnforce) {
    out.hold_remaining_s = terms.enforcement_hold_s;
  } else if (binding != id::kPhase) {
    out.hold_remaining_s = terms.cap_hold_s;
  }
  out.shaping = out.hold_remaining_s > 0 ? Shaping::hold : Shaping::ramp;
}

/// X1: what does not act, and why.
void list_inactive(const Config& config, const VoltageTerms& terms, std::vector<Cause>& why) {
  const auto list = [&](std::string_view id, Sentence sentence, std::string_view name = {}, double a = 0,
                        double b = 0) {
    Cause cause = voltage_cause(id, sentence, 0, a, b);
    cause.value.reset();
    cause.status = Cause::Status::inactive;
    cause.name = ShortName(name);
    why.push_back(cause);
  };
  if (terms.trim_V >= 0) {
    if (config.ki_per_cell <= 0) {
      list(id::kCellReg, Sentence::not_configured);
    } else {
      list(id::kCellReg, Sentence::below_set_point, {}, terms.highest_cell_V,
           set_point(config, terms.v_ph, terms.cells) + config.reg_deadband_v);
    }
  }
  if (terms.enforce_V >= 0) {
    list(id::kEnforce, config.enforce_enable ? Sentence::good : Sentence::not_configured, "charge current");
  }
  const std::string_view cap = terms.cap_cause != nullptr ? terms.cap_cause->id : std::string_view();
  if (!terms.bms_cap_known) list(id::kBmsCvl, Sentence::not_available, "own charge voltage");
  if (cap != id::kComm) list(id::kComm, Sentence::good, "link");
}

}  // namespace

void regulate(const Config& config, Regulation& regulation, const RegulationInput& input, const Timing& time) {
  const double floor_V = input.cells * config.cvl_floor_cell_v;
  if (config.ki_per_cell <= 0 || !input.inputs->cells_complete) {
    regulation = {};
    return;
  }
  const double point = set_point(config, input.v_ph, input.cells);
  const double ceiling = point + config.reg_deadband_v;
  const double v_max = input.inputs->v_max;
  const double gain = config.ki_per_cell * input.cells;
  if (above(v_max, ceiling)) {
    const bool onset = !regulation.excursion;
    if (onset) {
      regulation.excursion = true;
      double clipped_V = 0;
      for (const auto& cell : input.inputs->cells) clipped_V += std::min(cell.value, ceiling);
      regulation.trim_V = std::min(regulation.trim_V, clipped_V - input.v_ph);
    }
    // Without charge current a lower voltage cannot help, and without fresh cells nobody knows: no wind-up.
    const double enough_A = config.reg_i_min_c * input.capacity_Ah.value_or(0);
    if (!input.current_A || above(*input.current_A, enough_A)) {
      regulation.rest_V = v_max;
      if (input.fresh) regulation.trim_V -= gain * (v_max - ceiling) * time.dt_s;
    } else if (above(*input.current_A, 0) && input.fresh) {
      // Chapter 15 asks for 3.470 V after 30 min, but a threshold of 1.4 A alone lets the weak tail of the charge push
      // a cell that is 1.5 % ahead to 3.479 V within the next hour. So the rise since then is held down as well; a cell
      // that stays where it is still lowers nothing.
      if (onset) regulation.rest_V = v_max;
      regulation.trim_V -= gain * std::max(0.0, v_max - std::max(ceiling, regulation.rest_V)) * time.dt_s;
    }
  }
  if (regulation.calm.held(input.fresh && below(v_max, point), time, config.cvl_hold_s)) {
    regulation.excursion = false;
    regulation.trim_V += std::min(config.trim_ramp_v_s, gain * (point - v_max)) * time.dt_s;
  }
  regulation.trim_V = std::min(0.0, std::max(regulation.trim_V, floor_V - input.v_ph));
}

void enforce(const Config& config, Enforcement& enforcement, double v_ph, double floor_V, double pack_V,
             const std::optional<double>& current_A, double ccl_A, bool fresh, const Timing& time) {
  if (!config.enforce_enable) {
    enforcement = {};
    return;
  }
  const bool ignored = current_A && above(*current_A, ccl_A * config.enforce_band + config.enforce_offset_a);
  if (ignored && !enforcement.violation.running) enforcement.start_V = pack_V;
  if (enforcement.violation.held(ignored, time, config.enforce_s)) {
    if (!enforcement.engaged) enforcement.trim_V = std::min(enforcement.trim_V, enforcement.start_V - v_ph);
    enforcement.engaged = true;
    enforcement.trim_V -= config.enforce_k * (*current_A - ccl_A) * time.dt_s;
  } else if (!ignored) {
    enforcement.engaged = false;
  }
  const bool obeys = fresh && current_A && at_most(*current_A, ccl_A);
  if (enforcement.obeyed.held(obeys, time, config.cvl_hold_s)) {
    enforcement.trim_V += config.cvl_ramp_v_s * time.dt_s;
  }
  enforcement.trim_V = std::min(0.0, std::max(enforcement.trim_V, floor_V - v_ph));
}

CapTarget cap_target(const Config& config, const State& state, int cells, bool cells_lost, double age_s) {
  const double top_V = cells * config.cell_v_top;
  CapTarget target{top_V, voltage_cause(id::kBounds, Sentence::highest_allowed, top_V, config.cell_v_top)};
  const auto lower = [&](double value_V, std::string_view id, Sentence sentence, double a) {
    if (value_V >= target.value_V) return;
    target = {value_V, voltage_cause(id, sentence, value_V, a)};
  };
  if (state.inputs.voltage_limit.known) {
    lower(state.inputs.voltage_limit.value, id::kBmsCvl, Sentence::bms_voltage, 0);
  }
  for (const External& external : state.external) {
    if (!external.voltage_V || *external.voltage_V >= target.value_V) continue;
    lower(*external.voltage_V, id::kUser, Sentence::request, 0);
    target.cause.name = external.name;
  }
  if (cells_lost) lower(cells * config.cell_v_float, id::kComm, Sentence::loss_voltage, age_s);
  return target;
}

void follow_cap(const Config& config, Cap& cap, const CapTarget& target, bool fresh, const Timing& time) {
  if (!cap.known || !above(target.value_V, cap.value_V)) {
    cap.known = true;
    cap.value_V = target.value_V;
    cap.cause = target.cause;
    cap.hold.stop();
    return;
  }
  if (cap.hold.held(fresh, time, config.cvl_hold_s)) {
    cap.value_V = std::min(target.value_V, cap.value_V + config.cvl_ramp_v_s * time.dt_s);
  }
}

void publish(const Config& config, const VoltageTerms& terms, ChargeVoltage& out) {
  const double floor_V = terms.cells * config.cvl_floor_cell_v;
  const double regulated_V = terms.v_ph + std::min(terms.trim_V, terms.enforce_V);
  const double wanted_V = std::max(regulated_V, floor_V);
  const double cvl_V = std::min(wanted_V, terms.cap_V);
  out.exact_V = cvl_V;
  if (terms.drop_V > 0) out.exact_V = std::min(cvl_V + terms.drop_V, terms.cells * config.cell_v_hard);
  out.value_V = round_voltage(out.exact_V);

  out.why.clear();
  const Sentence phase = terms.phase == Phase::floating     ? Sentence::phase_float
                         : terms.phase == Phase::absorption ? Sentence::phase_absorption
                                                            : Sentence::phase_bulk;
  // Terms below the floor do not take effect beyond it: they are listed with what they come to.
  const auto list = [&](Cause cause) { out.why.push_back(cause); };
  list(voltage_cause(id::kPhase, phase, terms.v_ph, terms.v_ph));
  if (terms.trim_V < 0) {
    Cause cause = voltage_cause(id::kCellReg, Sentence::cell_regulation, std::max(floor_V, terms.v_ph + terms.trim_V),
                                terms.highest_cell_V, set_point(config, terms.v_ph, terms.cells));
    cause.name = terms.highest_pack;
    list(cause);
  }
  if (terms.enforce_V < 0) {
    list(voltage_cause(id::kEnforce, Sentence::enforcement, std::max(floor_V, terms.v_ph + terms.enforce_V),
                       terms.current_A, terms.ccl_A));
  }
  if (terms.cap_cause != nullptr) {
    Cause cause = *terms.cap_cause;
    cause.value = terms.cap_V;
    cause.recovering = terms.cap_recovering;
    list(cause);
  }
  if (at_most(regulated_V, floor_V)) {
    list(voltage_cause(id::kBounds, Sentence::lowest_allowed, floor_V, config.cvl_floor_cell_v));
  }
  std::size_t front = 0;
  for (std::size_t i = 0; i < out.why.size(); ++i) {
    if (at_most(*out.why[i].value, cvl_V)) std::swap(out.why[front++], out.why[i]);
  }
  out.target_V = std::min(terms.target_V + terms.drop_V, std::max(out.exact_V, terms.cells * config.cell_v_hard));
  describe_shaping(terms, cvl_V, out);
  list_inactive(config, terms, out.why);
}

void fill_holds(const Config& config, const Regulation& regulation, const Enforcement& enforcement, const Cap& cap,
                const Timing& time, VoltageTerms& terms) {
  terms.regulation_hold_s = regulation.calm.remaining_s(time, config.cvl_hold_s);
  terms.enforcement_hold_s = enforcement.obeyed.remaining_s(time, config.cvl_hold_s);
  terms.cap_hold_s = cap.hold.remaining_s(time, config.cvl_hold_s);
}

double drop_compensation(const Config& config, int cells, double charge_mean_A) {
  constexpr double kMaxPerCell_V = 0.03;
  const double line_V = std::min(config.line_resistance_ohm * std::max(0.0, charge_mean_A), kMaxPerCell_V * cells);
  return config.voltage_drop_v + line_V;
}

}  // namespace bms::limits
