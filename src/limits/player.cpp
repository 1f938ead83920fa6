#include "limits/player.hpp"

#include <fmt/format.h>

#include <cmath>

#include "limits/parameters.hpp"
#include "limits/state_json.hpp"
#include "reading/json.hpp"

namespace bms::limits {

using nlohmann::json;

void refuse(const std::string& what) { throw std::invalid_argument(what); }

std::optional<double> number(const json& object, const char* key, double min, double max) {
  if (!object.contains(key) || object[key].is_null()) return std::nullopt;
  const auto& value = object[key];
  if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max)) {
    refuse(fmt::format("{}: {}: must be a number from {} to {}", key, value.dump(), min, max));
  }
  return value.get<double>();
}

bool flag(const json& object, const char* key, bool otherwise) {
  if (!object.contains(key)) return otherwise;
  if (!object[key].is_boolean()) refuse(fmt::format("{}: {}: must be true or false", key, object[key].dump()));
  return object[key].get<bool>();
}

std::string word(const json& object, const char* key, const std::string& otherwise) {
  if (!object.contains(key)) return otherwise;
  if (!object[key].is_string()) refuse(fmt::format("{}: {}: must be text", key, object[key].dump()));
  return object[key].get<std::string>();
}

std::vector<std::string> words(const json& object, const char* key) {
  if (!object.contains(key)) return {};
  if (!object[key].is_array()) return {word(object, key, "")};
  std::vector<std::string> list;
  for (const auto& entry : object[key]) {
    if (!entry.is_string()) refuse(fmt::format("{}: {}: must be text", key, entry.dump()));
    list.push_back(entry.get<std::string>());
  }
  return list;
}

namespace {

NamedLimit external_limit(const json& entry) {
  if (!entry.is_object()) refuse("external: must be an object with \"name\" and limits");
  NamedLimit named{word(entry, "name", "external"), {}};
  const auto source = word(entry, "source", "external");
  if (source != "user" && source != "external" && source != "alternator") {
    refuse(fmt::format("source: \"{}\": must be user, external or alternator", source));
  }
  named.limit.source = source == "user"         ? ExternalLimit::Source::user
                       : source == "alternator" ? ExternalLimit::Source::alternator
                                                : ExternalLimit::Source::external;
  named.limit.charge_A = number(entry, "charge_A", 0, 1e6);
  named.limit.discharge_A = number(entry, "discharge_A", 0, 1e6);
  named.limit.voltage_V = number(entry, "voltage_V", 0, 1e4);
  named.limit.ttl_s = number(entry, "ttl_s", 0, 1e9);
  return named;
}

}  // namespace

std::vector<NamedLimit> external_limits(const json& object) {
  std::vector<NamedLimit> limits;
  if (!object.contains("external")) return limits;
  const auto& entry = object["external"];
  if (!entry.is_array()) return {external_limit(entry)};
  for (const auto& one : entry) limits.push_back(external_limit(one));
  return limits;
}

std::vector<ExternalLimit> referring(const std::vector<NamedLimit>& limits) {
  std::vector<ExternalLimit> list;
  for (const NamedLimit& named : limits) {
    list.push_back(named.limit);
    list.back().name = named.name;
  }
  return list;
}

Player::Player(std::string name, const Config& config) : name_(std::move(name)), file_(config), config_(config) {
  device_.unavailable = {true, true, false, true, true, true};
}

void Player::apply(const json& changes) {
  apply_json(changes, reading_);
  if (!device_known_) {
    if (changes.contains("temps_C")) device_.unavailable.temperatures = false;
    if (changes.contains("mos_temp_C")) device_.unavailable.mos_temperature = false;
  }
  link_ = flag(changes, "link", link_);
  charge_off_ = flag(changes, "charge_off", charge_off_);
  discharge_off_ = flag(changes, "discharge_off", discharge_off_);
  set_soc_pct_ = number(changes, "set_soc_pct", 0, 100);
  for (const auto& request : words(changes, "request")) {
    if (request != "rebulk" && request != "top_balance" && request != "acknowledge") {
      refuse(fmt::format("request: \"{}\": must be rebulk, top_balance or acknowledge", request));
    }
    (request == "rebulk" ? rebulk_ : request == "top_balance" ? top_balance_ : acknowledge_) = true;
  }
  if (changes.contains("external")) external_ = external_limits(changes);
  if (changes.contains("shunt")) {
    const auto& shunt = changes["shunt"];
    has_shunt_ = shunt.is_object();
    if (has_shunt_) shunt_ = {number(shunt, "soc_pct", 0, 100), number(shunt, "current_A", -10000, 10000)};
  }
}

void Player::restore_device(const json& entry) {
  if (!entry.is_object()) refuse("device: must be an object");
  device_ = {};
  device_.cells = static_cast<int>(number(entry, "cells", 0, 256).value_or(0));
  device_.capacity_Ah = number(entry, "capacity_Ah", 0, 1e6);
  device_.configuration_fault = flag(entry, "configuration_fault", false);
  device_.poll_interval_s = number(entry, "poll_interval_s", 0, 86400).value_or(1);
  device_.temperature_period_s = number(entry, "temperature_period_s", 0, 86400).value_or(0);
  device_.alarm_period_s = number(entry, "alarm_period_s", 0, 86400).value_or(0);
  for (const auto& name : words(entry, "unavailable")) {
    if (name == "temperatures") device_.unavailable.temperatures = true;
    if (name == "mos_temperature") device_.unavailable.mos_temperature = true;
    if (name == "cells") device_.unavailable.cells = true;
    if (name == "fets") device_.unavailable.fets = true;
    if (name == "bms_limits") device_.unavailable.bms_limits = true;
    if (name == "alarms") device_.unavailable.alarms = true;
  }
  device_known_ = true;
}

void Player::configure(const json& settings) {
  config_ = for_interval(file_, device_.poll_interval_s);  // as the daemon does
  apply_settings(settings, config_, nullptr);
}

void Player::restore(const json& line) {
  if (line.contains("device")) restore_device(line["device"]);
  if (line.contains("settings") || line.contains("device")) configure(line.value("settings", json::object()));
  if (!line.contains("engine")) return;
  auto state = state_from_json(line["engine"], time_point(number(line, "engine_t", -1e9, 1e9).value_or(0)));
  if (!state) refuse("engine: " + state.error());
  state_ = std::move(*state);
}

const Limits& Player::step(TimePoint now, bool arrives) {
  Input input;
  reading_.time = now;
  if (link_ && arrives) input.reading = &reading_;
  if (has_shunt_) input.shunt = &shunt_;
  const auto external = referring(external_);
  input.external = external;
  input.charge_off = charge_off_;
  input.discharge_off = discharge_off_;
  input.rebulk = rebulk_;
  input.top_balance = top_balance_;
  input.acknowledge = acknowledge_;
  input.set_soc_pct = set_soc_pct_;
  limits::step(config_, device_, state_, input, now, limits_);
  external_.clear();
  rebulk_ = top_balance_ = acknowledge_ = false;
  set_soc_pct_.reset();
  return limits_;
}

void apply_settings(const json& settings, Config& config, BankConfig* bank) {
  if (!settings.is_object()) refuse("settings: must be an object of keys and numbers");
  for (const auto& [key, value] : settings.items()) {
    if (!value.is_number()) refuse(fmt::format("settings: {}: {}: must be a number", key, value.dump()));
    const std::string text = fmt::format("{}", value.get<double>());
    const auto* of_battery = find_parameter(key);
    const auto* of_bank = bank != nullptr ? find_bank_parameter(key) : nullptr;
    if (of_battery == nullptr && of_bank == nullptr) refuse(fmt::format("settings: {}: there is no such key", key));
    const auto allowed = of_battery != nullptr ? of_battery->set(config, text) : of_bank->set(*bank, text);
    if (allowed) refuse(fmt::format("settings: {}: {}: must be {}", key, text, *allowed));
  }
  std::vector<Problem> problems = validate(config);
  if (problems.empty() && bank != nullptr) problems = validate(*bank);
  if (problems.empty()) return;
  refuse(fmt::format("settings: {} = {}: {}", problems.front().key, problems.front().value, problems.front().allowed));
}

TimePoint time_point(double t_s) { return TimePoint{std::chrono::milliseconds(std::llround(t_s * 1000))}; }

}  // namespace bms::limits
