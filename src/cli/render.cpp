#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "cli/bus_view.hpp"

namespace bms::cli {
namespace {

constexpr int kColumns = 80;

/// Columns a text takes on a terminal: one for each character, not for each byte.
int columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The text in exactly `width` columns.
std::string fitted(std::string text, int width) {
  while (columns(text) > width) {
    while (!text.empty() && (text.back() & 0xC0) == 0x80) text.pop_back();
    if (!text.empty()) text.pop_back();
  }
  return text + std::string(static_cast<std::size_t>(width - columns(text)), ' ');
}

/// Lines of at most `width` columns, broken between words where there are any.
std::vector<std::string> wrapped(std::string_view text, int width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!lines.back().empty() && columns(lines.back()) + 1 + columns(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    for (; columns(word) > width; lines.emplace_back()) {
      lines.back() = fitted(word, width);
      word.erase(0, lines.back().size());
    }
    lines.back() += word;
  }
  return lines;
}

std::string display_name(const ServiceView& service) {
  const std::string name = service.string("/CustomName");
  return name.empty() ? service.string("/ProductName") : name;
}

std::string short_name(const ServiceView& service) {
  constexpr std::string_view kBattery = "com.victronenergy.battery.";
  return service.name.starts_with(kBattery) ? service.name.substr(kBattery.size()) : service.name;
}

/// Green, yellow, red.
int soc_colour(std::optional<double> soc) {
  constexpr double kLow = 20;
  constexpr double kEmpty = 10;
  return soc.value_or(100) <= kEmpty ? 31 : soc.value_or(100) <= kLow ? 33 : 32;
}

/// Writes one service onto lines of at most 80 columns.
class Page {
 public:
  Page(const ServiceView& service, const RenderOptions& options) : service_(service), options_(options) {}

  std::string text(bool cells, bool history) {
    title();
    if (!service_.error.empty()) {
      line(colour(31, "does not answer: " + service_.error));
      return std::move(out_);
    }
    measurements();
    limits();
    alarms();
    notes();
    if (cells) {
      cell_bars();
      temperatures();
    }
    if (history) past();
    link();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string colour(int code, const std::string& text) const {
    return options_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  void line(const std::string& text) { out_ += "  " + text + "\n"; }

  /// The text of an item as the GX shows it; "--" when there is none.
  [[nodiscard]] std::string item(std::string_view path) const {
    const auto found = service_.items.find(path);
    if (found == service_.items.end() || found->second.value.is_null()) return "--";
    return found->second.text.empty() ? found->second.value.dump() : found->second.text;
  }

  void title() {
    const std::string name = display_name(service_);
    const std::string right = short_name(service_);
    const int space = std::max(1, kColumns - columns(name) - columns(right));
    out_ += colour(1, name) + std::string(static_cast<std::size_t>(space), ' ') + colour(2, right) + "\n";
  }

  void measurements() {
    const auto soc = service_.number("/Soc");
    line(fmt::format("SoC {:<7} {}  {:<9} {:<10} {:<9} {}", item("/Soc"),
                     colour(soc_colour(soc), bar(soc.value_or(0) / 100, 20)), item("/Dc/0/Voltage"),
                     item("/Dc/0/Current"), item("/Dc/0/Power"), item("/Dc/0/Temperature")));
    if (const auto seconds = service_.number("/TimeToGo"); seconds && *seconds < 864000) {
      line(fmt::format("time to go {}h {:02}m", static_cast<int>(*seconds) / 3600,
                       static_cast<int>(*seconds) / 60 % 60));
    }
  }

  /// A text behind a heading, on as many lines as it needs.
  void paragraph(const std::string& heading, int indent, const std::string& text) {
    std::string lead = heading;
    for (const auto& part : wrapped(text, kColumns - 2 - indent)) {
      line(lead + part);
      lead = std::string(static_cast<std::size_t>(indent), ' ');
    }
  }

  void limit(const char* name, std::string_view path, const std::string& why) {
    constexpr int kIndent = 15;
    paragraph(fmt::format("{} {:<10} ", colour(36, name), item(path)), kIndent, why.empty() ? " " : why);
  }

  void limits() {
    if (!service_.items.contains("/Info/MaxChargeVoltage")) return;
    std::string mode = service_.string("/Info/ChargeMode");
    // The sentence names the phase itself; what goes beyond the phase is told before it.
    if (const auto why = service_.string("/Info/ChargeVoltageLimitation"); !why.empty()) {
      mode = mode.find(',') == std::string::npos ? why : mode + ": " + why;
    }
    limit("CVL", "/Info/MaxChargeVoltage", mode);
    limit("CCL", "/Info/MaxChargeCurrent", service_.string("/Info/ChargeLimitation"));
    limit("DCL", "/Info/MaxDischargeCurrent", service_.string("/Info/DischargeLimitation"));
  }

  void notes() {
    std::string rest = service_.string("/Info/Notes");
    if (rest.empty()) rest = service_.string("/Notes");
    while (!rest.empty()) {
      const auto end = std::min(rest.find("; "), rest.size());
      paragraph(colour(33, "note: "), 6, rest.substr(0, end));
      rest.erase(0, end + 2);
    }
  }

  void alarms() {
    for (const auto& [path, item] : service_.items) {
      if (!path.starts_with("/Alarms/") || !item.value.is_number() || item.value == 0) continue;
      const bool alarm = item.value == 2;
      line(colour(alarm ? 31 : 33, fmt::format("{}: {}", alarm ? "ALARM" : "warning", path.substr(8))));
    }
  }

  [[nodiscard]] std::string bar(double fraction, int width) const {
    const int filled = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * width));
    std::string text;
    for (int i = 0; i < width; ++i)
      text += i < filled ? (options_.unicode ? "\u2588" : "#") : (options_.unicode ? "\u2591" : ".");
    return text;
  }

  void cell_bars() {
    std::vector<std::optional<double>> cells;
    for (int n = 1; service_.items.contains(fmt::format("/Voltages/Cell{}", n)); ++n) {
      cells.push_back(service_.number(fmt::format("/Voltages/Cell{}", n)));
    }
    if (cells.empty()) return;
    // Four cells a row; the bar spans the range in which an LFP cell lives.
    std::string row;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool balancing = service_.number(fmt::format("/Balances/Cell{}", i + 1)).value_or(0) != 0;
      const std::string value = cells[i] ? fmt::format("{:.3f}", *cells[i]) : "  -- ";
      const std::string id = fmt::format("C{:02}", i + 1);
      const int code = service_.string("/System/MaxVoltageCellId") == id   ? 33
                       : service_.string("/System/MinVoltageCellId") == id ? 36
                                                                           : 0;
      const std::string fill = bar(cells[i] ? (*cells[i] - 2.8) / (3.65 - 2.8) : 0, 7);
      const std::string shown =
          fmt::format("{:>2} {}{} {}", i + 1, value, balancing ? "*" : " ", code == 0 ? fill : colour(code, fill));
      row += shown + (i % 4 == 3 ? "" : "  ");
      if (i % 4 == 3 || i + 1 == cells.size()) {
        line(row);
        row.clear();
      }
    }
    line(fmt::format("cells {} to {}, spread {}", item("/System/MinCellVoltage"), item("/System/MaxCellVoltage"),
                     item("/Voltages/Diff")));
  }

  void temperatures() {
    std::string text;
    const auto add = [&](const std::string& name, const std::string& path) {
      if (service_.has(path)) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, item(path));
    };
    for (int n = 1; service_.items.contains(fmt::format("/System/Temperature{}", n)); ++n) {
      const std::string path = fmt::format("/System/Temperature{}", n);
      add(service_.string(path + "Name"), path);
    }
    add("MOSFETs", "/System/MOSTemperature");
    if (!text.empty()) paragraph("", 2, text);
  }

  /// " (2026-11-21)": the day a unix time falls on; nothing when it is not known.
  [[nodiscard]] std::string day(std::string_view path, const char* format = " ({:%Y-%m-%d})") const {
    const auto seconds = service_.number(path);
    if (!seconds || *seconds <= 0) return "";
    return fmt::format(fmt::runtime(format), fmt::gmtime(static_cast<std::time_t>(*seconds)));
  }

  void range(const char* name, const std::string& minimum, const std::string& maximum) {
    if (!service_.has(minimum)) return;
    line(fmt::format("  {:<12} {}{} to {}{}", name, item(minimum), day(minimum + "Time"), item(maximum),
                     day(maximum + "Time")));
  }

  void past() {
    if (!service_.has("/History/TotalAhDrawn") && !service_.has("/History/MinimumVoltage")) return;
    line(colour(1, "history") + day("/History/Since", " since {:%Y-%m-%d}"));
    line(fmt::format("  {:<12} {} in all, deepest {}, last {}, average {}", "discharged", item("/History/TotalAhDrawn"),
                     item("/History/DeepestDischarge"), item("/History/LastDischarge"),
                     item("/History/AverageDischarge")));
    line(fmt::format("  {:<12} {} charged, {} discharged", "energy", item("/History/ChargedEnergy"),
                     item("/History/DischargedEnergy")));
    line(fmt::format("  {:<12} {} cycles, {} full discharges, {} synchronisations", "counted",
                     item("/History/ChargeCycles"), item("/History/FullDischarges"), item("/History/AutomaticSyncs")));
    if (const auto seconds = service_.number("/History/TimeSinceLastFullCharge")) {
      const auto minutes = static_cast<long>(*seconds) / 60;
      line(fmt::format("  {:<12} {}d {}h {:02}m ago", "last full", minutes / 1440, minutes / 60 % 24, minutes % 60));
    }
    range("cells", "/History/MinimumCellVoltage", "/History/MaximumCellVoltage");
    range("battery", "/History/MinimumVoltage", "/History/MaximumVoltage");
    range("temperature", "/History/MinimumTemperature", "/History/MaximumTemperature");
    line(fmt::format("  {:<12} {} low voltage, {} high voltage", "alarms", item("/History/LowVoltageAlarms"),
                     item("/History/HighVoltageAlarms")));
    std::string errors = service_.string("/History/LastErrors");
    for (const char* head = "last errors"; !errors.empty(); head = "") {
      const auto end = std::min(errors.find("; "), errors.size());
      line(fmt::format("  {:<12} {}", head, errors.substr(0, end)));
      errors.erase(0, end + 2);
    }
  }

  void link() {
    // Good answers always, what went wrong only where something did.
    if (!service_.has("/Link/Good")) return;
    std::string text = fmt::format("link: {}, {} good answers", item("/Link/Freshness"), item("/Link/Good"));
    constexpr std::pair<const char*, const char*> kCauses[] = {
        {"Repeated", "repeated"},       {"Crc", "check sum"},     {"Short", "short"},
        {"Timeout", "time-outs"},       {"Foreign", "of others"}, {"Refused", "refused"},
        {"Implausible", "implausible"}, {"Io", "port errors"}};
    for (const auto& [name, words] : kCauses) {
      const std::string path = std::string("/Link/") + name;
      if (service_.number(path).value_or(0) > 0) text += fmt::format(", {} {}", item(path), words);
    }
    line(colour(2, text.substr(0, kColumns - 2)));
  }

  const ServiceView& service_;
  const RenderOptions& options_;
  std::string out_;
};

/// One battery of a bank on one line: its cells as a row of bars between the lowest and the highest.
std::string member_row(const ServiceView& service, const RenderOptions& options) {
  const auto text = [&](std::string_view path) {
    const auto found = service.items.find(path);
    return found == service.items.end() || found->second.value.is_null() ? std::string("--") : found->second.text;
  };
  int level = 0;
  for (const auto& [path, item] : service.items) {
    if (path.starts_with("/Alarms/") && item.value.is_number()) level = std::max(level, item.value.get<int>());
  }
  std::string bars;
  const auto low = service.number("/System/MinCellVoltage");
  const auto high = service.number("/System/MaxCellVoltage");
  constexpr int kMostBars = 16;
  constexpr double kLeastSpan_V = 0.020;
  for (int n = 1; low && high && n <= kMostBars; ++n) {
    const auto cell = service.number(fmt::format("/Voltages/Cell{}", n));
    if (!cell) break;
    constexpr std::string_view kPlain[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
    constexpr std::string_view kBlocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                            "\u2585", "\u2586", "\u2587", "\u2588"};
    const double part = (*cell - *low) / std::max(*high - *low, kLeastSpan_V);
    const auto height = static_cast<std::size_t>(std::lround(std::clamp(part, 0.0, 1.0) * 7));
    bars += options.unicode ? kBlocks[height] : kPlain[height];
  }
  const std::string row =
      fmt::format("{} {:>6} {:>7} {:>9} {} {:>6}-{:<6} {}", fitted(display_name(service), 14), text("/Soc"),
                  text("/Dc/0/Voltage"), text("/Dc/0/Current"), fitted(text("/Dc/0/Temperature"), 7),
                  low ? fmt::format("{:.3f}", *low) : "--", high ? fmt::format("{:.3f}V", *high) : "--", bars);
  const bool paint = options.colour && level > 0;
  return fmt::format("{}{} {}{}\n", paint ? (level > 1 ? "\x1b[31m" : "\x1b[33m") : "", level > 0 ? "!" : " ", row,
                     paint ? "\x1b[0m" : "");
}

/// A battery whose limits are those of our bank.
bool is_member(const ServiceView& service, const std::vector<ServiceView>& services) {
  const auto ours = [](const ServiceView& view) { return short_name(view).starts_with("dbusbms_"); };
  if (!ours(service) || service.items.contains("/Info/MaxChargeVoltage") || !service.error.empty()) return false;
  if (!service.items.contains("/Voltages/Cell1")) return false;  // a shunt
  return std::any_of(services.begin(), services.end(), [&](const ServiceView& other) {
    return short_name(other) == "dbusbms_bank" && other.error.empty();
  });
}

/// Banks and single batteries with their limits, the batteries of a bank one on a line.
std::string overview(const std::vector<ServiceView>& services, const RenderOptions& options) {
  std::string out;
  std::string members;
  for (const auto& service : services) {
    if (is_member(service, services)) members += member_row(service, options);
  }
  for (const auto& service : services) {
    if (is_member(service, services)) continue;
    out += Page(service, options).text(false, false);
    if (short_name(service) == "dbusbms_bank") out += "\n" + members;
    out += "\n";
  }
  const std::string hint = "dbus-bms status NAME shows one battery with its cells";
  return out + (options.colour ? "\x1b[2m" + hint + "\x1b[0m" : hint) + "\n";
}

/// Those of this very name, else those it is a part of.
std::vector<const ServiceView*> chosen(const std::vector<ServiceView>& services, const std::string& only) {
  std::vector<const ServiceView*> exact;
  std::vector<const ServiceView*> similar;
  for (const auto& service : services) {
    const std::string name = short_name(service);
    if (only == name || "dbusbms_" + only == name || only == display_name(service)) exact.push_back(&service);
    if (name.find(only) != std::string::npos || display_name(service).find(only) != std::string::npos) {
      similar.push_back(&service);
    }
  }
  return exact.empty() ? similar : exact;
}

}  // namespace

std::string render(const std::vector<ServiceView>& services, const RenderOptions& options) {
  if (options.only.empty() && services.size() > 1) return overview(services, options);
  std::string out;
  for (const auto* service : chosen(services, options.only))
    out += Page(*service, options).text(true, !options.only.empty()) + "\n";
  if (out.empty() && !services.empty()) {
    out = "no battery of this name; there are:\n";
    for (const auto& service : services) {
      out += fmt::format("  {} {}\n", fitted(short_name(service), 30), display_name(service));
    }
  }
  return out;
}

}  // namespace bms::cli
