#include "bank/shunt_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bms {
namespace {

using std::chrono::seconds;

constexpr seconds kStale{10};  // both ways: so long silent until it is lost, so long back until it counts
constexpr seconds kDiffers{60};
constexpr double kGlide_pct_s = 1;
constexpr double kLongestStep_s = 10;  // time that counts for gliding after a pause
constexpr double kCurrentShare = 0.05;
constexpr double kCurrentOffset_A = 2;
constexpr double kVoltageShare = 0.01;
constexpr double kVoltageOffset_V = 0.1;

bool fresh(const Reading& reading, TimePoint now) { return now - reading.time <= kStale; }

/// The cells are the pack's own best voltmeter.
std::optional<double> own_voltage(const Reading& own) {
  const auto sum = cell_sum(own);
  return sum ? sum : own.voltage_V;
}

}  // namespace

std::optional<double> ShuntMerge::choose(Choice& choice, const Reading* shunt, std::optional<double> value,
                                         std::optional<double> own, TimePoint now) {
  if (shunt != nullptr && value && fresh(*shunt, now)) {
    choice.known_at = shunt->time;
    choice.last = *value;
  }
  const bool alive = choice.known_at && now - *choice.known_at <= kStale;
  if (!alive) {
    choice.on_shunt = false;
    choice.back_from.reset();
  } else if (!choice.on_shunt) {
    if (!choice.back_from) choice.back_from = now;
    choice.on_shunt = !choice.decided || now - *choice.back_from >= kStale;
  }
  // A shunt that is still silent when the battery is first seen gets no second chance to count at once.
  choice.decided = true;
  return choice.on_shunt ? std::optional<double>(choice.last) : own;
}

std::optional<double> ShuntMerge::glide(std::optional<double> target, bool source_changed, TimePoint now) {
  const double passed_s = std::chrono::duration<double>(now - shown_at_).count();
  shown_at_ = now;
  if (!target || !shown_soc_pct_) {
    gliding_ = false;
    shown_soc_pct_ = target;
    return target;
  }
  gliding_ = gliding_ || source_changed;
  if (gliding_) {
    const double most = kGlide_pct_s * std::clamp(passed_s, 0.0, kLongestStep_s);
    const double way = std::clamp(*target - *shown_soc_pct_, -most, most);
    *shown_soc_pct_ += way;
    gliding_ = *shown_soc_pct_ != *target;
  } else {
    shown_soc_pct_ = target;
  }
  return shown_soc_pct_;
}

/// What belongs to the SoC goes with it: consumed Ah, time to go, the history of the one that counts.
void ShuntMerge::choose_soc(const Reading& own, const Reading* shunt, TimePoint now, ShuntMerged& merged) {
  const bool before = soc_.on_shunt;
  const auto target = choose(soc_, shunt, shunt != nullptr ? shunt->soc_pct : std::nullopt, own.soc_pct, now);
  merged.soc_from_shunt = soc_.on_shunt;
  merged.reading.soc_pct = glide(target, before != soc_.on_shunt, now);
  if (!soc_.on_shunt || shunt == nullptr) return;
  merged.reading.consumed_Ah = shunt->consumed_Ah;
  merged.reading.ttg_s = shunt->ttg_s;
  for (const auto& [name, value] : shunt->history) merged.reading.history.insert_or_assign(name, value);
}

ShuntMerged ShuntMerge::step(const Reading& own, const ShuntReadings& shunts, TimePoint now) {
  ShuntMerged merged;
  merged.reading = own;
  if (!sources_.soc.empty()) choose_soc(own, shunts.soc, now, merged);
  if (!sources_.current.empty()) {
    const auto value = shunts.current != nullptr ? shunts.current->current_A : std::nullopt;
    merged.reading.current_A = choose(current_, shunts.current, value, own.current_A, now);
    merged.current_from_shunt = current_.on_shunt;
  }
  if (!sources_.voltage.empty()) {
    const auto value = shunts.voltage != nullptr ? shunts.voltage->voltage_V : std::nullopt;
    merged.reading.voltage_V = choose(voltage_, shunts.voltage, value, own.voltage_V, now);
    merged.voltage_from_shunt = voltage_.on_shunt;
  }
  note_lost(merged);
  compare(own, shunts, now, merged);
  return merged;
}

void ShuntMerge::note_lost(ShuntMerged& merged) const {
  const auto note = [&merged](const std::string& source, const Choice& choice, const char* quantity) {
    if (source.empty() || choice.on_shunt) return;
    const char* state = choice.back_from ? "has only just come back" : "says nothing";
    merged.notes.push_back(
        {ShuntNote::Kind::lost, fmt::format("{} {}: {} is that of the battery itself", source, state, quantity)});
  };
  note(sources_.soc, soc_, "SoC");
  note(sources_.current, current_, "current");
  note(sources_.voltage, voltage_, "voltage");
}

bool ShuntMerge::lasts(Watch& watch, bool differs, TimePoint now) {
  if (differs) {
    watch.gone_since.reset();
    if (!watch.since) watch.since = now;
    if (now - *watch.since >= kDiffers) watch.reported = true;
  } else {
    watch.since.reset();
    if (!watch.gone_since) watch.gone_since = now;
    if (now - *watch.gone_since >= kStale) watch.reported = false;
  }
  return watch.reported;
}

void ShuntMerge::compare(const Reading& own, const ShuntReadings& shunts, TimePoint now, ShuntMerged& merged) {
  const bool own_fresh = fresh(own, now);
  const auto usable = [&](const std::string& source, const Reading* shunt, std::optional<double> Reading::*member) {
    const bool known = !source.empty() && shunt != nullptr && own_fresh && fresh(*shunt, now) && shunt->*member;
    return known ? shunt : nullptr;
  };
  // A SoC alone may come from a shunt that sees more than this battery: then nothing is compared.
  const Reading* current = usable(sources_.current, shunts.current, &Reading::current_A);
  if (current == nullptr || !own.current_A) {
    current_watch_ = Watch{};
  } else {
    const double theirs = *current->current_A;
    const double ours = *own.current_A;
    const double allowed = kCurrentShare * std::abs(ours) + kCurrentOffset_A;
    if (lasts(current_watch_, std::abs(theirs - ours) > allowed, now)) {
      const char* hint = std::abs(theirs + ours) <= allowed ? "its direction is turned round"
                                                            : "check its scale, and what is connected between the two";
      merged.notes.push_back({ShuntNote::Kind::current_differs,
                              fmt::format("shunt reads {:.1f} A, the BMS {:.1f} A: {}", theirs, ours, hint)});
    }
  }
  const Reading* voltage = usable(sources_.voltage, shunts.voltage, &Reading::voltage_V);
  if (voltage == nullptr) voltage = usable(sources_.current, shunts.current, &Reading::voltage_V);
  const auto ours = own_voltage(own);
  if (voltage == nullptr || !ours) {
    voltage_watch_ = Watch{};
    return;
  }
  const double theirs = *voltage->voltage_V;
  if (lasts(voltage_watch_, std::abs(theirs - *ours) > kVoltageShare * *ours + kVoltageOffset_V, now)) {
    merged.notes.push_back({ShuntNote::Kind::voltage_differs,
                            fmt::format("shunt reads {:.2f} V, the BMS {:.2f} V: check its leads", theirs, *ours)});
  }
}

}  // namespace bms
