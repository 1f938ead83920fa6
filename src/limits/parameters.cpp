#include "limits/parameters.hpp"

#include <fmt/format.h>

#include <array>
#include <type_traits>

#include "limits/text.hpp"

namespace bms::limits {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // clang 14 does not deduce aggregates

template <class Owner>
bool in_range(const ParameterOf<Owner>& parameter, double value) {
  return value >= parameter.min && value <= parameter.max;
}

/// Position of `value` in "a | b | c".
std::optional<int> choice_index(std::string_view choices, std::string_view value) {
  for (int i = 0; !choices.empty(); ++i) {
    if (text::next(choices, '|') == value) return i;
  }
  return std::nullopt;
}

std::string choice_name(std::string_view choices, int index) {
  std::string_view name;
  for (int i = 0; i <= index; ++i) name = text::next(choices, '|');
  return std::string(name);
}

/// Syntax and ranges; shape is for validate().
template <class Owner>
std::optional<Curve> curve_from_text(const ParameterOf<Owner>& parameter, std::string_view value) {
  const bool may_be_off = !parameter.suggestion.empty();
  if (may_be_off && (value == "off" || value == "no")) return Curve{};
  if (may_be_off && (value == "on" || value == "yes")) value = parameter.suggestion;
  Curve curve;
  while (!value.empty()) {
    std::string_view fraction = text::next(value, ',');
    const auto x = text::number(text::next(fraction, ':'));
    const auto y = text::number(fraction);
    if (!x || !y || !in_range(parameter, *x) || *y < 0 || *y > 1) return std::nullopt;
    if (!curve.points.empty() && curve.points.back().x >= *x) return std::nullopt;
    curve.points.push_back({*x, *y});
  }
  if (curve.points.size() < 2) return std::nullopt;
  return curve;
}

template <class Owner>
std::optional<std::vector<int>> list_from_text(const ParameterOf<Owner>& parameter, std::string_view value) {
  std::vector<int> list;
  if (value == "off" || value == "none") return list;
  while (!value.empty()) {
    const auto number = text::number(text::next(value, ','));
    if (!number || !in_range(parameter, *number) || std::floor(*number) != *number) return std::nullopt;
    list.push_back(static_cast<int>(*number));
  }
  return list;
}

}  // namespace

template <class Owner>
typename ParameterOf<Owner>::Kind ParameterOf<Owner>::kind() const {
  constexpr std::array<Kind, std::variant_size_v<Member>> kKinds = {
      Kind::number, Kind::number_or_off, Kind::integer, Kind::boolean, Kind::integer_list, Kind::curve,
      Kind::fuse,   Kind::choice,        Kind::choice,  Kind::choice,  Kind::choice,       Kind::text};
  return kKinds[member.index()];
}

template <class Owner>
std::string ParameterOf<Owner>::default_text() const {
  return get(Owner{});
}

template <class Owner>
std::string ParameterOf<Owner>::get(const Owner& config) const {
  const Overloaded to_string{
      [](double value) { return fmt::format("{}", value); },
      [](const std::optional<double>& value) { return value ? fmt::format("{}", *value) : std::string("off"); },
      [](int value) { return fmt::format("{}", value); },
      [](bool value) { return std::string(value ? "yes" : "no"); },
      [](const std::vector<int>& value) { return value.empty() ? "none" : fmt::format("{}", fmt::join(value, ", ")); },
      [](const Curve& value) { return to_text(value); },
      [](const std::optional<Fuse>& value) { return value ? to_text(*value) : std::string("off"); },
      [](const std::string& value) { return value; },
      [this](auto choice) { return choice_name(choices, static_cast<int>(choice)); },
  };
  return std::visit([&](auto pointer) { return to_string(config.*pointer); }, member);
}

template <class Owner>
std::optional<std::string> ParameterOf<Owner>::set(Owner& config, std::string_view value) const {
  value = text::trim(value);
  const auto keep = [](auto& target, auto&& parsed) {
    if (parsed) target = *std::forward<decltype(parsed)>(parsed);
    return parsed.has_value();
  };
  const auto ranged = [&]() {
    const auto number = text::number(value);
    return number && in_range(*this, *number) ? number : std::nullopt;
  };
  const Overloaded assign{
      [&](double& target) { return keep(target, ranged()); },
      [&](std::optional<double>& target) {
        if (value == "off" || value == "no") return target.reset(), true;
        return keep(target, ranged());
      },
      [&](int& target) {
        const auto number = ranged();
        if (!number || std::floor(*number) != *number) return false;
        target = static_cast<int>(*number);
        return true;
      },
      [&](bool& target) { return keep(target, text::boolean(value)); },
      [&](std::vector<int>& target) { return keep(target, list_from_text(*this, value)); },
      [&](Curve& target) { return keep(target, curve_from_text(*this, value)); },
      [&](std::optional<Fuse>& target) {
        if (value == "off" || value == "no") return target.reset(), true;
        const auto fuse = fuse_from_text(value);
        return fuse && alternator_limit_A(*fuse) && keep(target, fuse);
      },
      [&](std::string& target) {
        target = value;
        return !value.empty();
      },
      [&](auto& target) {
        const auto index = choice_index(choices, value);
        if (index) target = static_cast<std::remove_reference_t<decltype(target)>>(*index);
        return index.has_value();
      },
  };
  const bool done = std::visit([&](auto pointer) { return assign(config.*pointer); }, member);
  return done ? std::nullopt : std::optional<std::string>(allowed());
}

template <class Owner>
std::string ParameterOf<Owner>::allowed() const {
  const std::string range = fmt::format("from {} to {}{}{}", min, max, unit.empty() ? "" : " ", unit);
  switch (kind()) {
    case Kind::number:
      return "a number " + range;
    case Kind::number_or_off:
      return "off or a number " + range;
    case Kind::integer:
      return "a whole number " + range;
    case Kind::integer_list:
      return "none or a list of whole numbers " + range;
    case Kind::boolean:
      return "yes or no";
    case Kind::choice:
      return std::string(choices);
    case Kind::curve:
      return fmt::format("{}at least two points {}:FRACTION, separated by commas, {} ascending {}, fractions 0 to 1{}",
                         suggestion.empty() ? "" : "off, on, or ", unit, unit, range,
                         suggestion.empty() ? "; it protects the cells and is never off" : "");
    case Kind::fuse:
      return "off or a fuse in A, such as 80 or 2x30, not smaller than 2x7.5";
    case Kind::text:
      break;
  }
  return choices.empty() ? "text" : std::string(choices);
}

template struct ParameterOf<Config>;
template struct ParameterOf<BankConfig>;

const Parameter* find_parameter(std::string_view key) {
  for (const Parameter& parameter : parameters()) {
    if (parameter.key == key) return &parameter;
  }
  return nullptr;
}

const BankParameter* find_bank_parameter(std::string_view key) {
  for (const BankParameter& parameter : bank_parameters()) {
    if (parameter.key == key) return &parameter;
  }
  return nullptr;
}

}  // namespace bms::limits
