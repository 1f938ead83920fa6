// What the limit engine says, as items.
#include <algorithm>
#include <cmath>

#include "victron/battery_paths.hpp"
#include "victron/part_values.hpp"

namespace bms::victron {
namespace {

std::string charge_mode(const limits::Limits& limits) {
  std::string mode(limits::to_string(limits.phase));
  if (!mode.empty()) mode.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(mode.front())));
  if (limits.top_balance != limits::TopBalance::off) {
    mode += ", top balance ";
    mode += limits::to_string(limits.top_balance);
  }
  return mode;
}

/// Zero means stop, invalid would mean unlimited: a limit that is no number is zero.
double safe_current(double amperes) { return std::isfinite(amperes) ? std::clamp(amperes, 0.0, 10000.0) : 0.0; }

}  // namespace

void BatteryPaths::put_limits(const limits::Limits& limits, const BatteryView& view) {
  if (!limits.started) return;
  const double volts = limits.cvl.value_V;
  // Once valid, CVL stays valid: without it the system takes the BMS for lost, with 0 V it regulates to 0 V.
  const bool usable = std::isfinite(volts) && volts >= 1 && volts <= 2000;
  if (usable) put("/Info/MaxChargeVoltage", volts);
  put("/Info/MaxChargeCurrent", usable ? safe_current(limits.ccl.value_A) : 0.0);
  put("/Info/MaxDischargeCurrent", usable ? safe_current(limits.dcl.value_A) : 0.0);
  put("/Info/BatteryLowVoltage", view.low_voltage_V ? Value(*view.low_voltage_V) : Value{});
  put("/Info/ChargeMode", charge_mode(limits));
  put("/Info/PreAlarm", limits.pre_alarm ? 1 : 0);
  // An ESS takes this as "charge from the grid now": only when cells are so low that discharging has stopped.
  put("/Info/ChargeRequest", limits.alarms.low_cell_voltage >= 2 && limits.allow_charge ? 1 : 0);
  const bool top =
      limits.top_balance == limits::TopBalance::pending || limits.top_balance == limits::TopBalance::active;
  put("/Info/FullChargeRequest", top ? 1 : 0);
  const std::size_t cells = view.members.empty() && view.reading != nullptr ? view.reading->cells_V.size() : 0;
  if (cells > 0 && usable) put("/Info/MaxChargeCellVoltage", volts / static_cast<double>(cells));
  put("/Info/SocSource", limits.soc_source.empty() ? Value{} : Value(std::string(limits.soc_source)));
  const auto pack = limits.alarm_pack.view();
  put("/Info/AlarmBattery", pack.empty() ? Value{} : Value(std::string(pack)));
  put("/Balancer/Status", static_cast<std::int32_t>(limits.balancer));
  put_reasons(limits, view);
}

/// The sentence is made anew when the binding constraint or one of its numbers is another one.
void BatteryPaths::put_reason(std::size_t index, std::string_view path, const std::vector<limits::Cause>& why) {
  auto& shown = reasons_shown_[index];
  if (!why.empty() && shown == why.front()) return;
  shown = why.empty() ? std::nullopt : std::optional(why.front());
  put(path, first_sentence(why));
}

void BatteryPaths::put_reasons(const limits::Limits& limits, const BatteryView& view) {
  put_reason(0, "/Info/ChargeVoltageLimitation", limits.cvl.why);
  put_reason(1, "/Info/ChargeLimitation", limits.ccl.why);
  put_reason(2, "/Info/DischargeLimitation", limits.dcl.why);
  put("/Info/Notes", joined_notes(limits, view.notes));
  // The document names every constraint with its numbers, so it differs at every poll: it is renewed when another
  // constraint binds, else at most every 10 s.
  constexpr auto kPeriod = std::chrono::seconds(10);
  const Binding causes = binding_causes(limits);
  if (explained_ && causes == explained_causes_ && view.now - *explained_ < kPeriod) return;
  explained_ = view.now;
  explained_causes_ = causes;
  put("/Info/Explanation", explanation_json(limits));
}

}  // namespace bms::victron
