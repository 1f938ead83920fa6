#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "bundle/redact.hpp"
#include "bundle/tar.hpp"
#include "capture/redact.hpp"
#include "cli/bus_view.hpp"
#include "cli/command.hpp"
#include "cli/recording.hpp"
#include "port/port_finder.hpp"
#include "recorder/archive.hpp"
#include "version.hpp"

namespace bms::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLog = 2U << 20U;      ///< bytes of the log, the newest ones
constexpr std::size_t kMostCapture = 4U << 20U;  ///< bytes of one capture
constexpr std::size_t kMostCaptures = 20;
constexpr const char* kMultilog = "/var/log/dbus-bms";

struct SupportOptions {
  std::string output;
  std::string config;
  std::string log;
  std::string captures;
  std::optional<std::string> dbus;
};

/// The last `most` bytes of a file; nullopt: it cannot be read.
std::optional<std::string> tail_of(const fs::path& path, std::size_t most) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg()));
  file.seekg(static_cast<std::streamoff>(size - std::min(size, most)));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// What a program prints; nullopt: it cannot be run or fails.
std::optional<std::string> output_of(const char* command) {
  const auto close = [](std::FILE* pipe) { static_cast<void>(::pclose(pipe)); };
  std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command, "re"), close);
  if (!pipe) return std::nullopt;
  std::string text;
  std::array<char, 65536> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), count);
  if (::pclose(pipe.release()) != 0) return std::nullopt;
  return text;
}

std::string log_text(const SupportOptions& options) {
  if (!options.log.empty()) {
    const fs::path path(options.log);
    std::error_code error;
    const auto text = tail_of(fs::is_directory(path, error) ? path / "current" : path, kMostLog);
    return text.value_or(fmt::format("{}: no log there\n", options.log));
  }
  if (const auto text = tail_of(fs::path(kMultilog) / "current", kMostLog)) return *text;
  const auto journal = output_of("journalctl --unit dbus-bms --lines 5000 --no-pager 2>/dev/null");
  if (journal && !journal->empty()) return *journal;
  return fmt::format("no log: neither {}/current nor a journal of dbus-bms can be read (--log names another place)\n",
                     kMultilog);
}

std::string about() {
  std::string text = fmt::format("dbus-bms {}\n", kVersion);
  utsname system{};
  if (::uname(&system) == 0) text += fmt::format("{} {} {}\n", system.sysname, system.release, system.machine);
  for (const char* file : {"/opt/victronenergy/version", "/etc/os-release"}) {
    if (const auto content = tail_of(file, 4096)) text += fmt::format("\n{}:\n{}", file, *content);
  }
  return text;
}

std::string ports_text() {
  std::string text;
  for (const auto& port : port::list_ports()) {
    text += fmt::format("{} {} {} {}\n", port.path, port.stable_name(), port.description, port.usb_id);
  }
  return text.empty() ? "no serial ports found\n" : text;
}

/// The bus's part: what is published and what was recorded. What cannot be had is said in its place.
void add_bus(const SupportOptions& options, std::vector<bundle::File>& files) {
  try {
    files.push_back({"bus.json", to_json(read_services(options.dbus)).dump(2) + "\n"});
    const Recordings recordings = read_recordings(options.dbus);
    std::string notes;
    for (const auto& problem : recordings.problems) notes += problem + "\n";
    for (std::size_t i = 0; i < recordings.archives.size(); ++i) {
      std::ostringstream lines;
      const auto problem = recorder::export_lines(recordings.archives[i], "", lines);
      if (!problem.empty()) notes += fmt::format("recording {}: {}\n", i + 1, problem);
      files.push_back({fmt::format("recording-{}.jsonl", i + 1), lines.str()});
    }
    if (recordings.archives.empty()) notes += "no running dbus-bms on this D-Bus: no recording\n";
    if (!notes.empty()) files.push_back({"recording-notes.txt", notes});
  } catch (const std::exception& error) {
    files.push_back({"bus-notes.txt", fmt::format("D-Bus: {}\n", error.what())});
  }
}

void add_captures(const SupportOptions& options, std::vector<bundle::File>& files) {
  std::error_code error;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(options.captures, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".cap" || name.size() > 60 || ++count > kMostCaptures) continue;
    const auto text = tail_of(entry.path(), kMostCapture);
    const auto clean = redacted_capture(text.value_or(""), name);
    files.push_back({"captures/" + name + (clean ? "" : ".left-out.txt"),
                     clean ? *clean : "left out, its passwords could not be removed:\n" + clean.error()});
  }
  if (count == 0) files.push_back({"captures/none.txt", fmt::format("no *.cap in {}\n", options.captures)});
}

int run_support(const SupportOptions& options) {
  std::vector<bundle::File> files;
  files.push_back({"version.txt", about()});
  const auto config = tail_of(options.config, 1U << 20U);
  const bundle::Redacted redacted = bundle::redact_config(config.value_or(""));
  files.push_back({"config.ini", config ? redacted.text : fmt::format("; {}: cannot be read\n", options.config)});
  files.push_back({"log.txt", log_text(options)});
  files.push_back({"ports.txt", ports_text()});
  add_bus(options, files);
  add_captures(options, files);
  for (auto& file : files) file.content = bundle::without(std::move(file.content), redacted.secrets);

  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const std::string archive = bundle::tar_gz("dbus-bms-support", files, now);
  std::ofstream out(options.output, std::ios::binary);
  out << archive << std::flush;
  if (!out) {
    std::cerr << options.output << ": cannot be written\n";
    return kRuntime;
  }
  std::cout << options.output << ": " << archive.size() / 1024 + 1 << " kB, with";
  for (const auto& file : files) std::cout << ' ' << file.name;
  std::cout << "\nSecrets of the configuration were removed. Look into it before you hand it on.\n";
  return kOk;
}

}  // namespace

void add_support(CLI::App& app, Action& action) {
  auto options = std::make_shared<SupportOptions>();
  std::error_code error;
  const bool venus = fs::exists("/opt/victronenergy", error);
  options->config = venus ? "/data/dbus-bms/config.ini" : "/etc/dbus-bms/config.ini";
  options->captures = ".";
  options->output = "dbus-bms-support.tar.gz";
  auto* command = app.add_subcommand("support",
                                     "one archive to attach to a report: version, config without secrets, "
                                     "log, recording, captures, what is on D-Bus");
  command->add_option("-o,--output", options->output, "file to write")->capture_default_str();
  command->add_option("--config", options->config, "config.ini")->capture_default_str();
  command->add_option("--log", options->log, "log file or multilog folder (default: where the package logs)");
  command->add_option("--captures", options->captures, "folder with *.cap files")->capture_default_str();
  command->add_option("--dbus", options->dbus, "D-Bus address (default: the system bus)");
  command->callback([&action, options] { action = [options] { return run_support(*options); }; });
}

}  // namespace bms::cli
