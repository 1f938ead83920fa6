#include "limits/state_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "limits/state_fields.hpp"

namespace bms::limits {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxList = 256;
constexpr std::size_t kMaxText = 128;
constexpr double kMaxNumber = 1e12;

constexpr std::string_view kIds[] = {
    id::kCfgMax,   id::kBmsLimit,  id::kCellV,    id::kCellHard, id::kTemp,         id::kMosfet,   id::kSoc,
    id::kCellDiff, id::kFet,       id::kSocFloor, id::kPackStop, id::kAlternator,   id::kUser,     id::kExternal,
    id::kComm,     id::kLostInput, id::kStart,    id::kShare,    id::kOverLimit,    id::kLostPack, id::kPhase,
    id::kCellReg,  id::kEnforce,   id::kBmsCvl,   id::kBounds,   id::kBmsProtection};

/// Writes every field it is shown.
struct Saver {
  json& out;

  template <class T>
  void operator()(const char* key, T& value) {
    out[key] = save(value);
  }

  template <class T>
  static json save(T& value) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<int>(value);
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<T, ShortName> || std::is_same_v<T, std::string_view>) {
      if constexpr (std::is_same_v<T, ShortName>) return std::string(value.view());
      if constexpr (std::is_same_v<T, std::string_view>) return std::string(value);
    } else {
      json object = json::object();
      Saver saver{object};
      fields(saver, value);
      return object;
    }
  }
  template <class T>
  static json save(std::optional<T>& value) {
    return value ? save(*value) : json(nullptr);
  }
  template <class T>
  static json save(std::vector<T>& values) {
    json list = json::array();
    for (T& value : values) list.push_back(save(value));
    return list;
  }
};

/// Fills every field it is shown; whatever is wrong ends it with the key.
struct Loader {
  const json& in;

  template <class T>
  void operator()(const char* key, T& value) {
    const auto found = in.find(key);
    if (found == in.end()) throw std::invalid_argument(fmt::format("{}: missing", key));
    try {
      load(*found, value);
    } catch (const json::exception&) {
      throw std::invalid_argument(fmt::format("{}: wrong type", key));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{}: {}", key, error.what()));
    }
  }

  template <class T>
  static void load(const json& from, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = from.get<bool>();
    } else if constexpr (std::is_enum_v<T>) {
      const int number = integer<int>(from);
      if (number < 0 || number > highest(T{})) throw std::invalid_argument("out of range");
      value = static_cast<T>(number);
    } else if constexpr (std::is_integral_v<T>) {
      value = integer<T>(from);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!from.is_number()) throw std::invalid_argument("must be a number");
      const double number = from.get<double>();
      if (!(std::abs(number) <= kMaxNumber)) throw std::invalid_argument("out of range");
      value = number;
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = text(from);
    } else if constexpr (std::is_same_v<T, ShortName>) {
      value = ShortName(text(from));
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      value = known_id(text(from));
    } else {
      if (!from.is_object()) throw std::invalid_argument("must be an object");
      Loader loader{from};
      fields(loader, value);
    }
  }
  template <class T>
  static void load(const json& from, std::optional<T>& value) {
    value.reset();
    if (!from.is_null()) load(from, value.emplace());
  }
  template <class T>
  static void load(const json& from, std::vector<T>& values) {
    if (!from.is_array() || from.size() > kMaxList) throw std::invalid_argument("must be a short list");
    values.clear();
    for (const auto& entry : from) load(entry, values.emplace_back());
  }

  template <class T>
  static T integer(const json& from) {
    if (!from.is_number_integer()) throw std::invalid_argument("must be a whole number");
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (!from.is_number_unsigned()) throw std::invalid_argument("out of range");
      return from.get<std::uint64_t>();
    } else {
      const auto wide = from.get<std::int64_t>();
      if (wide < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
          wide > static_cast<std::int64_t>(std::numeric_limits<T>::max())) {
        throw std::invalid_argument("out of range");
      }
      return static_cast<T>(wide);
    }
  }
  static std::string text(const json& from) {
    if (!from.is_string()) throw std::invalid_argument("must be text");
    auto value = from.get<std::string>();
    if (value.size() > kMaxText) throw std::invalid_argument("too long");
    return value;
  }
  static std::string_view known_id(const std::string& name) {
    if (name.empty()) return {};
    for (const auto known : kIds) {
      if (known == name) return known;
    }
    throw std::invalid_argument("unknown id");
  }
};

void require(bool good, const char* what) {
  if (!good) throw std::invalid_argument(what);
}

/// What the numbers must be to each other: whoever wrote this file, the engine relies on it.
void check(const Phases& phases) {
  require(phases.v_ph >= 0, "v_ph: negative");
  require(phases.phase != Phase::start, "phase: not a phase to run in");
  require(phases.absorbed_s >= 0 && phases.balanced_s >= 0, "absorbed_s, balanced_s: negative");
}

void check(const Shape& shape) { require(shape.out_A >= 0 && shape.stored_A.value_or(0) >= 0, "out_A: negative"); }

void check(const State& state) {
  require(state.cells >= 0 && state.cells <= static_cast<int>(kMaxList), "cells: out of range");
  require(state.inputs.cells.empty() || state.inputs.cells.size() == static_cast<std::size_t>(state.cells),
          "inputs.cells: differ in number");
  require(!state.inputs.cells_complete || !state.inputs.cells.empty(), "inputs.cells: empty");
  require(state.regulation.trim_V <= 0 && state.enforcement.trim_V <= 0, "trim_V: positive");
  require(state.soc.counter_pct.value_or(0) >= 0 && state.soc.counter_pct.value_or(0) <= 100, "soc: out of range");
  check(state.phases);
  check(state.charge);
  check(state.discharge);
}

void check(const BankState& state) {
  require(state.trim_V <= 0 && state.enforcement.trim_V <= 0, "trim_V: positive");
  require(state.charge.correction_A <= 0 && state.discharge.correction_A <= 0, "correction_A: positive");
  for (const PackMemory& pack : state.packs) require(pack.regulation.trim_V <= 0, "trim_V: positive");
  check(state.phases);
  check(state.charge.shape);
  check(state.discharge.shape);
}

template <class T>
json save(const T& state) {
  T copy = state;  // one description of the fields serves both directions and takes them by reference
  json document = Saver::save(copy);
  document["version"] = kVersion;
  return document;
}

template <class T>
tl::expected<T, std::string> load(const json& document, TimePoint last_step) {
  try {
    if (!document.is_object()) throw std::invalid_argument("must be an object");
    int version = 0;
    Loader{document}("version", version);
    if (version != kVersion) throw std::invalid_argument(fmt::format("version: {} is not {}", version, kVersion));
    T state;
    Loader::load(document, state);
    state.last_step = last_step;
    check(state);
    return state;
  } catch (const std::invalid_argument& error) {
    return tl::unexpected<std::string>(error.what());
  }
}

}  // namespace

json to_json(const State& state) { return save(state); }
json to_json(const BankState& state) { return save(state); }

tl::expected<State, std::string> state_from_json(const json& document, TimePoint last_step) {
  return load<State>(document, last_step);
}

tl::expected<BankState, std::string> bank_state_from_json(const json& document, TimePoint last_step) {
  return load<BankState>(document, last_step);
}

}  // namespace bms::limits
