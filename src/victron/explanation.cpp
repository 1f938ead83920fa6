#include "victron/explanation.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

namespace bms::victron {
namespace {

using nlohmann::ordered_json;

template <class Said>
std::string sentence(const Said& said) {
  if constexpr (requires { said.text(); }) {
    return said.text();
  } else if constexpr (requires { said.text; }) {
    return said.text;
  } else {
    return said;
  }
}

std::string_view status_name(limits::Cause::Status status) {
  constexpr std::string_view kNames[] = {"active", "inactive", "stale", "lost"};
  return kNames[static_cast<std::size_t>(status)];
}

ordered_json number(double value, double resolution) {
  return std::isfinite(value) ? ordered_json(std::round(value / resolution) * resolution) : ordered_json(nullptr);
}

ordered_json causes(const std::vector<limits::Cause>& why) {
  ordered_json list = ordered_json::array();
  for (const auto& cause : why) {
    ordered_json entry;
    entry["id"] = cause.id;
    entry["value"] = cause.value ? number(*cause.value, 0.001) : ordered_json(nullptr);
    entry["status"] = status_name(cause.status);
    entry["text"] = sentence(cause);
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json current(const limits::CurrentLimit& limit) {
  ordered_json out;
  out["value_A"] = number(limit.value_A, 0.1);
  out["target_A"] = number(limit.target_A, 0.1);
  out["shaping"] = limits::to_string(limit.shaping);
  if (limit.hold_remaining_s > 0) out["hold_remaining_s"] = number(limit.hold_remaining_s, 1);
  out["why"] = causes(limit.why);
  return out;
}

}  // namespace

std::string first_sentence(const std::vector<limits::Cause>& why) { return why.empty() ? "" : sentence(why.front()); }

std::string joined_notes(const limits::Limits& limits, std::span<const std::string> others) {
  std::string all;
  const auto add = [&](const std::string& note) { all += (all.empty() ? "" : "; ") + note; };
  for (const auto& note : limits.notes) add(sentence(note));
  for (const auto& note : others) add(note);
  return all;
}

std::string binding_causes(const limits::Limits& limits) {
  const auto first = [](const auto& why) {
    return why.empty() ? std::string_view() : std::string_view(why.front().id);
  };
  return fmt::format("{} {} {} {} {} {}", first(limits.cvl.why), first(limits.ccl.why), first(limits.dcl.why),
                     static_cast<int>(limits.phase), static_cast<int>(limits.top_balance),
                     static_cast<int>(limits.freshness));
}

std::string explanation_json(const limits::Limits& limits) {
  ordered_json out;
  out["phase"] = limits::to_string(limits.phase);
  out["top_balance"] = limits::to_string(limits.top_balance);
  out["freshness"] = limits::to_string(limits.freshness);
  out["cvl"]["value_V"] = number(limits.cvl.value_V, 0.01);
  out["cvl"]["why"] = causes(limits.cvl.why);
  out["ccl"] = current(limits.ccl);
  out["dcl"] = current(limits.dcl);
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace bms::victron
