#include "victron/explanation.hpp"

#include "limits/json_text.hpp"
#include "victron/item_tree.hpp"

namespace bms::victron {
namespace {

/// Of each limit, when not all constraints fit into one text: they are sorted, the binding one first.
constexpr std::size_t kMostActive = 20;

}  // namespace

std::string first_sentence(const std::vector<limits::Cause>& why) { return why.empty() ? "" : why.front().text(); }

std::string joined_notes(const limits::Limits& limits, std::span<const std::string> others) {
  std::string all;
  const auto add = [&](const std::string& note) { all += (all.empty() ? "" : "; ") + note; };
  for (const auto& note : limits.notes) add(note.text());
  for (const auto& note : others) add(note);
  return all;
}

Binding binding_causes(const limits::Limits& limits) {
  const auto first = [](const auto& why) { return why.empty() ? std::string_view() : why.front().id; };
  return {{first(limits.cvl.why), first(limits.ccl.why), first(limits.dcl.why)},
          limits.phase,
          limits.top_balance,
          limits.freshness};
}

std::string explanation_json(const limits::Limits& limits) {
  std::string text = limits::json_text(limits);
  if (text.size() <= kMaxText) return text;
  // A text that is cut would be no JSON any more: a large bank leaves out the constraints that do not act.
  return limits::json_text(limits, kMostActive);
}

}  // namespace bms::victron
