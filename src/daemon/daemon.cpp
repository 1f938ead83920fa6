#include "daemon/daemon.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "config/load.hpp"
#include "daemon/bank.hpp"
#include "daemon/identify.hpp"
#include "daemon/log.hpp"
#include "daemon/ports.hpp"
#include "daemon/recording_file.hpp"
#include "daemon/state_file.hpp"
#include "daemon/watchdog.hpp"
#include "daemon/web_view.hpp"
#include "outputs/outputs.hpp"
#include "version.hpp"
#include "victron/bus_connection.hpp"
#include "victron/foreign_battery.hpp"
#include "web/server.hpp"

namespace bms::daemon {
namespace {

namespace asio = boost::asio;

constexpr int kNegative = 1;
constexpr int kRuntime = 3;
constexpr auto kLastWrites = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kTick{1000};

std::string state_folder(const config::Config& config) {
  if (!config.daemon.state_dir.empty()) return config.daemon.state_dir;
  if (const char* folder = std::getenv("STATE_DIRECTORY"); folder != nullptr && *folder != '\0') return folder;
  return victron::on_venus_os() ? "/data/dbus-bms" : "/var/lib/dbus-bms";
}

/// Says what is wrong; false when the daemon must not start with it.
bool tell_problems(const config::Loaded& loaded) {
  for (const auto& problem : loaded.problems) spdlog::error("{}", problem.text());
  if (!loaded.usable()) return false;
  if (loaded.config.limits_fallback) {
    spdlog::error("wrong limits: running on built-in limits at 20 % of the current until they are mended");
  }
  return true;
}

bool bank_wanted(const config::Config& config) {
  switch (config.bank.enabled) {
    case config::BankEnabled::yes:
      return true;
    case config::BankEnabled::no:
      return false;
    default:
      return config.bank.members.size() > 1;
  }
}

/// Everything that lives while the daemon runs.
class Daemon {
 public:
  Daemon(config::Config config, const Options& options)
      : options_(options),
        config_(std::move(config)),
        signals_(loop_, SIGINT, SIGTERM, SIGHUP),
        ticker_(loop_),
        state_(state_folder(config_)),
        remote_(outputs::kernel_gpio(), config_.remote),
        user_(loop_, state_.folder()),
        identities_(state_.folder()),
        settings_(loop_,
                  {victron::bus_address(options.dbus), patience(), system_patience(), state_.folder() / "instances"}),
        recording_(recorder_),
        shared_{loop_,
                victron::bus_address(options.dbus),
                settings_,
                remote_,
                user_,
                identities_,
                recorder_,
                [this] { return recording_.descriptor(Clock::now()); },
                config_.daemon.allow_control,
                [this](const std::string& reason) { fail(reason); }} {}

  int run() {
    buses_ = make_buses(loop_, config_);
    if (const int problem = open_ports(buses_); problem != 0) return problem;
    make_batteries();
    join_shunts();
    watch_services();
    make_bank();
    state_.keep(remote_);
    state_.restore(batteries_, bank_.get());
    restore_controls();
    for (const auto& bus : buses_.buses) start(*bus);
    for (const auto& section : config_.batteries) {
      if (section.driver != "auto") continue;
      asio::co_spawn(loop_, find_and_seat(section), [this](const std::exception_ptr& error) { ended(error); });
    }
    if (!open_page()) return kRuntime;
    make_outputs();
    wait_for_signal();
    tick(Clock::now(), kTick);
    sd_notify(0, "READY=1");
    loop_.run();
    user_.flush();
    state_.save(batteries_, bank_.get(), Clock::now(), true);
    return exit_code_;
  }

 private:
  /// The status page, when one is configured.
  bool open_page() {
    if (config_.web.host.empty()) return true;
    const auto text = [this] {
      return web_status(batteries_, bank_.get()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    // Made anew every few seconds at most, however many pages ask.
    const auto history = [this, made = TimePoint{}, plots = std::string()]() mutable {
      const TimePoint now = Clock::now();
      if (plots.empty() || now - made > std::chrono::seconds(5)) {
        plots = web_history(batteries_, bank_.get(), recorder_, now).dump();
        made = now;
      }
      return plots;
    };
    page_ = std::make_unique<web::Server>(loop_, web::Options{config_.web.host, config_.web.port, config_.web.token},
                                          web::Provider{text, history});
    const std::string problem = page_->start();
    if (!problem.empty()) spdlog::critical("{}", problem);
    return problem.empty();
  }

  void start(port::Bus& bus) {
    tell_about_port(bus);
    asio::co_spawn(loop_, bus.run(), [this](const std::exception_ptr& error) { ended(error); });
  }

  /// A battery with `driver = auto` is polled like any other as soon as it is found.
  asio::awaitable<void> find_and_seat(config::Battery section) {
    const probe::Attempt attempt = co_await identify(loop_, section);
    Battery* battery = find_battery(section.units.front().name);
    auto& bus = *buses_.buses.emplace_back(std::make_unique<port::Bus>(loop_, section.port, attempt.baud));
    auto station = make_station(section, section.units.front(), *attempt.driver, attempt.address);
    battery->identified(*attempt.driver, attempt.address);
    battery->attach(bus, bus.add(std::move(station)));
    start(bus);
  }

  static std::optional<std::chrono::milliseconds> patience() {
    if (victron::on_venus_os()) return std::nullopt;
    return std::chrono::seconds(2);
  }

  /// Only a GX has that program.
  static std::optional<std::chrono::milliseconds> system_patience() {
    if (!victron::on_venus_os()) return std::nullopt;
    return std::chrono::seconds(30);
  }

  bool is_member(const std::string& name) const {
    const auto& names = config_.bank.members;
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void make_batteries() {
    const bool bank = bank_wanted(config_);
    for (const auto& section : config_.batteries) {
      for (const auto& unit : section.units) {
        Role role;
        role.member = bank && is_member(unit.name);
        role.publish = !role.member || config_.bank.publish_members != config::PublishMembers::none;
        role.publish_limits = !role.member || config_.bank.publish_members == config::PublishMembers::full;
        role.configuration_fault = unit.limits_fallback;
        if (section.driver == "dbus") role.publish = false;  // it is on D-Bus already
        batteries_.push_back(std::make_unique<Battery>(shared_, section, unit, find_driver(section.driver), role));
      }
    }
    for (const auto& seat : buses_.seats) {
      for (const auto& battery : batteries_) {
        if (battery->name() == seat.unit->name) battery->attach(*seat.bus, *seat.station);
      }
    }
  }

  Battery* find_battery(const std::string& name) {
    for (const auto& battery : batteries_) {
      if (battery->name() == name) return battery.get();
    }
    return nullptr;
  }

  void join_shunts() {
    for (const auto& section : config_.batteries) {
      for (const auto& unit : section.units) {
        find_battery(unit.name)->set_sources(find_battery(section.soc_from), find_battery(section.current_from),
                                             find_battery(section.voltage_from));
      }
    }
  }

  /// Batteries that other programs publish.
  void watch_services() {
    for (const auto& section : config_.batteries) {
      if (section.driver != "dbus") continue;
      for (const auto& unit : section.units) {
        foreign_.push_back(std::make_unique<victron::ForeignBattery>(
            loop_, victron::ForeignBattery::Options{section.service, shared_.bus_address},
            [battery = find_battery(unit.name)](const Reading& reading) { battery->take(reading); }));
        if (const auto reason = foreign_.back()->start()) spdlog::error("{}: not read: {}", unit.name, *reason);
      }
    }
  }

  void make_bank() {
    if (!bank_wanted(config_)) return;
    std::vector<Battery*> members;
    for (const auto& battery : batteries_) {
      if (is_member(battery->name())) members.push_back(battery.get());
    }
    bank_ = std::make_unique<Bank>(shared_, config_.bank, members);
    bank_->set_soc_source(find_battery(config_.bank.engine.soc_from));
  }

  void make_outputs() {
    outputs_ = std::make_unique<outputs::Outputs>(loop_, shared_.bus_address, outputs::kernel_gpio(), config_.outputs);
    for (const auto& battery : batteries_) {
      const bool member = bank_ && is_member(battery->name());
      battery->on_step = [this, member](TimePoint now) {
        if (member) bank_->member_stepped(now);
        drive_outputs(now);
        tick_along(now);
      };
    }
  }

  void drive_outputs(TimePoint now) {
    const auto limits_of = [this](const std::string& name) -> const limits::Limits* {
      if (name.empty() && bank_) return &bank_->limits();
      const Battery* battery = name.empty() ? batteries_.front().get() : find_battery(name);
      return battery == nullptr ? nullptr : &battery->limits();
    };
    outputs_->follow(limits_of, remote_.state(), now);
  }

  /// What users had changed on the GX is in force from the first poll on.
  void restore_controls() {
    user_.load();
    for (const auto& battery : batteries_) battery->controls().restore();
    if (bank_) bank_->controls().restore();
  }

  /// A second is over when a battery is stepped anyway: what is to be done every second is done now, and the program
  /// need not wake up for it once more.
  void tick_along(TimePoint now) {
    constexpr auto kAboutASecond = std::chrono::milliseconds(900);
    constexpr auto kNextPoll = std::chrono::milliseconds(1250);
    if (!stopping_ && now - ticked_ >= kAboutASecond) tick(now, kNextPoll);
  }

  /// What is to be done every second. By itself it happens again after `pause`.
  void tick(TimePoint now, std::chrono::milliseconds pause) {
    ticked_ = now;
    remote_.read(now);
    for (const auto& battery : batteries_) battery->tick(now);
    if (bank_) bank_->tick(now);
    drive_outputs(now);
    watchdog_.feed();
    // A switch that somebody has thrown stands there after a crash too.
    if (remote_.take_thrown()) {
      state_.save(batteries_, bank_.get(), now, false);
    } else {
      state_.save_when_due(batteries_, bank_.get(), now);
    }
    recording_.tick(now);
    ticker_.expires_at(now + pause);
    ticker_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !stopping_) tick(Clock::now(), kTick);  // else the timer is leave()'s
    });
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number == SIGHUP) {
        reload();
        wait_for_signal();
      } else {
        stop(0);
      }
    });
  }

  /// New limits take effect at once; other sections need a restart. A wrong file changes nothing.
  void reload() {
    const auto loaded = config::load_file(options_.config_file, drivers());
    for (const auto& problem : loaded.problems) spdlog::error("{}", problem.text());
    if (!loaded.ok()) {
      spdlog::error("{}: the running configuration stays in force", options_.config_file);
      return;
    }
    for (const auto& battery : batteries_) {
      const auto found = loaded.config.find_unit(battery->name());
      if (found.unit != nullptr) battery->set_limits(found.unit->limits, false);
    }
    if (bank_) bank_->set_limits(loaded.config.bank);
    const auto parts = [](const config::Config& config) {
      return std::tie(config.batteries, config.bank, config.outputs, config.remote);
    };
    spdlog::info("{}: limits loaded anew{}", options_.config_file,
                 parts(loaded.config) != parts(config_) ? "; all else changes at the next start" : "");
  }

  void ended(const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& problem) {
      fail(problem.what());
    }
  }

  void fail(const std::string& reason) {
    spdlog::critical("{}", reason);
    stop(kRuntime);
  }

  void stop(int code) {
    stopping_ = true;
    exit_code_ = code;
    for (const auto& bus : buses_.buses) bus->stop();
    signals_.cancel();
    if (!outputs_) return loop_.stop();
    outputs_->make_safe();
    leave(Clock::now() + kLastWrites);
  }

  /// Relays are on D-Bus: their last change takes a moment to arrive.
  void leave(TimePoint latest) {
    if (outputs_->settled() || Clock::now() >= latest) return loop_.stop();
    ticker_.expires_after(std::chrono::milliseconds(10));
    ticker_.async_wait([this, latest](const boost::system::error_code& error) {
      if (!error) leave(latest);
    });
  }

  Watchdog watchdog_;
  Options options_;
  config::Config config_;
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer ticker_;
  StateFile state_;
  outputs::Remote remote_;
  UserSettings user_;
  Identities identities_;
  victron::SettingsClient settings_;
  recorder::Recorder recorder_;
  RecordingFile recording_;
  Shared shared_;
  Buses buses_;
  std::vector<std::unique_ptr<Battery>> batteries_;
  std::vector<std::unique_ptr<victron::ForeignBattery>> foreign_;
  std::unique_ptr<Bank> bank_;
  std::unique_ptr<web::Server> page_;
  std::unique_ptr<outputs::Outputs> outputs_;
  TimePoint ticked_{};
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace

int run(const Options& options) {
  set_up_log(config::LogLevel::info);
  const auto loaded = config::load_file(options.config_file, drivers());
  if (!tell_problems(loaded)) return kNegative;
  set_up_log(loaded.config.daemon.log_level);
  spdlog::info("dbus-bms {}, {} batteries", kVersion, loaded.config.unit_count());
  Daemon daemon(loaded.config, options);
  return daemon.run();
}

}  // namespace bms::daemon
