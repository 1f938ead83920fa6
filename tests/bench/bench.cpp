// ./dev bench: what the budgets of the design promise, measured with the real program on this machine.
#include <fmt/format.h>
#include <poll.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "cli/bus_view.hpp"
#include "limits/bank.hpp"
#include "limits/engine.hpp"
#include "plant/plots.hpp"
#include "port/bus.hpp"
#include "sim/simulated_line.hpp"
#include "support/fake_settings.hpp"
#include "support/loop.hpp"
#include "support/private_bus.hpp"
#include "support/process.hpp"
#include "support/restless.hpp"

namespace bms::bench {
namespace {

using Seconds = std::chrono::duration<double>;

void row(const std::string& what, const std::string& measured, const std::string& budget) {
  std::fputs(fmt::format("{:<58} {:>22}   {}\n", what, measured, budget).c_str(), stdout);
  std::fflush(stdout);
}

double since(TimePoint start) { return Seconds(Clock::now() - start).count(); }

/// Poll cycle of one battery that is asked as fast as it answers, against the wire time of the same bytes.
void poll_cycle(const DriverInfo& info) {
  boost::asio::io_context context(1);
  sim::SimulatedLine line(context, info.baud, 1);
  line.open("");
  auto& member = line.add(info.address_default, info.simulate({info.address_default, {}}), sim::BatterySpec{});
  boost::asio::co_spawn(context, line.run(), boost::asio::detached);
  port::Bus bus(context, line.path(), info.baud);
  auto made = std::make_unique<port::Station>();
  DriverOptions options;
  options.address = info.address_default;
  if (info.needs_cells) options.cells = 16;
  if (info.needs_capacity) options.capacity_Ah = 280;
  made->driver = info.make(options);
  made->interval = std::chrono::milliseconds(0);
  port::Station& station = bus.add(std::move(made));
  double gaps = 0;
  TimePoint last_heard{};
  bool silent_line = true;
  bus.line().observer = [&](const port::LineEvent& event) {
    // Silence between an answer and the next request is what the protocol asks for, not what the daemon costs.
    const TimePoint now = Clock::now();
    if (event.kind == port::LineEvent::Kind::request && !silent_line) gaps += Seconds(now - last_heard).count();
    silent_line = event.kind == port::LineEvent::Kind::request;
    last_heard = now;
  };
  boost::asio::co_spawn(context, bus.run(), boost::asio::detached);
  if (!test::run_until(
          context, [&] { return station.health.good >= 2; }, std::chrono::seconds(30))) {
    row(fmt::format("poll cycle, {}", info.name), "no answer", "");
    return;
  }
  const auto polls = station.health.good;
  const auto bytes = bus.line().bytes_sent() + bus.line().bytes_received();
  const auto answers = line.answers();
  gaps = 0;
  const TimePoint start = Clock::now();
  test::run_until(
      context, [&] { return station.health.good >= polls + 10; }, std::chrono::seconds(60));
  const double elapsed = since(start);
  const auto count = static_cast<double>(station.health.good - polls);
  const double wire =
      static_cast<double>(bus.line().bytes_sent() + bus.line().bytes_received() - bytes) * 10 / info.baud;
  const double turnaround =
      static_cast<double>(line.answers() - answers) * Seconds(member.device->turnaround()).count();
  row(fmt::format("poll cycle against wire time, {}", info.name),
      fmt::format("{:.0f} ms = {:.3f} x", 1000 * elapsed / count, (elapsed - gaps) / (wire + turnaround)),
      info.unsolicited ? "(paced by the device)" : "at most 1.05 x");
  bus.stop();
  line.stop();
  context.poll();
}

/// CPU time the process used so far, s.
double cpu_s(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  double nanoseconds = 0;
  if (file >> nanoseconds && nanoseconds > 0) return nanoseconds / 1e9;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// Proportional set size, MB; 0 where the kernel does not tell.
double pss_mb(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Pss:")) return std::stod(line.substr(4)) / 1024;
  }
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

/// A settings service in a process of its own, as on a GX.
class Settings {
 public:
  explicit Settings(const std::string& address) {
    pid_ = fork();
    if (pid_ != 0) return;
    boost::asio::io_context loop;
    test::FakeSettings settings(loop, address);
    settings.start();
    auto guard = boost::asio::make_work_guard(loop);
    loop.restart();
    loop.run();
    _exit(0);
  }
  ~Settings() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

 private:
  pid_t pid_;
};

template <class Done>
bool wait_until(Done done, double seconds, int step_ms) {
  const TimePoint start = Clock::now();
  while (!done()) {
    if (since(start) > seconds) return false;
    ::poll(nullptr, 0, step_ms);
  }
  return true;
}

double good_polls(const std::string& address) {
  double sum = 0;
  for (const auto& view : cli::read_services(address)) sum += view.number("/Link/Good").value_or(0);
  return sum;
}

/// The whole daemon with `batteries` JK PB packs on lines of 15 at most.
void whole_daemon(unsigned batteries) {
  const DriverInfo* info = find_driver("jk-pb");
  if (info == nullptr) return;
  test::PrivateBus bus;
  Settings settings(bus.address());
  std::vector<std::unique_ptr<test::Process>> lines;
  std::string config = fmt::format("[daemon]\nstate_dir = {}/state\n", bus.folder().string());
  for (unsigned first = 0, line = 1; first < batteries; first += 8, ++line) {
    std::string addresses;
    for (unsigned i = 1; i <= std::min(8U, batteries - first); ++i)
      addresses += fmt::format("{}{}", i > 1 ? "," : "", i);
    const std::string link = fmt::format("{}/line{}", bus.folder().string(), line);
    lines.push_back(std::make_unique<test::Process>(std::vector<std::string>{DBUS_BMS_PROGRAM, "simulate", "--driver",
                                                                             "jk-pb", "--address", addresses, "--link",
                                                                             link, "--current", "-12"}));
    lines.back()->wait_for("port ");
    config += fmt::format("[battery:rack{}]\ndriver = jk-pb\nport = {}\naddress = {}\n", line, link, addresses);
  }
  const std::string file = (bus.folder() / "config.ini").string();
  std::ofstream(file) << config;
  const TimePoint start = Clock::now();
  test::Process daemon({DBUS_BMS_PROGRAM, "run", "--config", file}, {{"DBUS_SYSTEM_BUS_ADDRESS", bus.address()}});
  const auto has_soc = [&] {
    for (const auto& view : cli::read_services(bus.address())) {
      if (view.has("/Soc")) return true;
    }
    return false;
  };
  if (!wait_until(has_soc, 20, 2)) {
    row(fmt::format("{} batteries", batteries), "did not come up", "");
    return;
  }
  const double first_soc = since(start);
  if (batteries == 1) {
    // About, settings and status, each request 11 bytes, answer 310, gap 100 ms, turnaround as simulated.
    const double turnaround = Seconds(info->simulate({1, {}})->turnaround()).count();
    const double first_poll = 3 * ((11 + 310) * 10.0 / info->baud + turnaround) + 2 * 0.100;
    row("start to first /Soc beyond the first poll's wire time",
        fmt::format("{:.0f} ms", 1000 * (first_soc - first_poll)), "at most 300 ms");
  }
  const std::size_t services = batteries + (batteries > 1 ? 1 : 0);
  wait_until([&] { return cli::read_services(bus.address()).size() >= services; }, 30, 50);
  const double good = good_polls(bus.address());
  const double cpu = cpu_s(daemon.pid());
  const TimePoint measured = Clock::now();
  ::poll(nullptr, 0, 30'000);  // the counters on D-Bus are renewed every 10 s
  const double used = cpu_s(daemon.pid()) - cpu;
  const double span = since(measured);
  const double polls = good_polls(bus.address()) - good;
  const std::string name = batteries == 1 ? "1 battery" : fmt::format("{} batteries and the bank", batteries);
  row(fmt::format("CPU per poll and publish, {}", name), fmt::format("{:.0f} us", 1e6 * used / std::max(1.0, polls)),
      "");
  row(fmt::format("CPU of one core, {}, {:.1f} polls/s", name, polls / span),
      fmt::format("{:.2f} %", 100 * used / span), "");
  row(fmt::format("memory (PSS), {}", name), fmt::format("{:.1f} MB", pss_mb(daemon.pid())),
      batteries == 1 ? "at most 8 MB" : "at most 24 MB, goal 14 MB");
}

/// One step of the limit engine for a battery of 16 cells.
void engine_step() {
  limits::Config config;
  limits::Device device;
  limits::State state;
  limits::Limits limits;
  sim::Battery battery{sim::BatterySpec{}};
  TimePoint now{};
  constexpr int kSteps = 200'000;
  const TimePoint start = Clock::now();
  for (int i = 0; i < kSteps; ++i) {
    now += std::chrono::seconds(1);
    battery.truth().time = now;
    limits::Input input;
    input.reading = &battery.truth();
    limits::step(config, device, state, input, now, limits);
  }
  row("one step of the limit engine, 16 cells", fmt::format("{:.2f} us", 1e6 * since(start) / kSteps), "at most 5 us");
}

/// One second of a bank of 16 batteries of 16 cells: all their engines, and the bank's own.
void bank_step() {
  struct Pack {
    std::string name;
    limits::Config config = {};
    limits::Device device = {};
    limits::State state = {};
    limits::Limits limits = {};
    sim::Battery battery = sim::Battery(sim::BatterySpec{});
  };
  std::vector<Pack> packs(16);
  std::vector<limits::Member> members;
  for (Pack& pack : packs) {
    pack.name = fmt::format("rack_{}", &pack - packs.data() + 1);
    members.push_back({pack.name, &pack.config, &pack.device, &pack.state, &pack.limits});
  }
  limits::Config config;
  limits::BankConfig bank;
  limits::BankState state;
  limits::Limits limits;
  TimePoint now{};
  constexpr int kSteps = 20'000;
  const TimePoint start = Clock::now();
  for (int i = 0; i < kSteps; ++i) {
    now += std::chrono::seconds(1);
    for (Pack& pack : packs) {
      pack.battery.truth().time = now;
      limits::Input input;
      input.reading = &pack.battery.truth();
      limits::step(pack.config, pack.device, pack.state, input, now, pack.limits);
    }
    limits::step(config, bank, state, members, {}, now, limits);
  }
  row("one step of a bank of 16 batteries, all engines", fmt::format("{:.1f} us", 1e6 * since(start) / kSteps),
      "at most 100 us");
}

/// The recorder after a day of sixteen batteries whose numbers never rest, and their bank: what it adds to the process.
void full_recorder() {
  const double before_mb = pss_mb(getpid());
  recorder::Recorder recorder;
  test::Restless restless(16, recorder);
  const TimePoint start = Clock::now();
  for (int t_s = 0; t_s < 86400; ++t_s) restless.second(t_s);
  const double each = since(start) / (86400.0 * 17);
  const double grown_mb = pss_mb(getpid()) - before_mb;
  row("recorder, 24 h of 16 restless batteries and the bank",
      fmt::format("{:.1f} MB, grows by {:.1f}", static_cast<double>(recorder.bytes()) / 1048576, grown_mb),
      "at most 8 MB");
  row("recording one step", fmt::format("{:.1f} us", 1e6 * each), "");
}

int run(const std::string& plots) {
  if (!plots.empty()) {
    draw_all(plots);
    std::printf("pictures of the curves and of the closed loop: %s\n\n", plots.c_str());
  }
  row("what", "measured", "budget");
  engine_step();
  bank_step();
  full_recorder();
  for (const auto& info : drivers()) {
    if (info.simulate != nullptr) poll_cycle(info);
  }
  whole_daemon(1);
  whole_daemon(16);
  return 0;
}

}  // namespace
}  // namespace bms::bench

/// bench [FOLDER]: where the plots go; bench FOLDER --plots-only: nothing is measured.
int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "";
  if (argc > 2 && std::string_view(argv[2]) == "--plots-only") {
    bms::bench::draw_all(folder);
    return 0;
  }
  return bms::bench::run(folder);
}
