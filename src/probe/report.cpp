#include "probe/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probe/dip_switches.hpp"

namespace bms::probe {
namespace {

/// Text of a device may hold anything; the report and the file keep to one line each.
std::string clean(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F || c == ';' || c == '#'; }, '?');
  return out;
}

std::string identity(const Reading& reading) {
  std::vector<std::string> parts;
  if (reading.model) parts.push_back(clean(*reading.model));
  if (reading.serial) parts.push_back("serial " + clean(*reading.serial));
  if (reading.sw) parts.push_back("firmware " + clean(*reading.sw));
  if (!reading.cells_V.empty()) parts.push_back(fmt::format("{} cells", reading.cells_V.size()));
  if (reading.voltage_V) parts.push_back(fmt::format("{:.2f} V", *reading.voltage_V));
  if (reading.soc_pct) parts.push_back(fmt::format("SoC {:.0f} %", *reading.soc_pct));
  if (reading.capacity_Ah) parts.push_back(fmt::format("{:g} Ah", *reading.capacity_Ah));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string dip_text(const Attempt& attempt) {
  const DipFamily* family = dip_family_of(attempt.driver->name);
  if (family == nullptr) return {};
  const auto setting = setting_for(*family, attempt.address);
  return setting ? fmt::format(" (DIP switches {})", to_string(*setting)) : std::string();
}

std::string why(Fault fault) {
  if (fault == Fault::refused) return "answered, but it is no battery this program can use";
  return "something else answered";
}

std::string shown_port(const PortResult& result) {
  if (result.path.empty() || result.path == result.port) return result.port;
  return fmt::format("{} ({})", result.path, result.port);
}

/// The batteries of one line: same driver and rate.
struct Line {
  const DriverInfo* driver;
  unsigned baud;
  std::vector<const Found*> batteries;
};

/// Packs that answer for others, or twice, show the same serial number; some makers repeat theirs.
std::string twin_text(const Line& line, const Found& found) {
  if (!found.reading.serial) return {};
  for (const Found* other : line.batteries) {
    if (other == &found) break;
    if (other->reading.serial == found.reading.serial) {
      return fmt::format(" (same serial number as address {})", other->attempt.address);
    }
  }
  return {};
}

std::vector<Line> lines_of(const Prober& prober) {
  std::vector<Line> lines;
  for (const Found& found : prober.found()) {
    auto line = std::find_if(lines.begin(), lines.end(), [&](const Line& known) {
      return known.driver == found.attempt.driver && known.baud == found.attempt.baud;
    });
    if (line == lines.end()) {
      lines.push_back({found.attempt.driver, found.attempt.baud, {}});
      line = std::prev(lines.end());
    }
    line->batteries.push_back(&found);
  }
  for (Line& line : lines) {
    std::sort(line.batteries.begin(), line.batteries.end(),
              [](const Found* a, const Found* b) { return a->attempt.address < b->attempt.address; });
  }
  return lines;
}

/// Keys that the driver cannot do without; a value of the device where it told one, else a line to fill in.
std::string needs_text(const DriverInfo& driver, const Reading& reading) {
  std::string text;
  if (driver.needs_cells) {
    text += reading.cells_V.empty() ? "cells =                 ; to fill in: cells in series\n"
                                    : fmt::format("cells = {}\n", reading.cells_V.size());
  }
  if (driver.needs_capacity) {
    text += reading.capacity_Ah ? fmt::format("capacity = {:g}\n", *reading.capacity_Ah)
                                : "capacity =              ; to fill in: capacity, Ah\n";
  }
  return text;
}

/// Settings that the driver found out while it probed: what it told as "config.KEY".
std::string settings_text(const DriverInfo& driver, const Reading& reading) {
  std::string text;
  for (const DriverSetting& setting : driver.settings) {
    const auto told = reading.extra.find(fmt::format("config.{}", setting.key));
    const auto* const value = told == reading.extra.end() ? nullptr : std::get_if<std::string>(&told->second);
    if (value != nullptr) text += fmt::format("{} = {}\n", setting.key, clean(*value));
  }
  return text;
}

std::string section_text(const Line& line, std::string_view port, std::string_view name) {
  std::string text = fmt::format("[battery:{}]\ndriver = {}\nport = {}\n", name, line.driver->name, port);
  if (line.driver->has_address) {
    std::vector<unsigned> addresses;
    for (const Found* found : line.batteries) addresses.push_back(found->attempt.address);
    text += fmt::format("address = {}\n", fmt::join(addresses, ", "));
  }
  if (line.baud != line.driver->baud) text += fmt::format("baud = {}\n", line.baud);
  const Reading& first = line.batteries.front()->reading;
  return text + settings_text(*line.driver, first) + needs_text(*line.driver, first) + "\n";
}

}  // namespace

std::string progress_line(const Prober& prober, const Attempt& attempt) {
  return fmt::format("[{}/{}] {}", prober.done(), prober.total(), to_string(attempt));
}

std::string found_text(const PortResult& result) {
  if (!result.problem.empty()) return fmt::format("{}: {}\n", shown_port(result), result.problem);
  const Prober& prober = *result.prober;
  std::string text;
  if (prober.found().empty()) {
    text = fmt::format("{}: no battery found\n", shown_port(result));
  } else {
    const std::size_t count = prober.found().size();
    text = fmt::format("{}: {} {}\n", shown_port(result), count, count == 1 ? "battery" : "batteries");
  }
  for (const Line& line : lines_of(prober)) {
    for (const Found* found : line.batteries) {
      text += fmt::format("  {}{}: {}{}\n", to_string(found->attempt), dip_text(found->attempt),
                          identity(found->reading), twin_text(line, *found));
    }
  }
  for (const Remark& remark : prober.remarks()) {
    text += fmt::format("  {}: {}\n", to_string(remark.attempt), why(remark.fault));
  }
  if (prober.port_lost()) text += "  the port failed during the search\n";
  return text;
}

std::string config_text(std::span<const PortResult> results) {
  std::string text;
  std::map<std::string, int, std::less<>> names;
  for (const PortResult& result : results) {
    if (result.prober == nullptr) continue;
    for (const Line& line : lines_of(*result.prober)) {
      std::string name(line.driver->name);
      const int count = ++names[name];
      if (count > 1) name += std::to_string(count);
      text += section_text(line, result.port, name);
    }
  }
  return text;
}

}  // namespace bms::probe
