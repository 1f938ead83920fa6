#include "config/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/schema.hpp"
#include "config/text.hpp"
#include "limits/parameters.hpp"

namespace bms::config {
namespace {

template <class Owner>
std::optional<double> number(const limits::ParameterOf<Owner>& parameter, const Owner& owner) {
  if (const auto* member = std::get_if<double Owner::*>(&parameter.member)) return owner.**member;
  if (const auto* member = std::get_if<std::optional<double> Owner::*>(&parameter.member)) return owner.**member;
  return std::nullopt;
}

std::string file_text(const Tunable& file, std::string_view key) {
  const auto value = number_of(file, key);
  return value ? fmt::format("{}", *value) : "off";
}

/// Stores one value; what is allowed when it may not be.
std::optional<std::string> put(Tunable& tunable, std::string_view key, double value) {
  const std::string text = std::isfinite(value) ? fmt::format("{}", value) : "not a number";
  std::optional<std::string> allowed;
  if (const auto* parameter = limits::find_parameter(key)) {
    allowed = parameter->set(tunable.limits, text);
  } else if (const auto* of_bank = limits::find_bank_parameter(key)) {
    allowed = of_bank->set(tunable.bank, text);
  } else {
    return "there is no such key";
  }
  return allowed ? std::optional("must be " + *allowed) : std::nullopt;
}

/// What is wrong with all values together; `key` is what was changed last.
std::optional<std::string> contradiction(const Tunable& tunable, std::string_view key) {
  auto problems = limits::validate(tunable.limits);
  if (problems.empty()) problems = limits::validate(tunable.bank);
  if (problems.empty()) return std::nullopt;
  const auto& problem = problems.front();
  if (problem.key == key) return problem.allowed;
  return fmt::format("{} = {} {}", problem.key, problem.value, problem.allowed);
}

}  // namespace

std::optional<double> number_of(const Tunable& tunable, std::string_view key) {
  if (const auto* parameter = limits::find_parameter(key)) return number(*parameter, tunable.limits);
  if (const auto* parameter = limits::find_bank_parameter(key)) return number(*parameter, tunable.bank);
  return std::nullopt;
}

std::optional<KeyRange> range_of(std::string_view key) {
  if (const auto* parameter = limits::find_parameter(key)) return KeyRange{parameter->min, parameter->max};
  if (const auto* parameter = limits::find_bank_parameter(key)) return KeyRange{parameter->min, parameter->max};
  return std::nullopt;
}

std::optional<std::string> check_name(std::string_view name) {
  Battery battery;
  for (const auto& binding : bind(battery, nullptr, {})) {
    if (binding.name != "name") continue;
    const auto allowed = text::clean(name) ? binding.set(name) : "text without control characters";
    return allowed ? std::optional("must be " + *allowed) : std::nullopt;
  }
  return std::nullopt;
}

Overrides::Overrides(Tunable file, std::span<const std::string_view> keys, bool locked)
    : file_(std::move(file)), keys_(keys), locked_(locked), effective_(file_) {}

bool Overrides::known(std::string_view key) const { return std::find(keys_.begin(), keys_.end(), key) != keys_.end(); }

std::vector<std::string> Overrides::set_file(Tunable file, bool locked) {
  file_ = std::move(file);
  locked_ = locked;
  return apply();
}

std::vector<std::string> Overrides::restore(const Values& kept) {
  values_.clear();
  std::vector<std::string> notes;
  for (const auto& [key, value] : kept) {
    if (known(key)) {
      values_.emplace(key, value);
    } else {
      notes.push_back(fmt::format("{} is not for users to change: left out", key));
    }
  }
  const auto left_out = apply();
  notes.insert(notes.end(), left_out.begin(), left_out.end());
  return notes;
}

std::optional<std::string> Overrides::set(std::string_view key, double value) {
  if (!known(key)) return "is not for users to change";
  if (locked_) return "cannot be changed: the limits of the file are wrong, built-in ones are in force";
  Tunable candidate = effective_;
  if (auto allowed = put(candidate, key, value)) return allowed;
  if (auto allowed = contradiction(candidate, key)) return allowed;
  effective_ = std::move(candidate);
  if (number_of(file_, key) == value) {
    values_.erase(std::string(key));
  } else {
    values_.insert_or_assign(std::string(key), value);
  }
  return std::nullopt;
}

void Overrides::take_back(std::string_view key) {
  const auto file = number_of(file_, key);
  if (file && !locked_) (void)set(key, *file);
}

void Overrides::clear() {
  values_.clear();
  effective_ = file_;
}

std::vector<std::string> Overrides::apply() {
  effective_ = file_;
  if (locked_ || values_.empty()) return {};
  // All at once first: two voltages that were both moved may only fit together.
  Tunable together = file_;
  const bool placed = std::all_of(values_.begin(), values_.end(),
                                  [&](const auto& entry) { return !put(together, entry.first, entry.second); });
  if (placed && !contradiction(together, {})) {
    effective_ = std::move(together);
    return {};
  }
  std::vector<std::string> notes;
  for (const auto& [key, value] : Values(values_)) {
    Tunable candidate = effective_;
    auto allowed = put(candidate, key, value);
    if (!allowed) allowed = contradiction(candidate, key);
    if (!allowed) {
      effective_ = std::move(candidate);
      continue;
    }
    notes.push_back(fmt::format("{} = {}: {}; the file's {} is in force", key, value, *allowed, file_text(file_, key)));
    values_.erase(key);
  }
  return notes;
}

std::vector<std::string> Overrides::differences() const {
  std::vector<std::string> texts;
  if (locked_) return texts;
  for (const auto& [key, value] : values_) {
    texts.push_back(fmt::format("{} = {} (file: {})", key, value, file_text(file_, key)));
  }
  return texts;
}

}  // namespace bms::config
