#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/assemble.hpp"
#include "config/text.hpp"

namespace bms::config {
namespace {

using Group = Document::Group;

bool has_word(std::string_view text, std::string_view word) {
  const auto part_of_word = [&](std::size_t at) {
    const char c = at < text.size() ? text[at] : ' ';
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !part_of_word(at - 1)) && !part_of_word(at + word.size())) return true;
  }
  return false;
}

struct LimitsReader {
  Document& document;
  Config& config;
  const Group* base = nullptr;
  std::vector<limits::Problem> base_problems = {};

  void read_base() {
    base = document.find("limits");
    if (base == nullptr) return;
    document.read(*base, bind(config.limits));
    base_problems = limits::validate(config.limits);
    for (const auto& problem : base_problems) report(*base, problem);
  }

  /// `from` with the keys of the section on top.
  limits::Config read_layer(const Group& group, limits::Config from) {
    document.read(group, bind(from));
    for (const auto& problem : limits::validate(from)) {
      const bool inherited = std::any_of(base_problems.begin(), base_problems.end(), [&](const auto& known) {
        return known.key == problem.key && known.value == problem.value && known.allowed == problem.allowed;
      });
      if (!inherited) report(group, problem);
    }
    return from;
  }

  /// The engine blames the later key of a pair; the user may have written only the other one: then that is shown.
  void report(const Group& group, const limits::Problem& problem) {
    if (group.find(problem.key) != nullptr) return document.report(group, problem.key, problem.allowed);
    for (const auto& entry : group.entries) {
      if (!has_word(problem.allowed, entry.key)) continue;
      return document.report(group, entry.key,
                             fmt::format("{} = {} (not set here) {}", problem.key, problem.value, problem.allowed));
    }
    document.report_section(group, fmt::format("{} = {} {}", problem.key, problem.value, problem.allowed));
  }

  [[nodiscard]] bool wrong(std::string_view name) const {
    return document.limits_wrong("limits") || document.limits_wrong(fmt::format("limits:{}", name));
  }
};

/// Who gets the limits of `[limits:NAME]`; an unknown NAME is a battery that would miss its limits.
void check_name(Document& document, const Group& group, const Config& config) {
  const std::string_view name = group.suffix();
  if (name == "bank" || !units_of(config, name).empty()) return;
  std::vector<std::string_view> names = unit_names(config);
  for (const auto& battery : config.batteries) names.emplace_back(battery.section);
  names.emplace_back("bank");
  const std::string near(text::nearest(name, names));
  document.report_section(group, fmt::format("there is no [battery:{}]", name),
                          near.empty() ? near : fmt::format("[limits:{}]", near));
}

void read_unit_limits(LimitsReader& reader, Battery& battery, BatteryUnit& unit) {
  unit.limits = reader.config.limits_for(battery.section);
  unit.limits_fallback = reader.wrong(battery.section);
  const auto* own = unit.name == battery.section ? nullptr : reader.document.find("limits:" + unit.name);
  if (own != nullptr) {
    unit.limits = reader.read_layer(*own, unit.limits);
    reader.config.named_limits[unit.name] = unit.limits;
    unit.limits_fallback = unit.limits_fallback || reader.wrong(unit.name);
  }
}

/// A misspelt NAME leaves some battery without its limits: as wrong as [limits] itself.
bool names_wrong(const Document& document, const Config& config, Scope scope) {
  if (scope == Scope::limits_only) return false;
  const auto groups = document.with_prefix("limits:");
  return std::any_of(groups.begin(), groups.end(), [&](const Group* group) {
    return group->suffix() != "bank" && units_of(config, group->suffix()).empty();
  });
}

void replace_wrong_limits(LimitsReader& reader, Scope scope) {
  Config& config = reader.config;
  const bool all = reader.document.limits_wrong("limits") || names_wrong(reader.document, config, scope);
  const auto replace = [&](limits::Config& limits, bool wrong) {
    if (!wrong) return;
    limits = limits::fallback();
    config.limits_fallback = true;
  };
  replace(config.limits, all);
  for (auto& [name, limits] : config.named_limits) replace(limits, all || reader.wrong(name));
  config.bank.limits_fallback = all || reader.wrong("bank");
  replace(config.bank.limits, config.bank.limits_fallback);
  for (auto& battery : config.batteries) {
    for (auto& unit : battery.units) {
      unit.limits_fallback = unit.limits_fallback || all;
      replace(unit.limits, unit.limits_fallback);
    }
  }
}

}  // namespace

void read_limits(Document& document, Scope scope, Config& config) {
  LimitsReader reader{document, config};
  reader.read_base();
  std::set<std::string, std::less<>> single_units;
  for (const auto& battery : config.batteries) {
    for (const auto& unit : battery.units) {
      if (unit.name != battery.section) single_units.insert(unit.name);
    }
  }
  for (const auto* group : document.with_prefix("limits:")) {
    if (scope == Scope::daemon) check_name(document, *group, config);
    if (single_units.count(group->suffix()) != 0) continue;  // on top of its section's, below
    config.named_limits[std::string(group->suffix())] = reader.read_layer(*group, config.limits);
  }
  config.bank.limits = config.limits_for("bank");
  for (auto& battery : config.batteries) {
    for (auto& unit : battery.units) read_unit_limits(reader, battery, unit);
  }
  replace_wrong_limits(reader, scope);
}

}  // namespace bms::config
