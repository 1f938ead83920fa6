#include "limits/json.hpp"

namespace bms::limits {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const std::vector<Cause>& causes) {
  ordered_json list = ordered_json::array();
  for (const Cause& cause : causes) {
    ordered_json entry;
    entry["id"] = cause.id;
    entry["value"] = cause.value ? ordered_json(*cause.value) : ordered_json(nullptr);
    entry["text"] = cause.text();
    if (const auto input = cause.input()) {
      entry["input"] = input->value;
      entry["unit"] = input->unit;
    }
    if (cause.status != Cause::Status::active) entry["status"] = to_string(cause.status);
    if (cause.recovering) entry["recovering"] = true;
    list.push_back(std::move(entry));
  }
  return list;
}

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <class Limit>
ordered_json shaping(const Limit& limit, const char* target, double value) {
  ordered_json out;
  out[target] = value;
  out["state"] = to_string(limit.shaping);
  out["hold_s"] = limit.hold_remaining_s;
  return out;
}

/// {"20": 5400, "10": 9000}: only the points that will be reached.
ordered_json time_to_soc(const Limits& limits) {
  ordered_json out = ordered_json::object();
  for (std::size_t i = 0; i < limits.time_to_soc_s.size(); ++i) {
    if (limits.time_to_soc_s[i]) out[std::to_string(i * kSocPointStep_pct)] = *limits.time_to_soc_s[i];
  }
  return out;
}

}  // namespace

ordered_json why_to_json(const Limits& limits) {
  ordered_json why;
  why["cvl"] = to_json(limits.cvl.why);
  why["ccl"] = to_json(limits.ccl.why);
  why["dcl"] = to_json(limits.dcl.why);
  return why;
}

ordered_json to_json(const Limits& limits, double t_s) {
  ordered_json out;
  out["t"] = t_s;
  out["cvl_V"] = limits.cvl.value_V;
  out["ccl_A"] = limits.ccl.value_A;
  out["dcl_A"] = limits.dcl.value_A;
  out["allow_charge"] = limits.allow_charge;
  out["allow_discharge"] = limits.allow_discharge;
  out["pre_alarm"] = limits.pre_alarm;
  out["phase"] = to_string(limits.phase);
  out["top_balance"] = to_string(limits.top_balance);
  out["soc_pct"] = or_null(limits.soc_pct);
  out["ttg_s"] = or_null(limits.ttg_s);
  out["why"] = why_to_json(limits);
  out["started"] = limits.started;
  out["link"] = to_string(limits.freshness);
  out["soc_source"] = limits.soc_source;
  out["balancer"] = to_string(limits.balancer);
  out["cvl"] = shaping(limits.cvl, "target_V", limits.cvl.target_V);
  out["ccl"] = shaping(limits.ccl, "target_A", limits.ccl.target_A);
  out["dcl"] = shaping(limits.dcl, "target_A", limits.dcl.target_A);
  out["time_to_soc_s"] = time_to_soc(limits);
  out["alarms"] = {{"low_soc", limits.alarms.low_soc},
                   {"low_cell_voltage", limits.alarms.low_cell_voltage},
                   {"high_cell_voltage", limits.alarms.high_cell_voltage},
                   {"bms_cable", limits.alarms.bms_cable},
                   {"configuration", limits.alarms.configuration}};
  auto& notes = out["notes"] = ordered_json::array();
  for (const Note& note : limits.notes) notes.push_back(note.text());
  return out;
}

}  // namespace bms::limits
