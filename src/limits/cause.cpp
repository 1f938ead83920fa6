#include "limits/cause.hpp"

#include <fmt/format.h>

namespace bms::limits {
namespace {

using Limit = Cause::Limit;

std::string_view doing(const Cause& cause) { return cause.limit == Limit::dcl ? "discharging" : "charging"; }

/// "limits charging to 70 %", "stops charging", "does not limit charging".
std::string effect(const Cause& cause) {
  if (cause.b >= 1) return fmt::format("does not limit {}", doing(cause));
  if (cause.b <= 0) return fmt::format("stops {}", doing(cause));
  return fmt::format("limits {} to {:.0f} %", doing(cause), cause.b * 100);
}

std::string_view side(const Cause& cause) { return cause.limit == Limit::dcl ? "discharge" : "charge"; }

std::string current_sentence(const Cause& cause) {
  const double value = cause.value.value_or(0);
  switch (cause.sentence) {
    case Sentence::maximum:
      return fmt::format("configured maximum of {:.1f} A", value);
    case Sentence::bank_maximum:
      return fmt::format("configured maximum of the bank, {:.1f} A", value);
    case Sentence::bms_limit:
      return fmt::format("the BMS allows {:.1f} A", value);
    case Sentence::cell_high:
      return fmt::format("highest cell {:.3f} V (cell {}) {}", cause.a, cause.index, effect(cause));
    case Sentence::cell_low:
      return fmt::format("lowest cell {:.3f} V (cell {}) {}", cause.a, cause.index, effect(cause));
    case Sentence::cell_hard:
      return fmt::format(
          "a cell reached the hard limit and stops charging until all are below {:.3f} V, highest cell "
          "{:.3f} V",
          cause.b, cause.a);
    case Sentence::cell_hard_min:
      return fmt::format(
          "a cell reached the lowest hard limit and stops discharging until all are at {:.3f} V, lowest "
          "cell {:.3f} V",
          cause.b, cause.a);
    case Sentence::temperature:
      return fmt::format("battery temperature {:.1f} C (sensor {}) {}", cause.a, cause.index, effect(cause));
    case Sentence::mosfet:
      return fmt::format("MOSFET temperature {:.1f} C {}", cause.a, effect(cause));
    case Sentence::soc:
      return fmt::format("state of charge {:.1f} % {}", cause.a, effect(cause));
    case Sentence::cell_diff:
      return fmt::format("spread of the cells {:.3f} V {}", cause.a, effect(cause));
    case Sentence::fet_open:
      return fmt::format("the {} MOSFET of the BMS is open", side(cause));
    case Sentence::protection:
      return fmt::format("the BMS protects itself ({}) and stops {}", cause.name.view(), doing(cause));
    case Sentence::soc_floor:
      return fmt::format("state of charge {:.1f} % reached the discharge floor, discharging again from {:g} %", cause.a,
                         cause.b);
    case Sentence::pack_stop:
      return fmt::format("pack voltage {:.2f} V reached the charge stop, charging again at {:.2f} V", cause.a, cause.b);
    case Sentence::alternator:
      return fmt::format("the alternator fuse {} A allows {:.0f} A", cause.name.view(), value);
    case Sentence::request:
      return fmt::format("{} asks for at most {:.1f} A", cause.name.view(), value);
    case Sentence::remote_off:
      return fmt::format("{} is switched off by the remote switch", doing(cause));
    default:
      return {};
  }
}

std::string device_sentence(const Cause& cause) {
  const double value = cause.value.value_or(0);
  switch (cause.sentence) {
    case Sentence::loss_hold:
      return fmt::format("battery not heard for {:.0f} s, {} limited to {:.0f} %", cause.a, doing(cause),
                         cause.b * 100);
    case Sentence::loss_block:
      return fmt::format("battery not heard for {:.0f} s, {} stopped", cause.a, doing(cause));
    case Sentence::lost_input:
      if (cause.a < 0) return fmt::format("{} never received, {} limited", cause.name.view(), doing(cause));
      return fmt::format("{} not received for {:.0f} s, {} limited", cause.name.view(), cause.a, doing(cause));
    case Sentence::start:
    case Sentence::voltage_start:
      return "waiting for the first complete data of the battery";
    case Sentence::pack_sum:
      return fmt::format("sum of {:.0f} packs", cause.a);
    case Sentence::pack_share:
      return fmt::format("pack {} may carry {:.1f} A and takes {:.0f} % of the current", cause.name.view(), cause.a,
                         cause.b * 100);
    case Sentence::over_limit:
      return fmt::format("pack {} carried {:.1f} A of its {:.1f} A", cause.name.view(), cause.a, cause.b);
    case Sentence::correction:
      return "a pack carried more than it may, the limit comes back slowly";
    case Sentence::lost_pack:
      return fmt::format("pack {} is lost, the limit does not rise until it is back", cause.name.view());
    case Sentence::no_pack:
      return fmt::format("no pack can take part in {}", doing(cause));
    case Sentence::phase_bulk:
      return fmt::format("bulk: charging towards {:.2f} V", cause.a);
    case Sentence::phase_absorption:
      return fmt::format("absorption at {:.2f} V", cause.a);
    case Sentence::phase_float:
      return fmt::format("float at {:.2f} V", cause.a);
    case Sentence::cell_regulation:
      if (!cause.name.view().empty()) {
        return fmt::format("highest cell {:.3f} V of pack {} is brought to {:.3f} V", cause.a, cause.name.view(),
                           cause.b);
      }
      return fmt::format("highest cell {:.3f} V is brought to {:.3f} V", cause.a, cause.b);
    case Sentence::enforcement:
      return fmt::format("system ignores CCL: {:.1f} A instead of {:.1f} A", cause.a, cause.b);
    case Sentence::bms_voltage:
      return fmt::format("the BMS asks for at most {:.2f} V", value);
    case Sentence::loss_voltage:
      return fmt::format("cells not heard for {:.0f} s: float voltage", cause.a);
    case Sentence::highest_allowed:
      return fmt::format("highest voltage ever allowed, {:.3f} V per cell", cause.a);
    case Sentence::lowest_allowed:
      return fmt::format("lowest voltage the regulation may ask for, {:.3f} V per cell", cause.a);
    default:
      return {};
  }
}

std::string inactive_sentence(const Cause& cause) {
  switch (cause.sentence) {
    case Sentence::not_available:
      return fmt::format("this battery does not tell its {}", cause.name.view());
    case Sentence::not_configured:
      return "not configured";
    case Sentence::not_received:
      return fmt::format("{} not received yet", cause.name.view());
    case Sentence::below_threshold:
      return fmt::format("highest cell {:.3f} V, acts from {:.3f} V", cause.a, cause.b);
    case Sentence::below_set_point:
      return fmt::format("highest cell {:.3f} V is not above {:.3f} V", cause.a, cause.b);
    case Sentence::good:
      return fmt::format("{} good", cause.name.view());
    default:
      return {};
  }
}

}  // namespace

std::optional<Cause::Input> Cause::input() const {
  switch (sentence) {
    case Sentence::cell_high:
    case Sentence::cell_low:
    case Sentence::cell_hard:
    case Sentence::cell_hard_min:
    case Sentence::cell_diff:
    case Sentence::pack_stop:
    case Sentence::cell_regulation:
    case Sentence::below_threshold:
    case Sentence::below_set_point:
      return Input{a, "V"};
    case Sentence::temperature:
    case Sentence::mosfet:
      return Input{a, "C"};
    case Sentence::soc:
    case Sentence::soc_floor:
      return Input{a, "%"};
    case Sentence::pack_share:
    case Sentence::over_limit:
    case Sentence::enforcement:
      return Input{a, "A"};
    case Sentence::loss_hold:
    case Sentence::loss_block:
    case Sentence::loss_voltage:
      return Input{a, "s"};
    case Sentence::lost_input:
      if (a >= 0) return Input{a, "s"};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string Cause::text() const {
  std::string text;
  if (limit == Limit::cvl && sentence == Sentence::request) {
    text = fmt::format("{} asks for at most {:.2f} V", name.view(), value.value_or(0));
  } else {
    text = current_sentence(*this);
  }
  if (text.empty()) text = device_sentence(*this);
  if (text.empty()) text = inactive_sentence(*this);
  if (countdown_s > 0) text += fmt::format(", pre-alarm: effective in {:.0f} s", countdown_s);
  if (!pack.view().empty()) text = fmt::format("pack {}: {}", pack.view(), text);
  if (recovering) text = "recovering, last limited by: " + text;
  return text;
}

std::string_view to_string(Cause::Status status) {
  constexpr std::array<std::string_view, 4> kNames = {"active", "inactive", "stale", "lost"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string Note::text() const {
  switch (kind) {
    case Kind::absorption_timeout:
      return fmt::format("absorption ended by time-out, spread {:.0f} mV", a * 1000);
    case Kind::soc_implausible:
      return fmt::format("SoC implausible: {:.1f} % after a completed charge", a);
    case Kind::soc_drift:
      return fmt::format("SoC drift {:.1f} % at the last synchronisation", a);
    case Kind::soc_uncertain:
      return fmt::format("SoC uncertain: {:.0f} s without current measurement", a);
    case Kind::shunt_lost:
      return "shunt lost, SoC from the BMS";
    case Kind::shunt_disagrees:
      return fmt::format("shunt measures {:.1f} A, the BMS {:.1f} A: check scale, direction and wiring", a, b);
    case Kind::top_balance_failed:
      return "top-balance charge failed, the cells did not come together in time";
    case Kind::alternator_hot:
      return fmt::format("alternator may overheat: {:.0f} A for more than 5 min", a);
    case Kind::reserve:
      if (a < 0) return "a cell is empty, about 1 % of the capacity is left: recharge now";
      return fmt::format("a cell is empty, the reserve lasts {:.1f} days: recharge now", a);
    case Kind::charging_forbidden:
      return fmt::format("{:.1f} A flow into the battery although charging is not allowed: a charger is not controlled",
                         a);
    case Kind::value_missing:
      return fmt::format("{} missing", name.view());
    case Kind::pack_lost:
      return fmt::format("pack {} lost", name.view());
  }
  return {};
}

std::string_view Note::key() const {
  constexpr std::array<std::string_view, 12> kKeys = {
      "absorption_timeout", "soc_implausible", "soc_drift", "soc_uncertain",      "shunt_lost",    "shunt_disagrees",
      "top_balance_failed", "alternator_hot",  "reserve",   "charging_forbidden", "value_missing", "pack_lost"};
  return kKeys[static_cast<std::size_t>(kind)];
}

}  // namespace bms::limits
