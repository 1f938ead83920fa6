#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/command.hpp"
#include "cli/recording.hpp"
#include "recorder/archive.hpp"

namespace bms::cli {
namespace {

struct ExportOptions {
  std::string battery;
  std::string output = "-";
  std::optional<std::string> dbus;
};

/// Lines of the archives on `out`; false when none of them knows the battery.
bool write(const std::vector<std::string>& archives, const std::string& battery, std::ostream& out) {
  for (const auto& archive : archives) {
    if (!recorder::knows(archive, battery)) continue;
    if (const auto problem = recorder::export_lines(archive, battery, out); !problem.empty()) {
      throw std::runtime_error("recording: " + problem);
    }
    return true;
  }
  return false;
}

int run_export(const ExportOptions& options) {
  const Recordings recordings = read_recordings(options.dbus);
  for (const auto& problem : recordings.problems) std::cerr << problem << '\n';
  if (recordings.archives.empty()) {
    std::cerr << "no running dbus-bms on this D-Bus (--dbus chooses another bus)\n";
    return kNegative;
  }
  std::ofstream file;
  if (options.output != "-") {
    file.open(options.output, std::ios::binary);
    if (!file) {
      std::cerr << options.output << ": cannot be written\n";
      return kNegative;
    }
  }
  std::ostream& out = options.output == "-" ? std::cout : file;
  if (!write(recordings.archives, options.battery, out)) {
    std::cerr << options.battery << ": no such battery in the recording\n";
    return kNegative;
  }
  out.flush();
  if (!out) {
    std::cerr << options.output << ": cannot be written\n";
    return kRuntime;
  }
  return kOk;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = app.add_subcommand("export", "the last 24 h of a running daemon as JSON lines for `limits`");
  command->add_option("--battery", options->battery, "only this one (name of its section, rack or rack_2)");
  command->add_option("-o,--output", options->output, "file (default: standard output)");
  command->add_option("--dbus", options->dbus, "D-Bus address (default: the system bus)");
  command->callback([&action, options] { action = [options] { return run_export(*options); }; });
}

}  // namespace bms::cli
