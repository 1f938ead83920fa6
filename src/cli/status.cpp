#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cli/bus_view.hpp"
#include "cli/command.hpp"

namespace bms::cli {
namespace {

struct StatusOptions {
  bool watch = false;
  bool json = false;
  std::string battery;
  std::optional<std::string> dbus;
};

RenderOptions terminal(const StatusOptions& options) {
  RenderOptions render;
  render.only = options.battery;
  render.colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    render.unicode = std::string_view(value).find("UTF-8") != std::string_view::npos ||
                     std::string_view(value).find("utf8") != std::string_view::npos;
    break;
  }
  return render;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

int show_once(const StatusOptions& options) {
  const auto services = read_services(options.dbus);
  if (services.empty()) {
    std::fputs("no battery on this D-Bus (is the daemon running? --dbus chooses another bus)\n", stderr);
    return kNegative;
  }
  print(options.json ? to_json(services).dump(2) + "\n" : render(services, terminal(options)));
  return kOk;
}

/// The text over the last one, without flicker and never longer than the screen.
std::string on_screen(const std::string& text) {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2;
  const int room = known ? size.ws_row - 2 : 1000;
  std::string out = "\x1b[H";
  int lines = 0;
  std::size_t from = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    if (++lines <= room) out += text.substr(from, end - from) + "\x1b[K\n";
    from = end + 1;
  }
  const std::string more = lines > room ? fmt::format("{} more lines on a taller screen; ", lines - room) : "";
  return out + more + "Ctrl-C ends this\x1b[K\x1b[J";
}

/// Once a second until Ctrl-C; with --json one line each time.
int watch(const StatusOptions& options) {
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
  boost::asio::steady_timer timer(context);
  std::function<void()> show = [&] {
    std::string text;
    try {
      const auto services = read_services(options.dbus);
      text = options.json ? to_json(services).dump() + "\n" : render(services, terminal(options));
      if (services.empty() && !options.json) text = "no battery on this D-Bus yet\n";
    } catch (const std::exception& error) {
      text = fmt::format("{}\n", error.what());
    }
    const bool screen = !options.json && ::isatty(STDOUT_FILENO) == 1;
    print(screen ? on_screen(text) : text);
    timer.expires_after(std::chrono::seconds(1));
    timer.async_wait([&show](const boost::system::error_code& error) {
      if (!error) show();
    });
  };
  show();
  context.run();
  if (!options.json && ::isatty(STDOUT_FILENO) == 1) print("\n");
  return kOk;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  auto options = std::make_shared<StatusOptions>();
  auto* command = app.add_subcommand("status", "what is published: batteries, cells, limits and why, link health");
  command->add_option("battery", options->battery, "only this one, with its cells (part of its name)");
  command->add_flag("--watch", options->watch, "again every second");
  command->add_flag("--json", options->json, "every path and value");
  command->add_option("--dbus", options->dbus, "D-Bus address (default: the system bus)");
  command->callback(
      [&action, options] { action = [options] { return options->watch ? watch(*options) : show_once(*options); }; });
}

}  // namespace bms::cli
