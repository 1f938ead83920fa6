#include "config/document.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/text.hpp"

namespace bms::config {
namespace {

bool about_limits(std::string_view section) { return section == "limits" || section.starts_with("limits:"); }

/// "limits" for "limts", "battery:rack" for "batery:rack"; empty when nothing is near.
std::string nearest_section(std::string_view name) {
  const auto colon = name.find(':');
  const bool named = colon != std::string_view::npos;
  const std::string wanted(named ? name.substr(0, colon + 1) : name);
  std::string near(text::nearest(wanted, section_names()));
  if (named && near.ends_with(':')) near += text::trim(name.substr(colon + 1));
  if (!named && near.ends_with(':')) near += "NAME";
  return near;
}

/// What a message may show of a value: no secret.
std::string shown(const IniEntry& entry) {
  if (entry.value.empty()) return "(empty)";
  return entry.key == "token" ? "(not shown)" : entry.value;
}

/// The nearest of the words of "a | b | c"; a device without its folder; else empty.
std::string nearest_value(const IniEntry& entry, std::string_view allowed) {
  const std::string_view value = entry.value;
  if (entry.key == "port" && value.starts_with("tty")) return "/dev/" + entry.value;
  if (allowed.find(" | ") == std::string_view::npos) return {};
  std::vector<std::string_view> words;
  while (!allowed.empty()) {
    const auto bar = allowed.find('|');
    words.push_back(text::trim(allowed.substr(0, bar)));
    allowed.remove_prefix(bar == std::string_view::npos ? allowed.size() : bar + 1);
  }
  return std::string(text::nearest(value, words));
}

}  // namespace

const IniEntry* Document::Group::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

std::string_view Document::Group::suffix() const {
  const auto colon = name.find(':');
  return colon == std::string::npos ? std::string_view{} : std::string_view(name).substr(colon + 1);
}

Document::Document(std::string_view text, std::string_view file) : file_(file) {
  IniFile ini = parse_ini(text);
  for (auto& fault : ini.faults) {
    const auto severity = about_limits(fault.section) ? Problem::Severity::limits : Problem::Severity::fatal;
    add({severity, {}, fault.line, fault.section, fault.text, {}, std::move(fault.reason), {}});
  }
  for (auto& section : ini.sections) collect(std::move(section));
  for (const auto& group : groups_) check_name(group);
}

void Document::collect(IniSection&& section) {
  const auto known =
      std::find_if(groups_.begin(), groups_.end(), [&](const auto& g) { return g.name == section.name; });
  if (known == groups_.end()) {
    groups_.push_back({std::move(section.name), section.line, std::move(section.entries)});
    return;
  }
  Group again{section.name, section.line, {}};
  report_section(again, fmt::format("each section only once; it began at line {}", known->line));
  for (auto& entry : section.entries) known->entries.push_back(std::move(entry));
}

void Document::check_name(const Group& group) {
  if (group.name.empty()) {
    for (const auto& entry : group.entries) {
      add({Problem::Severity::fatal,
           {},
           entry.line,
           {},
           entry.key,
           shown(entry),
           "a key belongs below a [section]",
           {}});
    }
    return;
  }
  const auto colon = group.name.find(':');
  const auto prefix = std::string_view(group.name).substr(0, colon == std::string::npos ? colon : colon + 1);
  const auto names = section_names();
  if (std::find(names.begin(), names.end(), prefix) == names.end()) {
    const std::string near = nearest_section(group.name);
    const auto severity = about_limits(near) ? Problem::Severity::limits : Problem::Severity::fatal;
    add({severity,
         {},
         group.line,
         group.name,
         fmt::format("[{}]", group.name),
         {},
         "unknown section; there are [battery:NAME], [daemon], [limits], [limits:NAME], [bank], [output:NAME], "
         "[remote] "
         "and [web]",
         near.empty() ? near : fmt::format("[{}]", near)});
  } else if (colon != std::string::npos && (group.suffix().empty() || text::trim(group.suffix()) != group.suffix() ||
                                            group.suffix().find(',') != std::string_view::npos)) {
    report_section(group, fmt::format("{}NAME with a name without commas, and no blank behind the colon", prefix));
  }
}

const Document::Group* Document::find(std::string_view name) const {
  const auto found =
      std::find_if(groups_.begin(), groups_.end(), [&](const auto& group) { return group.name == name; });
  return found == groups_.end() ? nullptr : &*found;
}

std::vector<const Document::Group*> Document::with_prefix(std::string_view prefix) const {
  std::vector<const Group*> found;
  for (const auto& group : groups_) {
    if (group.name.starts_with(prefix)) found.push_back(&group);
  }
  return found;
}

void Document::read(const Group& group, const std::vector<Binding>& bindings) {
  const auto severity = about_limits(group.name) ? Problem::Severity::limits : Problem::Severity::fatal;
  std::vector<std::string_view> names;
  names.reserve(bindings.size());
  for (const auto& binding : bindings) names.emplace_back(binding.name);
  for (const auto& entry : group.entries) {
    const auto complain = [&](std::string allowed, std::string near) {
      add({severity, {}, entry.line, group.name, entry.key, shown(entry), std::move(allowed), std::move(near)});
    };
    const auto known =
        std::find_if(bindings.begin(), bindings.end(), [&](const auto& binding) { return binding.name == entry.key; });
    if (known == bindings.end()) {
      complain(fmt::format("unknown key in [{}]", group.name), std::string(text::nearest(entry.key, names)));
    } else if (const auto* first = group.find(entry.key); first != &entry) {
      complain(fmt::format("each key only once in a section; it stands at line {} already", first->line), {});
    } else if (auto allowed = known->set(entry.value)) {
      complain(*allowed, nearest_value(entry, *allowed));
    }
  }
}

void Document::report(const Group& group, std::string_view key, std::string allowed, std::string_view nearest) {
  const auto severity = about_limits(group.name) ? Problem::Severity::limits : Problem::Severity::fatal;
  const IniEntry* entry = group.find(key);
  add({severity,
       {},
       entry != nullptr ? entry->line : group.line,
       group.name,
       std::string(key),
       entry != nullptr ? shown(*entry) : "(missing)",
       std::move(allowed),
       std::string(nearest)});
}

void Document::report_section(const Group& group, std::string allowed, std::string_view nearest) {
  const auto severity = about_limits(group.name) ? Problem::Severity::limits : Problem::Severity::fatal;
  add({severity,
       {},
       group.line,
       group.name,
       fmt::format("[{}]", group.name),
       {},
       std::move(allowed),
       std::string(nearest)});
}

void Document::report_file(std::string allowed) {
  add({Problem::Severity::fatal, {}, 0, {}, {}, {}, std::move(allowed), {}});
}

bool Document::limits_wrong(std::string_view section) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    if (problem.severity != Problem::Severity::limits) return false;
    return problem.section == section || (section == "limits" && !about_limits(problem.section));
  });
}

void Document::add(Problem problem) {
  problem.file = file_;
  problems_.push_back(std::move(problem));
}

std::vector<Problem> Document::take_problems() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return std::exchange(problems_, {});
}

}  // namespace bms::config
