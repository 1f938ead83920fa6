#include "config/schema.hpp"

#include <fmt/format.h>

#include <array>

#include "config/keys.hpp"
#include "config/text.hpp"
#include "limits/parameters.hpp"

namespace bms::config {
namespace {

template <class Owner>
std::string range_text(const Key<Owner>& key) {
  return fmt::format("from {} to {}{}{}", key.min, key.max, key.unit.empty() ? "" : " ", key.unit);
}

template <class Owner>
std::string allowed_text(const Key<Owner>& key) {
  using Kind = typename Key<Owner>::Kind;
  switch (key.kind) {
    case Kind::boolean:
      return "yes or no";
    case Kind::number:
      return "a number " + range_text(key);
    case Kind::whole:
      return key.allowed.empty() ? "a whole number " + range_text(key) : std::string(key.allowed);
    case Kind::whole_list:
    case Kind::choice:
    case Kind::text:
      break;
  }
  return std::string(key.allowed);
}

std::vector<std::string_view> choices(std::string_view allowed) {
  std::vector<std::string_view> names;
  while (!allowed.empty()) {
    const auto bar = allowed.find('|');
    names.push_back(text::trim(allowed.substr(0, bar)));
    allowed.remove_prefix(bar == std::string_view::npos ? allowed.size() : bar + 1);
  }
  return names;
}

template <class Owner>
bool read_list(const Key<Owner>& key, Value& value) {
  for (const auto piece : text::list(value.text)) {
    const auto number = text::whole(piece);
    if (!number || *number < key.min || *number > key.max) return false;
    value.list.push_back(*number);
  }
  return !value.list.empty();
}

bool read_choice(std::string_view allowed, Value& value) {
  const auto names = choices(allowed);
  const auto found = std::find(names.begin(), names.end(), value.text);
  value.choice = static_cast<std::size_t>(found - names.begin());
  return found != names.end();
}

/// Kind and range; false when the text is something else.
template <class Owner>
bool read_value(const Key<Owner>& key, Value& value) {
  using Kind = typename Key<Owner>::Kind;
  switch (key.kind) {
    case Kind::text:
      return true;
    case Kind::boolean: {
      const auto flag = text::boolean(value.text);
      value.flag = flag.value_or(false);
      return flag.has_value();
    }
    case Kind::number: {
      const auto number = text::number(value.text);
      value.number = number.value_or(0);
      return number && value.number >= key.min && value.number <= key.max;
    }
    case Kind::whole: {
      const auto number = text::whole(value.text);
      value.whole = number.value_or(0);
      return number && value.whole >= key.min && value.whole <= key.max;
    }
    case Kind::whole_list:
      return read_list(key, value);
    case Kind::choice:
      return read_choice(key.allowed, value);
  }
  return false;
}

template <class Owner>
std::vector<Binding> bind_keys(Owner& owner, std::span<const Key<Owner>> keys) {
  std::vector<Binding> bindings;
  for (const auto& key : keys) {
    bindings.push_back({std::string(key.name), [&owner, &key](std::string_view text) -> std::optional<std::string> {
                          Value value;
                          value.text = text;
                          if (!text.empty() && read_value(key, value) && key.store(owner, value)) return std::nullopt;
                          return allowed_text(key);
                        }});
  }
  return bindings;
}

template <class Owner>
void bind_parameters(std::vector<Binding>& bindings, Owner& owner,
                     std::span<const limits::ParameterOf<Owner>> parameters) {
  for (const auto& parameter : parameters) {
    bindings.push_back({std::string(parameter.key), [&owner, &parameter](std::string_view text) {
                          return text.empty() ? std::optional(parameter.allowed()) : parameter.set(owner, text);
                        }});
  }
}

std::optional<std::string> set_driver_key(Battery& battery, const DriverSetting& setting, std::string_view text) {
  std::string& value = battery.settings[std::string(setting.key)];
  value = text;
  switch (setting.kind) {
    case DriverSetting::Kind::text:
      if (!text.empty()) return std::nullopt;
      return std::string(setting.meaning);
    case DriverSetting::Kind::boolean: {
      const auto flag = text::boolean(text);
      value = flag.value_or(false) ? "yes" : "no";
      if (flag) return std::nullopt;
      return "yes or no";
    }
    case DriverSetting::Kind::number: {
      const auto number = text::number(text);
      if (number && *number >= setting.min && *number <= setting.max) return std::nullopt;
      return fmt::format("a number from {} to {}", setting.min, setting.max);
    }
  }
  return std::nullopt;
}

template <class Owner>
std::vector<KeyInfo> describe(std::span<const Key<Owner>> keys) {
  std::vector<KeyInfo> infos;
  for (const auto& key : keys) {
    infos.push_back({std::string(key.name), std::string(key.default_text), std::string(key.unit), allowed_text(key),
                     std::string(key.example), std::string(key.meaning)});
  }
  return infos;
}

template <class Owner>
void describe_parameters(std::vector<KeyInfo>& infos, std::span<const limits::ParameterOf<Owner>> parameters) {
  for (const auto& parameter : parameters) {
    infos.push_back({std::string(parameter.key), parameter.default_text(), std::string(parameter.unit),
                     parameter.allowed(), std::string(parameter.suggestion), std::string(parameter.meaning)});
  }
}

}  // namespace

std::vector<Binding> bind(Daemon& daemon) { return bind_keys(daemon, daemon_keys()); }
std::vector<Binding> bind(Output& output) { return bind_keys(output, output_keys()); }
std::vector<Binding> bind(Remote& remote) { return bind_keys(remote, remote_keys()); }
std::vector<Binding> bind(Web& web) { return bind_keys(web, web_keys()); }

std::vector<Binding> bind(Battery& battery, const DriverInfo* info, std::span<const DriverInfo> drivers) {
  std::vector<Binding> bindings = bind_keys(battery, battery_keys());
  if (info != nullptr) drivers = {info, 1};
  for (const auto& driver : drivers) {
    for (const auto& setting : driver.settings) {
      bindings.push_back({std::string(setting.key), [&battery, &setting](std::string_view text) {
                            return set_driver_key(battery, setting, text);
                          }});
    }
  }
  return bindings;
}

std::vector<Binding> bind(Bank& bank) {
  std::vector<Binding> bindings = bind_keys(bank, bank_keys());
  bind_parameters(bindings, bank.engine, limits::bank_parameters());
  return bindings;
}

std::vector<Binding> bind(limits::Config& config) {
  std::vector<Binding> bindings;
  bind_parameters(bindings, config, limits::parameters());
  return bindings;
}

std::vector<SectionInfo> schema() {
  std::vector<KeyInfo> limit_keys;
  describe_parameters(limit_keys, limits::parameters());
  std::vector<KeyInfo> bank = describe(bank_keys());
  describe_parameters(bank, limits::bank_parameters());
  return {
      {"battery:NAME",
       "One section for each battery, or for several of one kind on the same cable. NAME becomes part of the service "
       "name on D-Bus.",
       describe(battery_keys())},
      {"daemon", "The program itself.", describe(daemon_keys())},
      {"limits",
       "Charge and discharge limits of all batteries. [limits:NAME] changes single keys for one battery, [limits:bank] "
       "for the charge phases of the bank.",
       std::move(limit_keys)},
      {"bank", "Several batteries as one.", std::move(bank)},
      {"output:NAME", "One section for each output on a GX relay or a GPIO line.", describe(output_keys())},
      {"remote", "Remote on/off input. A missing signal means off.", describe(remote_keys())},
      {"web", "Read-only status page for a browser.", describe(web_keys())},
  };
}

std::span<const std::string_view> section_names() {
  static constexpr std::array<std::string_view, 8> kNames = {
      "battery:", "daemon", "limits", "limits:", "bank", "output:", "remote", "web"};
  return kNames;
}

bool reserved_name(std::string_view name) {
  return name == "bank" || name == "all" || name == "weighted" || name == "minimum";
}

}  // namespace bms::config
