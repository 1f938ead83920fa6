#include "victron/explanation.hpp"

#include <fmt/format.h>

#include <string_view>

#include "limits/json.hpp"
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

std::string binding_causes(const limits::Limits& limits) {
  const auto first = [](const auto& why) { return why.empty() ? std::string_view() : why.front().id; };
  return fmt::format("{} {} {} {} {} {}", first(limits.cvl.why), first(limits.ccl.why), first(limits.dcl.why),
                     static_cast<int>(limits.phase), static_cast<int>(limits.top_balance),
                     static_cast<int>(limits.freshness));
}

std::string explanation_json(const limits::Limits& limits) {
  auto document = limits::to_json(limits, 0);
  document.erase("t");
  const auto dump = [&] { return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace); };
  std::string text = dump();
  if (text.size() <= kMaxText) return text;
  // A text that is cut would be no JSON any more: a large bank leaves out the constraints that do not act.
  for (auto& causes : document["why"]) {
    auto active = nlohmann::ordered_json::array();
    for (auto& cause : causes) {
      if (!cause.contains("status") && active.size() < kMostActive) active.push_back(std::move(cause));
    }
    causes = std::move(active);
  }
  return dump();
}

}  // namespace bms::victron
