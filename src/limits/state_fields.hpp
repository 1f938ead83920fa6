#pragma once

#include "limits/bank.hpp"
#include "limits/state.hpp"

/// The fields of a stored state, described once for writing and reading. `visit(key, member)` is called for each.
namespace bms::limits {

// Highest valid value of each stored enum.
constexpr int highest(Phase) { return static_cast<int>(Phase::floating); }
constexpr int highest(TopBalance) { return static_cast<int>(TopBalance::failed); }
constexpr int highest(Freshness) { return static_cast<int>(Freshness::lost); }
constexpr int highest(Shaping) { return static_cast<int>(Shaping::frozen); }
constexpr int highest(Sentence) { return static_cast<int>(Sentence::good); }
constexpr int highest(Cause::Status) { return static_cast<int>(Cause::Status::lost); }
constexpr int highest(Cause::Limit) { return static_cast<int>(Cause::Limit::cvl); }
constexpr int highest(ExternalLimit::Source) { return static_cast<int>(ExternalLimit::Source::alternator); }

template <class Visit, class T>
void fields(Visit& visit, Last<T>& last) {
  visit("known", last.known);
  visit("value", last.value);
  visit("at_s", last.at_s);
}

template <class Visit>
void fields(Visit& visit, Spell& spell) {
  visit("running", spell.running);
  visit("since_s", spell.since_s);
}

template <class Visit>
void fields(Visit& visit, Sensor& sensor) {
  visit("accepted", sensor.accepted);
  visit("candidate", sensor.candidate);
  visit("agreeing", sensor.agreeing);
}

template <class Visit>
void fields(Visit& visit, Cause& cause) {
  visit("id", cause.id);
  visit("value", cause.value);
  visit("status", cause.status);
  visit("limit", cause.limit);
  visit("sentence", cause.sentence);
  visit("recovering", cause.recovering);
  visit("index", cause.index);
  visit("a", cause.a);
  visit("b", cause.b);
  visit("countdown_s", cause.countdown_s);
  visit("name", cause.name);
  visit("pack", cause.pack);
}

template <class Visit>
void fields(Visit& visit, Inputs& in) {
  visit("device", in.device);
  visit("cells", in.cells);
  visit("temperatures", in.temperatures);
  visit("mosfet", in.mosfet);
  visit("voltage", in.voltage);
  visit("current", in.current);
  visit("bms_soc", in.bms_soc);
  visit("shunt_soc", in.shunt_soc);
  visit("shunt_current", in.shunt_current);
  visit("charge_limit", in.charge_limit);
  visit("discharge_limit", in.discharge_limit);
  visit("voltage_limit", in.voltage_limit);
  visit("charge_fet", in.charge_fet);
  visit("discharge_fet", in.discharge_fet);
  visit("protections", in.protections);
  visit("capacity_Ah", in.capacity_Ah);
  visit("serial", in.serial);
  visit("charging_balancer", in.charging_balancer);
  visit("v_max", in.v_max);
  visit("v_min", in.v_min);
  visit("v_sum", in.v_sum);
  visit("max_cell", in.max_cell);
  visit("min_cell", in.min_cell);
  visit("oldest_cell_s", in.oldest_cell_s);
  visit("cells_complete", in.cells_complete);
}

template <class Visit>
void fields(Visit& visit, Shape& shape) {
  visit("out_A", shape.out_A);
  visit("shaping", shape.shaping);
  visit("hold", shape.hold);
  visit("ramping", shape.ramping);
  visit("restriction", shape.restriction);
  visit("stored_A", shape.stored_A);
}

template <class Visit>
void fields(Visit& visit, Latches& latches) {
  visit("high_cell", latches.high_cell);
  visit("low_cell", latches.low_cell);
  visit("pack_stop", latches.pack_stop);
  visit("soc_floor", latches.soc_floor);
  visit("high_release", latches.high_release);
  visit("low_release", latches.low_release);
  visit("pack_resume", latches.pack_resume);
  visit("soc_warning", latches.soc_warning);
  visit("soc_alarm", latches.soc_alarm);
  visit("low_cell_warning", latches.low_cell_warning);
  visit("high_cell_warning", latches.high_cell_warning);
  visit("prealarm_cell", latches.prealarm_cell);
  visit("prealarm_soc", latches.prealarm_soc);
  visit("pre_alarm", latches.pre_alarm);
  visit("pre_alarm_since_s", latches.pre_alarm_since_s);
  visit("alternator", latches.alternator);
  visit("forbidden_charge", latches.forbidden_charge);
}

template <class Visit>
void fields(Visit& visit, Phases& phases) {
  visit("phase", phases.phase);
  visit("v_ph", phases.v_ph);
  visit("reached", phases.reached);
  visit("settled", phases.settled);
  visit("absorbed_s", phases.absorbed_s);
  visit("balanced_s", phases.balanced_s);
  visit("drop", phases.drop);
  visit("diff", phases.diff);
  visit("average", phases.average);
  visit("float_since_s", phases.float_since_s);
  visit("soc_was_high", phases.soc_was_high);
  visit("lockout_since_s", phases.lockout_since_s);
  visit("timeout_spread_V", phases.timeout_spread_V);
  visit("soc_implausible", phases.soc_implausible);
  visit("rebulk_requested", phases.rebulk_requested);
  visit("top", phases.top);
  visit("top_since_s", phases.top_since_s);
  visit("top_reference_s", phases.top_reference_s);
  visit("top_failed_s", phases.top_failed_s);
  visit("top_decay", phases.top_decay);
}

template <class Visit>
void fields(Visit& visit, Regulation& regulation) {
  visit("trim_V", regulation.trim_V);
  visit("excursion", regulation.excursion);
  visit("rest_V", regulation.rest_V);
  visit("calm", regulation.calm);
}

template <class Visit>
void fields(Visit& visit, Enforcement& enforcement) {
  visit("trim_V", enforcement.trim_V);
  visit("engaged", enforcement.engaged);
  visit("start_V", enforcement.start_V);
  visit("violation", enforcement.violation);
  visit("obeyed", enforcement.obeyed);
}

template <class Visit>
void fields(Visit& visit, Cap& cap) {
  visit("known", cap.known);
  visit("value_V", cap.value_V);
  visit("hold", cap.hold);
  visit("cause", cap.cause);
}

template <class Visit>
void fields(Visit& visit, Soc& soc) {
  visit("counter_pct", soc.counter_pct);
  visit("current_known", soc.current_known);
  visit("current_A", soc.current_A);
  visit("current_at_s", soc.current_at_s);
  visit("full", soc.full);
  visit("empty", soc.empty);
  visit("synchronised", soc.synchronised);
  visit("emptied", soc.emptied);
  visit("drift_pct", soc.drift_pct);
  visit("gap_s", soc.gap_s);
  visit("on_shunt", soc.on_shunt);
  visit("shunt_back", soc.shunt_back);
  visit("shunt_differs", soc.shunt_differs);
  visit("shunt_disagrees", soc.shunt_disagrees);
  visit("discharge_mean_A", soc.discharge_mean_A);
  visit("line_mean_A", soc.line_mean_A);
}

template <class Visit>
void fields(Visit& visit, External& external) {
  visit("name", external.name);
  visit("source", external.source);
  visit("charge_A", external.charge_A);
  visit("discharge_A", external.discharge_A);
  visit("voltage_V", external.voltage_V);
  visit("expires_s", external.expires_s);
}

template <class Visit>
void fields(Visit& visit, LastCharge& last) {
  visit("full_s", last.full_s);
  visit("timed_out", last.timed_out);
  visit("spread_V", last.spread_V);
}

template <class Visit>
void fields(Visit& visit, Discards& discards) {
  visit("cell_range", discards.cell_range);
  visit("cell_count", discards.cell_count);
  visit("temperature", discards.temperature);
  visit("jump", discards.jump);
  visit("number", discards.number);
}

template <class Visit>
void fields(Visit& visit, State& state) {
  visit("stepped", state.stepped);
  visit("clock_s", state.clock_s);
  visit("run_s", state.run_s);
  visit("started", state.started);
  visit("restored_float", state.restored_float);
  visit("cells", state.cells);
  visit("first_cells_s", state.first_cells_s);
  visit("inputs", state.inputs);
  visit("discards", state.discards);
  visit("latches", state.latches);
  visit("charge", state.charge);
  visit("discharge", state.discharge);
  visit("phases", state.phases);
  visit("regulation", state.regulation);
  visit("enforcement", state.enforcement);
  visit("cap", state.cap);
  visit("soc", state.soc);
  visit("last_charge", state.last_charge);
  visit("external", state.external);
  visit("freshness", state.freshness);
}

template <class Visit>
void fields(Visit& visit, PackShare& share) {
  visit("takes_part", share.takes_part);
  visit("mean", share.mean);
  visit("lost_cap_A", share.lost_cap_A);
}

template <class Visit>
void fields(Visit& visit, PackMemory& pack) {
  visit("name", pack.name);
  visit("present", pack.present);
  visit("charge", pack.charge);
  visit("discharge", pack.discharge);
  visit("regulation", pack.regulation);
}

template <class Visit>
void fields(Visit& visit, BankDirection& direction) {
  visit("shape", direction.shape);
  visit("correction_A", direction.correction_A);
  visit("within", direction.within);
}

template <class Visit>
void fields(Visit& visit, BankState& state) {
  visit("stepped", state.stepped);
  visit("clock_s", state.clock_s);
  visit("run_s", state.run_s);
  visit("started", state.started);
  visit("restored_float", state.restored_float);
  visit("packs", state.packs);
  visit("charge", state.charge);
  visit("discharge", state.discharge);
  visit("phases", state.phases);
  visit("enforcement", state.enforcement);
  visit("cap", state.cap);
  visit("trim_V", state.trim_V);
  visit("line_mean_A", state.line_mean_A);
  visit("alternator", state.alternator);
  visit("silence_s", state.silence_s);
  visit("last_charge", state.last_charge);
  visit("external", state.external);
}

}  // namespace bms::limits
