#include "daemon/past.hpp"

#include <spdlog/spdlog.h>

#include "daemon/wall_clock.hpp"
#include "history/json.hpp"

namespace bms::daemon {

void Past::take(const Reading* reading, const limits::Limits* limits, std::optional<double> capacity_Ah,
                TimePoint now) {
  history::Sample sample;
  if (last_) sample.elapsed_s = std::chrono::duration<double>(now - *last_).count();
  last_ = now;
  sample.reading = reading;
  sample.limits = limits;
  sample.capacity_Ah = capacity_Ah;
  sample.unix_s = wall_clock_s();
  history::step(state_, sample);
}

void Past::reset(std::optional<history::Field> field) {
  if (field) {
    history::reset(state_, *field);
  } else {
    history::reset_all(state_, wall_clock_s());
  }
}

nlohmann::json Past::save() const { return history::to_json(state_); }

void Past::restore(const nlohmann::json& saved, std::optional<double> seconds_ago, const std::string& name) {
  auto state = history::from_json(saved);
  if (!state) {
    spdlog::warn("{}: saved history not used: {}", name, state.error());
    return;
  }
  state_ = std::move(*state);
  history::restart(state_, seconds_ago);
}

std::optional<victron::WriteAnswer> write_history(
    std::string_view path, const victron::Value& value,
    const std::function<void(std::optional<history::Field> field)>& reset) {
  if (path != "/History/Clear" && path != "/History/Reset") return std::nullopt;
  std::optional<history::Field> field;
  if (path == "/History/Reset") {
    const auto& name = std::get<std::string>(value);
    field = history::field_from_string(name);
    if (!field && name != "all") return victron::WriteAnswer::refuse("all, or the name of one value");
  }
  reset(field);
  return victron::WriteResult::done;
}

}  // namespace bms::daemon
