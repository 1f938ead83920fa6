#include "config/dsb_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/dsb_keys.hpp"
#include "config/ini.hpp"
#include "config/text.hpp"
#include "limits/parameters.hpp"

namespace bms::config::dsb {
namespace {

class LimitsImport {
 public:
  LimitsImport(File& file, Report& report) : file_(file), report_(report) {}

  std::vector<Setting> convert() {
    take_numbers();
    take_top_balance();
    take_tables();
    take_choices();
    drop_conflicts();
    for (const auto& setting : limits_) {
      report_.taken(fmt::format("{} -> {} = {}", setting.from, setting.key, setting.value));
    }
    return std::move(limits_);
  }

 private:
  Setting* limit(std::string_view key) {
    const auto found = std::find_if(limits_.begin(), limits_.end(), [&](const auto& s) { return s.key == key; });
    return found == limits_.end() ? nullptr : &*found;
  }

  /// A value that [limits] accepts is taken over, any other is an error.
  void set_limit(std::string_view key, const std::string& value, const std::string& from) {
    const auto* parameter = limits::find_parameter(key);
    if (const auto allowed = parameter->set(config_, value)) {
      report_.wrong(fmt::format("{}: {} is {}", from, key, *allowed));
      return;
    }
    if (auto* known = limit(key)) {
      *known = {std::string(key), value, from};
    } else {
      limits_.push_back({std::string(key), value, from});
    }
  }

  void take_over(std::string_view key, const std::string& value, const Entry& entry) {
    set_limit(key, value, entry.text());
  }

  void take_numbers() {
    for (const auto& row : numbers()) {
      const Entry* entry = file_.find(row.name);
      if (entry == nullptr || (entry->value.empty() && row.off.empty())) continue;
      const auto number = text::number(entry->value);
      const double largest = limits::find_parameter(row.ours)->max;
      if (!row.off.empty() && (entry->value.empty() || (number && *number > largest))) {
        take_over(row.ours, std::string(row.off), *entry);
      } else if (!number) {
        report_.wrong(fmt::format("{}: not a number", entry->text()));
      } else {
        // Former versions wrote the discharge current with a sign.
        const double value = (row.ours == "max_discharge_a" ? std::abs(*number) : *number) * row.factor;
        take_number(row, value, *entry);
      }
    }
  }

  void take_number(const Number& row, double value, const Entry& entry) {
    using Careful = Number::Careful;
    const auto* other = limit(row.ours);
    const auto before = other != nullptr ? text::number(other->value) : std::nullopt;
    if (before && *before != value && row.careful != Careful::none) {
      const bool keep = (row.careful == Careful::larger) == (*before > value);
      report_.differs(fmt::format("{} and {}: one key for both directions, {} = {:g} is used", other->from,
                                  entry.text(), row.ours, keep ? *before : value));
      if (keep) return;
    }
    take_over(row.ours, fmt::format("{}", value), entry);
  }

  /// SOC_RESET_CELL_VOLTAGE is in use only with SOC_RESET_AFTER_DAYS, and high values need a higher hard limit.
  void take_top_balance() {
    constexpr double kHighest = 3.57;
    const Entry* entry = file_.find("SOC_RESET_CELL_VOLTAGE");
    if (entry == nullptr || entry->value.empty()) return;
    const auto value = text::number(entry->value);
    if (!value) {
      report_.wrong(fmt::format("{}: not a number", entry->text()));
    } else if (*value > kHighest) {
      report_.decide(
          fmt::format("{}: cell_v_top stays at {:g} V; for a higher one cell_v_hard ({:g} V, no charging at or "
                      "above) must be raised too, if the cells allow it",
                      entry->text(), config_.cell_v_top, config_.cell_v_hard));
    } else {
      take_over("cell_v_top", fmt::format("{}", *value), *entry);
    }
  }

  void take_tables() {
    for (const auto& table : tables()) {
      const Entry* xs = file_.find(table.xs);
      const Entry* fractions = file_.find(table.fractions);
      const Entry* enable = file_.find(table.enable);
      if (is_true(enable, table.on_by_default)) {
        use_table(table, xs, fractions, enable);
      } else if (enable != nullptr && table.on_by_default) {
        switch_off(table, *enable);
      } else if (xs != nullptr || fractions != nullptr) {
        report_.differs(fmt::format("{}: not used, because {} is not True", table.xs, table.enable));
      }
    }
  }

  void switch_off(const Table& table, const Entry& enable) {
    if (table.may_be_off) return take_over(table.ours, "off", enable);
    report_.differs(fmt::format("{}: {} protects the cells and cannot be switched off; it has its default",
                                enable.text(), table.ours));
  }

  void use_table(const Table& table, const Entry* xs, const Entry* fractions, const Entry* enable) {
    if (xs == nullptr && fractions == nullptr) {
      if (enable != nullptr && !table.on_by_default) take_over(table.ours, "on", *enable);
      return;
    }
    // A file that changes one list relies on the default of the other.
    const Entry left{std::string(table.xs), xs != nullptr ? xs->value : std::string(table.default_xs)};
    const Entry right{std::string(table.fractions),
                      fractions != nullptr ? fractions->value : std::string(table.default_fractions)};
    const auto points = numbers_of(left);
    const auto values = numbers_of(right);
    if (!points || !values) return;
    if (points->size() != values->size()) {
      report_.wrong(fmt::format("{} has {} values and {} has {}: they must have as many; {} has its default", left.name,
                                points->size(), right.name, values->size(), table.ours));
      return;
    }
    take_curve(table, *points, *values);
  }

  std::optional<std::vector<double>> numbers_of(const Entry& entry) {
    std::vector<double> values;
    for (const auto piece : text::list(entry.value)) {
      const auto number = text::number(piece);
      if (!number) {
        report_.wrong(fmt::format("{}: not a list of numbers", entry.text()));
        return std::nullopt;
      }
      values.push_back(*number);
    }
    return values;
  }

  void take_curve(const Table& table, const std::vector<double>& xs, const std::vector<double>& fractions) {
    limits::Curve curve;
    for (std::size_t i = 0; i < xs.size(); ++i) curve.points.push_back({xs[i], fractions[i]});
    std::stable_sort(curve.points.begin(), curve.points.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    const std::string value = to_text(curve);
    const std::string from = fmt::format("{} and {}", table.xs, table.fractions);
    if (value.size() > kLongestValue || xs.size() < 2) {
      report_.wrong(fmt::format("{}: {} points; a curve here has at least two and fits on a line", from, xs.size()));
      return;
    }
    set_limit(table.ours, value, std::is_sorted(xs.begin(), xs.end()) ? from : from + " (sorted)");
  }

  void take_choices() {
    if (const Entry* mode = file_.find("CHARGE_MODE")) {
      const bool step = mode->value == "2";
      if (!step && mode->value != "1") report_.wrong(fmt::format("{}: neither 1 nor 2", mode->text()));
      if (step || mode->value == "1") curve_mode(step, *mode);
    }
    if (const Entry* linear = file_.find("LINEAR_LIMITATION_ENABLE")) curve_mode(!is_true(linear, true), *linear);
    if (const Entry* block = file_.find("BLOCK_ON_DISCONNECT")) {
      take_over("loss_policy", is_true(block, false) ? "block" : "hold_then_block", *block);
    }
    if (const Entry* enable = file_.find("CVCM_ENABLE"); enable != nullptr && !is_true(enable, true)) {
      take_over("cell_v_float", fmt::format("{}", config_.cell_v_max), *enable);
      report_.differs(fmt::format("{}: the charge voltage always follows the phases; float is set to the same voltage",
                                  enable->text()));
    }
    if (const Entry* counter = file_.find("SOC_CALCULATION"); is_true(counter, false)) {
      take_over("soc_source", "counter", *counter);
      take_over("sync_down", "yes", *counter);
    }
    const Entry* reported = file_.find("CURRENT_REPORTED_BY_BMS");
    const Entry* measured = file_.find("CURRENT_MEASURED_BY_USER");
    if (reported != nullptr && measured != nullptr && reported->value != measured->value) {
      report_.unsupported(
          fmt::format("{}: no correction of the current; a shunt (current_from) measures it", reported->name));
    }
  }

  void curve_mode(bool step, const Entry& entry) {
    take_over("curve_mode", step ? "step" : "linear", entry);
    if (step) {
      report_.differs(fmt::format("{}: between two points the smaller of both fractions counts, whichever side that is",
                                  entry.text()));
    }
  }

  /// Values that are fine one by one and contradict each other, or our defaults, stay out: what is written is valid.
  void drop_conflicts() {
    for (auto problems = limits::validate(config_); !problems.empty() && !limits_.empty();
         problems = limits::validate(config_)) {
      const auto& problem = problems.front();
      auto* setting = limit(problem.key);
      for (auto& other : limits_) {
        if (setting == nullptr && problem.allowed.find(other.key) != std::string::npos) setting = &other;
      }
      if (setting == nullptr) setting = &limits_.back();
      report_.decide(fmt::format("{} is left out: {} = {} {}; set both, or neither", setting->from, problem.key,
                                 problem.value, problem.allowed));
      const std::string key = setting->key;
      const auto* parameter = limits::find_parameter(key);
      parameter->set(config_, parameter->default_text());
      limits_.erase(limits_.begin() + (setting - limits_.data()));
    }
  }

  File& file_;
  Report& report_;
  limits::Config config_;
  std::vector<Setting> limits_;
};

}  // namespace

std::vector<Setting> import_limits(File& file, Report& report) { return LimitsImport(file, report).convert(); }

}  // namespace bms::config::dsb
