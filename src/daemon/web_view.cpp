#include "daemon/web_view.hpp"

#include <fmt/format.h>

#include "limits/json.hpp"
#include "reading/json.hpp"

namespace bms::daemon {
namespace {

using Json = nlohmann::ordered_json;

Json alarms(const Reading& reading, const limits::Limits& limits) {
  Json list = Json::array();
  const auto add = [&list](int level, const std::string& text) {
    if (level > 0) list.push_back({{"level", level > 1 ? "alarm" : "warning"}, {"text", text}});
  };
  add(limits.alarms.bms_cable, "no communication with the BMS");
  add(limits.alarms.configuration, "running on built-in limits: the configuration is wrong");
  add(limits.alarms.low_soc, "low state of charge");
  for (const Alarm& alarm : reading.alarms.value_or(std::vector<Alarm>{})) {
    add(alarm.level == AlarmLevel::alarm ? 2 : 1, std::string(to_string(alarm.condition)));
  }
  return list;
}

Json link(const port::LinkHealth& health) {
  Json out{{"good", health.good}, {"repeated", health.repeated}};
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (health.faults[i] > 0) out[std::string(to_string(static_cast<Fault>(i)))] = health.faults[i];
  }
  return out;
}

Json show(const Battery& battery) {
  Json out{{"id", battery.unit().service_suffix}, {"name", battery.shown_name()}, {"bank", false}};
  const bool lost = battery.limits().freshness == limits::Freshness::lost;
  const Reading reading = battery.reading() && !lost ? *battery.reading() : Reading{};
  out["reading"] = to_json(reading, 0);
  if (!battery.is_shunt()) out["limits"] = to_json(battery.limits(), 0);
  out["alarms"] = alarms(reading, battery.limits());
  if (battery.station() != nullptr) out["link"] = link(battery.station()->health);
  return out;
}

}  // namespace

Json web_status(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank) {
  Json list = Json::array();
  if (bank != nullptr && bank->limits().started) {
    list.push_back({{"id", "dbusbms_bank"},
                    {"name", bank->name()},
                    {"bank", true},
                    {"connection", fmt::format("{} batteries", bank->members().size())},
                    {"reading", to_json(bank->reading(), 0)},
                    {"limits", to_json(bank->limits(), 0)},
                    {"alarms", alarms(bank->reading(), bank->limits())}});
  }
  for (const auto& battery : batteries) {
    if (battery->reading()) list.push_back(show(*battery));
  }
  return {{"batteries", std::move(list)}};
}

Json web_history(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank,
                 const recorder::Recorder& recorder, TimePoint now) {
  Json out = Json::object();
  if (bank != nullptr) out["dbusbms_bank"] = recorder.plot(bank->channel(), now);
  for (const auto& battery : batteries) out[battery->unit().service_suffix] = recorder.plot(battery->channel(), now);
  return out;
}

}  // namespace bms::daemon
