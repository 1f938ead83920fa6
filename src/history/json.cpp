#include "history/json.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bms::history {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr double kMost = 1e12;
constexpr std::int64_t kLatest_s = 253402300799;  ///< the year 9999

/// Every stored field, once for both directions. `visit(key, member)` is called for each.
template <class Visit, class History>
void fields(Visit& visit, History& state) {
  visit("deepest_Ah", state.deepest_Ah);
  visit("last_Ah", state.last_Ah);
  visit("depth_sum_Ah", state.depth_sum_Ah);
  visit("depth_count", state.depth_count);
  visit("drawn_Ah", state.drawn_Ah);
  visit("cycles", state.cycles);
  visit("discharged_kWh", state.discharged_kWh);
  visit("charged_kWh", state.charged_kWh);
  visit("full_discharges", state.full_discharges);
  visit("syncs", state.syncs);
  visit("low_voltage", state.low_voltage);
  visit("high_voltage", state.high_voltage);
  visit("low_starter", state.low_starter);
  visit("high_starter", state.high_starter);
  visit("min_voltage", state.min_voltage);
  visit("max_voltage", state.max_voltage);
  visit("min_cell", state.min_cell);
  visit("max_cell", state.max_cell);
  visit("min_starter", state.min_starter);
  visit("max_starter", state.max_starter);
  visit("min_temperature", state.min_temperature);
  visit("max_temperature", state.max_temperature);
  visit("since_full_s", state.since_full_s);
  visit("not_observed_s", state.not_observed_s);
  visit("errors", state.errors);
  visit("since_s", state.since_s);
  visit("begun", state.begun);
  visit("silence_s", state.silence_s);
  visit("cycle_depth_Ah", state.cycle_depth_Ah);
  visit("drawn_since_sync_Ah", state.drawn_since_sync_Ah);
  visit("synchronised", state.synchronised);
  visit("empty", state.empty);
  visit("told", state.told);
  visit("active", state.active);
}

struct Saver {
  json& out;

  template <class T>
  void operator()(const char* key, const T& value) {
    out[key] = save(value);
  }
  template <class T>
  static json save(const T& value) {
    return value;
  }
  template <class T>
  static json save(const std::optional<T>& value) {
    return value ? save(*value) : json(nullptr);
  }
  static json save(const Mark& mark) { return {{"value", mark.value}, {"unix_s", save(mark.unix_s)}}; }
  static json save(const Error& error) {
    return {{"condition", std::string(to_string(error.condition))}, {"unix_s", save(error.unix_s)}};
  }
  static json save(const std::vector<Error>& errors) {
    json list = json::array();
    for (const Error& error : errors) list.push_back(save(error));
    return list;
  }
};

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

double number(const json& from, double min, double max) {
  if (!from.is_number()) refuse("must be a number");
  const auto value = from.get<double>();
  if (!(value >= min && value <= max)) refuse("out of range");
  return value;
}

const json& part(const json& object, const char* key) {
  if (!object.is_object()) refuse("must be an object");
  const auto found = object.find(key);
  if (found == object.end()) refuse(fmt::format("{}: missing", key));
  return *found;
}

struct Loader {
  const json& in;

  template <class T>
  void operator()(const char* key, T& value) {
    const json& from = part(in, key);
    try {
      load(from, value);
    } catch (const std::invalid_argument& error) {
      refuse(fmt::format("{}: {}", key, error.what()));
    }
  }
  static void load(const json& from, double& value) { value = number(from, 0, kMost); }
  static void load(const json& from, bool& value) {
    if (!from.is_boolean()) refuse("must be true or false");
    value = from.get<bool>();
  }
  static void load(const json& from, std::uint32_t& value) {
    if (!from.is_number_unsigned() || from.get<std::uint64_t>() > 0xFFFFFFFFU) refuse("must be a whole number");
    value = static_cast<std::uint32_t>(from.get<std::uint64_t>());
  }
  static void load(const json& from, std::uint64_t& value) {
    if (!from.is_number_unsigned()) refuse("must be a whole number");
    value = from.get<std::uint64_t>();
    if ((value >> kConditionCount) != 0) refuse("unknown alarms");
  }
  static void load(const json& from, std::int64_t& value) {
    if (!from.is_number_unsigned()) refuse("must be a time");
    if (from.get<std::uint64_t>() > static_cast<std::uint64_t>(kLatest_s)) refuse("out of range");
    value = from.get<std::int64_t>();
  }
  static void load(const json& from, Mark& mark) {
    mark.value = number(part(from, "value"), -kMost, kMost);
    load(part(from, "unix_s"), mark.unix_s);
  }
  static void load(const json& from, Error& error) {
    const json& name = part(from, "condition");
    const auto condition = name.is_string() ? condition_from_string(name.get<std::string>()) : std::nullopt;
    if (!condition) refuse("unknown condition");
    error.condition = *condition;
    load(part(from, "unix_s"), error.unix_s);
  }
  static void load(const json& from, std::vector<Error>& errors) {
    if (!from.is_array() || from.size() > kMostErrors) refuse("must be a short list");
    for (const json& entry : from) load(entry, errors.emplace_back());
  }
  template <class T>
  static void load(const json& from, std::optional<T>& value) {
    if (!from.is_null()) load(from, value.emplace());
  }
};

}  // namespace

json to_json(const State& state) {
  json document{{"version", kVersion}, {"power_W", state.power_W}, {"current_A", state.current_A}};
  Saver saver{document};
  fields(saver, state);
  return document;
}

tl::expected<State, std::string> from_json(const json& document) {
  try {
    const json& version = part(document, "version");
    if (version != kVersion) refuse(fmt::format("version: {} is not {}", version.dump(), kVersion));
    State state;
    Loader loader{document};
    fields(loader, state);
    state.power_W = number(part(document, "power_W"), -kMost, kMost);
    state.current_A = number(part(document, "current_A"), -kMost, kMost);
    return state;
  } catch (const std::invalid_argument& error) {
    return tl::unexpected<std::string>(error.what());
  } catch (const json::exception& error) {
    return tl::unexpected<std::string>(error.what());
  }
}

}  // namespace bms::history
