#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "history/history.hpp"

namespace bms::daemon {

/// The history of one battery or of the bank, with the clocks it needs.
class Past {
 public:
  /// One step: `reading` is what arrived in it, `limits` the engine's step; either may be null.
  void take(const Reading* reading, const limits::Limits* limits, std::optional<double> capacity_Ah, TimePoint now);
  /// One value, or all of them.
  void reset(std::optional<history::Field> field);

  [[nodiscard]] const history::State& state() const { return state_; }
  [[nodiscard]] nlohmann::json save() const;
  /// `name` is for the log: what is damaged is told and left behind.
  void restore(const nlohmann::json& saved, std::optional<double> seconds_ago, const std::string& name);

 private:
  history::State state_;
  std::optional<TimePoint> last_;
};

/// The field that a write to /History/Reset names; the outer nullopt: there is none of this name, the inner one: all.
std::optional<std::optional<history::Field>> history_fields(std::string_view name);

}  // namespace bms::daemon
