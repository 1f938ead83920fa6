#include <spdlog/spdlog.h>

#include "daemon/battery.hpp"
#include "limits/state_json.hpp"

// What a battery keeps over a restart.
namespace bms::daemon {

void Battery::reset_history(std::optional<history::Field> field) {
  past_.reset(field);
  spdlog::info("{}: history reset: {}", unit_.display_name, field ? history::to_string(*field) : "all of it");
  if (!paths_) return;
  paths_->show_history_now();
  publish();
}

nlohmann::json Battery::save() const {
  if (!limits_.started) return {};
  nlohmann::json saved{{"history", past_.save()}};
  if (!is_shunt()) saved["engine"] = limits::to_json(state_);
  if (reading_ && reading_->serial) saved["serial"] = *reading_->serial;
  return saved;
}

void Battery::restore(const nlohmann::json& saved, std::optional<double> seconds_ago) {
  if (!saved.is_object()) return;
  if (saved.contains("history")) past_.restore(saved.at("history"), seconds_ago, unit_.name);
  if (is_shunt() || !saved.contains("engine")) return;
  auto state = limits::state_from_json(saved.at("engine"), Clock::now());
  if (!state) {
    spdlog::warn("{}: saved state not used: {}", unit_.name, state.error());
    return;
  }
  state_ = std::move(*state);
  limits::restart(state_, seconds_ago);
}

}  // namespace bms::daemon
