#include "daemon/user_settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cmath>

namespace bms::daemon {
namespace {

using nlohmann::json;

constexpr auto kSoon = std::chrono::seconds(1);
constexpr auto kFloodPause = std::chrono::seconds(60);

UserChoice choice_from(const json& saved) {
  UserChoice choice;
  if (!saved.is_object()) return choice;
  const auto flag = [&](const char* key) {
    const auto found = saved.find(key);
    return found != saved.end() && found->is_boolean() && found->get<bool>();
  };
  choice.charge_off = flag("charge_off");
  choice.discharge_off = flag("discharge_off");
  if (const auto limits = saved.find("limits"); limits != saved.end() && limits->is_object()) {
    for (const auto& [key, value] : limits->items()) {
      if (value.is_number() && std::isfinite(value.get<double>())) choice.limits.emplace(key, value.get<double>());
    }
  }
  return choice;
}

json to_json(const UserChoice& choice) {
  json limits = json::object();
  for (const auto& [key, value] : choice.limits) limits[key] = value;
  return {{"limits", limits}, {"charge_off", choice.charge_off}, {"discharge_off", choice.discharge_off}};
}

}  // namespace

UserSettings::UserSettings(boost::asio::io_context& loop, const std::filesystem::path& folder)
    : store_(folder, "settings"), due_(loop) {}

void UserSettings::load() {
  const auto loaded = store_.load();
  for (const auto& note : loaded.notes) spdlog::warn("{}", note);
  if (!loaded.content || !loaded.content->is_object()) return;
  for (const auto& [name, saved] : loaded.content->items()) choices_[name] = choice_from(saved);
}

void UserSettings::changed() {
  if (waiting_) return;
  waiting_ = true;
  due_.expires_at(std::max(Clock::now() + kSoon, saved_ == TimePoint{} ? TimePoint{} : saved_ + kFloodPause));
  due_.async_wait([this](const boost::system::error_code& error) {
    if (!error) save();
  });
}

void UserSettings::flush() {
  if (!waiting_) return;
  due_.cancel();
  save();
}

void UserSettings::save() {
  waiting_ = false;
  saved_ = Clock::now();
  json content = json::object();
  for (const auto& [name, choice] : choices_) {
    if (choice != UserChoice{}) content[name] = to_json(choice);
  }
  const std::string problem = store_.save(content);
  if (!problem.empty() && problem != problem_) spdlog::warn("settings of users not saved: {}", problem);
  problem_ = problem;
}

}  // namespace bms::daemon
