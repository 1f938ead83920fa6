#include <fmt/format.h>

#include <algorithm>

#include "config/assemble.hpp"
#include "config/text.hpp"

namespace bms::config {
namespace {

using Group = Document::Group;

void check_battery(Document& document, const Group& group, const Config& config, Output& output) {
  const bool bank = bank_in_use(config);
  if (output.battery == "bank") {
    if (!bank) document.report(group, "battery", "the name of a battery; there is no bank");
    output.battery.clear();
    return;
  }
  if (output.battery.empty()) {
    if (!bank && config.unit_count() > 1)
      document.report(group, "battery", "mandatory where there are several batteries and no bank");
    return;
  }
  const auto units = units_of(config, output.battery);
  if (units.size() == 1) {
    output.battery = units.front()->name;
    return;
  }
  std::vector<std::string_view> names = unit_names(config);
  if (bank) names.emplace_back("bank");
  document.report(group, "battery", "bank or the name of one battery",
                  units.empty() ? text::nearest(output.battery, names) : std::string_view(units.front()->name));
}

void check_target(Document& document, const Group& group, const Config& config, const Output& output) {
  if (output.target.kind == Line::Kind::none) return;
  for (const auto& other : config.outputs) {
    if (other.target == output.target) {
      document.report(group, "target", fmt::format("a line of its own; [output:{}] has this one", other.name));
      return;
    }
  }
}

Output read_output(Document& document, const Group& group, const Config& config) {
  Output output;
  output.name = group.suffix();
  document.read(group, bind(output));
  if (group.find("function") == nullptr) {
    document.report(group, "function", "mandatory: load-disconnect | charge-disconnect | pre-alarm");
  }
  if (group.find("target") == nullptr) document.report(group, "target", "mandatory: relay:N or gpio:CHIP:LINE");
  if (group.find("form") != nullptr && output.function != OutputFunction::pre_alarm) {
    document.report(group, "form", "only for function = pre-alarm");
  }
  check_battery(document, group, config, output);
  check_target(document, group, config, output);
  return output;
}

}  // namespace

void read_outputs(Document& document, Config& config) {
  for (const auto* group : document.with_prefix("output:")) {
    config.outputs.push_back(read_output(document, *group, config));
  }
  const auto* remote = document.find("remote");
  if (remote == nullptr) return;
  document.read(*remote, bind(config.remote));
  for (const auto& output : config.outputs) {
    if (config.remote.source.kind != Line::Kind::none && output.target == config.remote.source) {
      document.report(*remote, "source", fmt::format("a line of its own; [output:{}] has this one", output.name));
    }
  }
}

}  // namespace bms::config
