#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "history/history.hpp"
#include "victron/battery_service.hpp"

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

/// A write to /History/Clear or /History/Reset: calls `reset` with the field that it names, nullopt for all of them.
/// nullopt: `path` is another one.
std::optional<victron::WriteAnswer> write_history(
    std::string_view path, const victron::Value& value,
    const std::function<void(std::optional<history::Field> field)>& reset);

}  // namespace bms::daemon
