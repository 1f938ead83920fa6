#include "daemon/state_file.hpp"

#include <spdlog/spdlog.h>

#include "daemon/wall_clock.hpp"

namespace bms::daemon {
namespace {

using nlohmann::json;

constexpr auto kSavePeriod = std::chrono::minutes(10);

/// How long ago the state was saved, by wall clocks that can be trusted at both ends; nullopt: unknown.
std::optional<double> age_of(const json& content) {
  const auto saved = content.find("saved_unix_s");
  if (saved == content.end() || !saved->is_number()) return std::nullopt;
  const auto now = wall_clock_s();
  const auto then = saved->get<double>();
  if (!now || static_cast<double>(*now) < then) return std::nullopt;
  return static_cast<double>(*now) - then;
}

}  // namespace

void StateFile::restore(const std::vector<std::unique_ptr<Battery>>& batteries, Bank* bank) {
  const auto loaded = store_.load();
  for (const auto& note : loaded.notes) spdlog::warn("{}", note);
  saved_ = Clock::now();
  if (!loaded.content || !loaded.content->is_object()) return;
  const json& content = *loaded.content;
  if (const auto on = content.find("remote"); remote_ != nullptr && on != content.end() && on->is_boolean()) {
    remote_->restore_switch(on->get<bool>());
  }
  const auto seconds_ago = age_of(content);
  const json saved = content.value("batteries", json::object());
  for (const auto& battery : batteries) {
    if (saved.is_object() && saved.contains(battery->name())) battery->restore(saved.at(battery->name()), seconds_ago);
  }
  if (bank != nullptr && content.contains("bank")) bank->restore(content.at("bank"), seconds_ago);
}

void StateFile::save_when_due(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank, TimePoint now) {
  if (now - saved_ >= kSavePeriod) save(batteries, bank, now, false);
}

void StateFile::save(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank, TimePoint now,
                     bool durable) {
  saved_ = now;
  json content;
  for (const auto& battery : batteries) {
    if (auto part = battery->save(); !part.is_null()) content["batteries"][battery->name()] = std::move(part);
  }
  if (bank != nullptr) {
    if (auto part = bank->save(); !part.is_null()) content["bank"] = std::move(part);
  }
  if (remote_ != nullptr && remote_->switch_position()) content["remote"] = *remote_->switch_position();
  if (content.is_null()) return;
  if (const auto now_s = wall_clock_s()) content["saved_unix_s"] = *now_s;
  const std::string problem = store_.save(content, durable);
  if (!problem.empty() && problem != problem_) spdlog::warn("state not saved: {}", problem);
  problem_ = problem;
}

}  // namespace bms::daemon
