#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limits/output.hpp"

namespace bms::victron {

/// Sentence of the binding constraint; empty when there is none.
std::string first_sentence(const std::vector<limits::Cause>& why);

/// All notes, of the engine and others, separated by "; ".
std::string joined_notes(const limits::Limits& limits, std::span<const std::string> others);

/// Which constraints bind now: differs exactly when the explanation is worth renewing at once.
struct Binding {
  std::array<std::string_view, 3> ids;  ///< of CVL, CCL, DCL; empty: none. Ids are constants
  limits::Phase phase{};
  limits::TopBalance top_balance{};
  limits::Freshness freshness{};
  friend bool operator==(const Binding&, const Binding&) = default;
};
Binding binding_causes(const limits::Limits& limits);

/// What `dbus-bms limits` prints for a step, without its time: limits, targets, shaping and all constraints.
std::string explanation_json(const limits::Limits& limits);

}  // namespace bms::victron
