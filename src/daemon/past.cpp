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

std::optional<std::optional<history::Field>> history_fields(std::string_view name) {
  using Wanted = std::optional<history::Field>;
  if (name == "all") return std::optional<Wanted>(std::in_place, std::nullopt);
  const Wanted field = history::field_from_string(name);
  if (!field) return std::nullopt;
  return std::optional<Wanted>(std::in_place, field);
}

}  // namespace bms::daemon
