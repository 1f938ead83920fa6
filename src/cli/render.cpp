#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/bus_view.hpp"

namespace bms::cli {
namespace {

constexpr int kColumns = 80;

/// Writes one service onto lines of at most 80 columns.
class Page {
 public:
  Page(const ServiceView& service, const RenderOptions& options) : service_(service), options_(options) {}

  std::string text(bool cells) {
    title();
    if (!service_.error.empty()) {
      line(colour(31, "does not answer: " + service_.error));
      return std::move(out_);
    }
    measurements();
    limits();
    alarms();
    notes();
    if (cells) cell_bars();
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
    std::string name = service_.string("/CustomName");
    if (name.empty()) name = service_.string("/ProductName");
    const std::string right = service_.name.substr(std::string("com.victronenergy.battery.").size());
    const int space = std::max(1, kColumns - static_cast<int>(name.size() + right.size()));
    out_ += colour(1, name) + std::string(static_cast<std::size_t>(space), ' ') + colour(2, right) + "\n";
  }

  void measurements() {
    line(fmt::format("SoC {:<9} {:<9} {:<10} {:<9} {:<8}", item("/Soc"), item("/Dc/0/Voltage"), item("/Dc/0/Current"),
                     item("/Dc/0/Power"), item("/Dc/0/Temperature")));
    if (const auto seconds = service_.number("/TimeToGo"); seconds && *seconds < 864000) {
      line(fmt::format("time to go {}h {:02}m", static_cast<int>(*seconds) / 3600,
                       static_cast<int>(*seconds) / 60 % 60));
    }
  }

  void limit(const char* name, std::string_view path, const std::string& why) {
    const std::size_t room = kColumns - 20;
    std::string rest = why;
    line(fmt::format("{} {:<10} {}", colour(36, name), item(path), rest.substr(0, room)));
    for (rest = rest.size() > room ? rest.substr(room) : ""; !rest.empty();
         rest = rest.size() > room ? rest.substr(room) : "") {
      line(std::string(15, ' ') + rest.substr(0, room));
    }
  }

  void limits() {
    if (!service_.items.contains("/Info/MaxChargeVoltage")) return;
    limit("CVL", "/Info/MaxChargeVoltage", service_.string("/Info/ChargeMode"));
    limit("CCL", "/Info/MaxChargeCurrent", service_.string("/Info/ChargeLimitation"));
    limit("DCL", "/Info/MaxDischargeCurrent", service_.string("/Info/DischargeLimitation"));
  }

  void notes() {
    std::string rest = service_.string("/Info/Notes");
    if (rest.empty()) rest = service_.string("/Notes");
    constexpr std::size_t kRoom = kColumns - 8;
    while (!rest.empty()) {
      const auto end = std::min(rest.find("; "), rest.size());
      for (std::string note = rest.substr(0, end); !note.empty(); note.erase(0, std::min(note.size(), kRoom))) {
        line(colour(33, "note: ") + note.substr(0, kRoom));
      }
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
      const std::string shown = fmt::format("{:>2} {}{} {}", i + 1, value, balancing ? "*" : " ",
                                            bar(cells[i] ? (*cells[i] - 2.8) / (3.65 - 2.8) : 0, 7));
      row += shown + (i % 4 == 3 ? "" : "  ");
      if (i % 4 == 3 || i + 1 == cells.size()) {
        line(row);
        row.clear();
      }
    }
    line(fmt::format("cells {} to {}, spread {}", item("/System/MinCellVoltage"), item("/System/MaxCellVoltage"),
                     item("/Voltages/Diff")));
  }

  void link() {
    // Good answers always, what went wrong only where something did.
    if (!service_.has("/Link/Good")) return;
    std::string text = fmt::format("link: {}, {} good answers", item("/Link/Freshness"), item("/Link/Good"));
    for (const char* cause : {"Repeated", "Crc", "Short", "Timeout", "Foreign", "Refused", "Implausible", "Io"}) {
      const std::string path = std::string("/Link/") + cause;
      if (service_.number(path).value_or(0) > 0) text += fmt::format(", {} {}", cause, item(path));
    }
    line(colour(2, text.substr(0, kColumns - 2)));
  }

  const ServiceView& service_;
  const RenderOptions& options_;
  std::string out_;
};

bool wanted(const ServiceView& service, const std::string& only) {
  return only.empty() || service.name.find(only) != std::string::npos ||
         service.string("/CustomName").find(only) != std::string::npos;
}

}  // namespace

std::string render(const std::vector<ServiceView>& services, const RenderOptions& options) {
  constexpr std::size_t kMostWithCells = 5;
  std::string out;
  for (const auto& service : services) {
    if (!wanted(service, options.only)) continue;
    out += Page(service, options).text(!options.only.empty() || services.size() <= kMostWithCells) + "\n";
  }
  return out;
}

}  // namespace bms::cli
