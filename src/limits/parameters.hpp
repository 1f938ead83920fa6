#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "limits/config.hpp"

namespace bms::limits {

/// One key of a configuration section: its meaning, what is allowed, and the way to its member.
template <class Owner>
struct ParameterOf {
  enum class Kind : std::uint8_t { number, number_or_off, integer, integer_list, boolean, choice, curve, fuse, text };
  using Member =
      std::variant<double Owner::*, std::optional<double> Owner::*, int Owner::*, bool Owner::*,
                   std::vector<int> Owner::*, Curve Owner::*, std::optional<Fuse> Owner::*, CurveMode Owner::*,
                   LossPolicy Owner::*, SocSource Owner::*, ShareMode Owner::*, std::string Owner::*>;
  std::string_view key;
  Member member;
  std::string_view unit;  ///< "A", "V", "s", ...; of x for a curve; empty: none
  double min;             ///< of a number, of an integer, of x of a curve
  double max;
  std::string_view choices;          ///< "linear | step", in the order of the enum
  std::string_view meaning;          ///< for people
  std::string_view suggestion = {};  ///< the curve that "on" stands for; empty: it protects and is never off

  [[nodiscard]] Kind kind() const;
  /// The built-in default as text.
  [[nodiscard]] std::string default_text() const;
  /// The value as text that set() takes back.
  [[nodiscard]] std::string get(const Owner& config) const;
  /// nullopt: done. Otherwise what is allowed; the configuration is unchanged. Ranges are checked, order and shapes
  /// across keys are for validate().
  std::optional<std::string> set(Owner& config, std::string_view value) const;
  /// "a number from 0 to 100 A", "off or ...", "linear | step".
  [[nodiscard]] std::string allowed() const;
};

using Parameter = ParameterOf<Config>;
using BankParameter = ParameterOf<BankConfig>;

/// All keys of `[limits]`, in the order they are documented.
std::span<const Parameter> parameters();
/// All keys of `[bank]` that belong to the limit engine.
std::span<const BankParameter> bank_parameters();

/// nullptr: there is no such key.
const Parameter* find_parameter(std::string_view key);
const BankParameter* find_bank_parameter(std::string_view key);

}  // namespace bms::limits
