#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "support/terminal.hpp"
#include "system/browser/page_rig.hpp"

// The pictures of docs/img, made anew by `./dev pictures [MINUTES]`: a daemon with three simulated batteries, a charger
// that does what CVL and CCL say, the page in Chromium, and `status --watch` on a terminal. Everything on them was
// read, worked out and recorded by the daemon in that time.
namespace bms {
namespace {

using Screen = test::Browser::Screen;

constexpr int kColumns = 80;
constexpr int kRows = 24;
constexpr int kBatteries = 3;
constexpr double kBalance_A_per_V = 40;  ///< between batteries in parallel, through their cables

/// What a charger and the loads of a house do to the batteries.
class House {
 public:
  House(double capacity_Ah, double minutes) : capacity_Ah_(capacity_Ah), minutes_(minutes) {}

  /// Current into each battery, A, `minute` minutes after the beginning.
  double current_A(double minute, const cli::ServiceView& bank) {
    const double part = minute / minutes_;
    const double load = capacity_Ah_ * (part < 0.1 || (part > 0.16 && part < 0.3) ? 0.55 : 0.15);
    const double sun = part < 0.32 ? 0 : capacity_Ah_ * std::min(1.0, (part - 0.32) * 8);
    const double most = bank.number("/Info/MaxChargeCurrent").value_or(0) / kBatteries;
    const double high = bank.number("/Dc/0/Voltage").value_or(100);
    const double target = bank.number("/Info/MaxChargeVoltage").value_or(0);
    // A charger regulates its voltage: what it lets through follows the difference to its target.
    if (sun > 0) {
      through_ = std::clamp(through_ + (target - 0.02 - high) * kGain_A_per_V, 0.0, std::min(sun, most + load));
    }
    return through_ - (part < 0.32 ? load : part > 0.93 ? capacity_Ah_ * 0.3 : 0);
  }

 private:
  static constexpr double kGain_A_per_V = 8;
  double capacity_Ah_;
  double minutes_;
  double through_ = 0;
};

std::string as_html(const test::Terminal& terminal) {
  constexpr const char* kColours[] = {"#555", "#f0524f", "#3fb950", "#d9a520", "#4aa3ff", "#c678dd", "#39c5cf", "#ddd"};
  std::string out =
      "<!doctype html><meta charset=utf-8><style>body{margin:0;padding:12px 14px;background:#10151c;width:max-content}"
      "pre{margin:0;font:14px/1.25 'DejaVu Sans Mono',monospace;color:#d5dde6}</style><pre>";
  const std::string text = terminal.text();
  const auto used = static_cast<std::size_t>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find_last_not_of('\n') + 1), '\n'));
  for (std::size_t row = 0; row <= used; ++row) {
    const auto& line = terminal.lines()[row];
    for (const auto& cell : line) {
      const std::string style =
          fmt::format("{}{}{}", cell.colour == 0 ? "" : fmt::format("color:{};", kColours[cell.colour - 30]),
                      cell.bold ? "font-weight:bold;" : "", cell.dim ? "opacity:.6" : "");
      const std::string shown = cell.character == "<" ? "&lt;" : cell.character == "&" ? "&amp;" : cell.character;
      out += style.empty() ? shown : fmt::format("<span style=\"{}\">{}</span>", style, shown);
    }
    out += "\n";
  }
  return out + "</pre>";
}

class Pictures : public test::PageRig {
 protected:
  void save(const std::string& name, const std::string& png) {
    ASSERT_THAT(png, testing::StartsWith("\x89PNG"));
    std::ofstream(std::filesystem::path(folder_) / name, std::ios::binary) << png;
  }
  void picture_page(const std::string& name, const Screen& screen, bool dark) {
    browser_->show(url(), screen, dark);
    ASSERT_TRUE(
        browser_->becomes("document.querySelectorAll(`section`).length === 4 && load()"
                          " && document.querySelectorAll(`section.bank .plot`).length >= 3"));
    save(name, browser_->picture());
  }
  void picture_terminal(const std::string& name, const std::vector<std::string>& what) {
    std::vector<std::string> arguments{DBUS_BMS_PROGRAM, "status", "--watch"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    auto environment = this->environment();
    environment["LC_ALL"] = "C.UTF-8";
    test::Terminal terminal(arguments, kColumns, what.empty() ? kRows : kRows + 8, environment);
    ASSERT_TRUE(terminal.becomes([&] { return terminal.frames() > 2; })) << terminal.text();
    const std::string file = path(name + ".html");
    std::ofstream(file) << as_html(terminal);
    browser_->show("file://" + file, {.width = 800, .height = 600});
    ASSERT_TRUE(browser_->becomes("!!document.querySelector(`pre`)"));
    const auto size = browser_->evaluate("[document.body.offsetWidth, document.body.offsetHeight]");
    browser_->show("file://" + file, {.width = size[0], .height = size[1]});
    ASSERT_TRUE(browser_->becomes("!!document.querySelector(`pre`)"));
    save(name, browser_->picture());
  }

  std::string folder_;
};

TEST_F(Pictures, OfAHouseWithThreeBatteries) {
  const char* folder = std::getenv("DBUS_BMS_PICTURES");
  if (folder == nullptr) GTEST_SKIP() << "makes pictures for the documentation: ./dev pictures";
  folder_ = folder;
  const char* given = std::getenv("DBUS_BMS_PICTURE_MINUTES");
  const double minutes = given == nullptr ? 10 : std::atof(given);
  const double capacity_Ah = std::ceil(minutes * 1.3);  // so that the charge comes to its end within the time
  auto& simulator = simulate("jk-pb", "1,2,3", {"--soc", "80", "--capacity", fmt::format("{}", capacity_Ah)});
  command(simulator, {{"address", 2}, {"set", {{"soc_pct", 81.5}, {"temps_C", {23.4, 23.9}}}}});
  command(simulator, {{"address", 3}, {"set", {{"soc_pct", 79.2}, {"temps_C", {21.6, 22.2}}}}});
  configure_page("jk-pb", "1,2,3", fmt::format("[limits]\nmax_charge_a = {0}\nmax_discharge_a = {0}\n", capacity_Ah));
  start_daemon();
  ASSERT_TRUE(appears("dbusbms_bank"));

  House house(capacity_Ah, minutes);
  const auto begin = std::chrono::steady_clock::now();
  for (double minute = 0; minute < minutes;) {
    const double current = house.current_A(minute, service("dbusbms_bank"));
    const double mean_V = service("dbusbms_bank").number("/Dc/0/Voltage").value_or(0);
    for (int address = 1; address <= kBatteries; ++address) {
      // They are in parallel: what drives one above the others flows into them.
      const double above_V =
          service(fmt::format("dbusbms_rack_{}", address)).number("/Dc/0/Voltage").value_or(0) - mean_V;
      const double own = current - std::clamp(above_V * kBalance_A_per_V, -capacity_Ah / 5, capacity_Ah / 5);
      command(simulator, {{"address", address}, {"set", {{"current_A", std::round(own * 100) / 100}}}});
    }
    ::poll(nullptr, 0, 1000);
    minute = std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - begin).count();
  }
  picture_page("page.png", {.width = 390, .height = 1180, .scale = 1.25, .phone = true}, false);
  picture_page("page-desktop.png", {.width = 1240, .height = 1010}, true);
  picture_terminal("status.png", {});
  picture_terminal("status-battery.png", {"rack_2"});
}

}  // namespace
}  // namespace bms
