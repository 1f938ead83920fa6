#include "daemon/battery.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/alarms_log.hpp"
#include "daemon/limits_log.hpp"
#include "limits/samples.hpp"
#include "version.hpp"

namespace bms::daemon {
namespace {

std::string first_reason(const std::vector<limits::Cause>& why) { return why.empty() ? "" : why.front().text(); }

double interval_s(const config::Battery& section) {
  return std::chrono::duration<double>(section.poll_interval).count();
}

}  // namespace

Battery::Battery(Shared& shared, const config::Battery& section, const config::BatteryUnit& unit,
                 const DriverInfo* driver, Role role)
    : shared_(shared),
      section_(section),
      unit_(unit),
      driver_(driver),
      role_(role),
      channel_(shared.recorder.add(unit.name)),
      controls_(
          {unit.name, false, {limits::for_interval(unit.limits, interval_s(section)), {}}, role.configuration_fault},
          shared.user),
      name_(shared.settings, unit.name, unit.display_name) {
  controls_.on_values = [this](const auto& values) {
    shared_.recorder.settings(channel_, values, recorder::to_tick(Clock::now()));
  };
  controls_.set_soc = [this](double soc_pct) { return set_soc(soc_pct); };
  if (may_switch()) controls_.set_commands(&commands_);
  device_.cells = section.cells.value_or(0);
  device_.capacity_Ah = section.capacity_Ah;
  if (driver != nullptr) device_.unavailable = driver->unavailable;
  // A service of someone else is a shunt to us, unless the user makes it a member of the bank.
  if (section.driver == "dbus") device_.unavailable.cells = !role.member;
  device_.configuration_fault = role.configuration_fault;
  device_.poll_interval_s = interval_s(section);
  if (driver == nullptr) {
    shared_.identities.expect_somewhere_on(section.port);
  } else {
    shared_.identities.expect(position());
  }
}

Battery::~Battery() = default;

void Battery::identified(const DriverInfo& driver, unsigned address) {
  driver_ = &driver;
  section_.driver = driver.name;
  if (driver.has_address) unit_.address = address;
  shared_.identities.found(section_.port, position());
  device_.unavailable = driver.unavailable;
  if (may_switch()) controls_.set_commands(&commands_);
  shared_.recorder.restate();
}

void Battery::attach(port::Bus& bus, port::Station& station) {
  bus_ = &bus;
  station_ = &station;
  commands_.attach(bus, station);
  device_.poll_interval_s = std::chrono::duration<double>(station.interval).count();
  controls_.set_file({limits::for_interval(unit_.limits, device_.poll_interval_s), {}}, device_.configuration_fault);
  station.on_reading = [this](const Reading& reading) { take(reading); };
  station.on_doubt = [this](const std::string& doubt) {
    spdlog::debug("{}: {}: asked again or thrown away", unit_.name, doubt);
  };
}

void Battery::set_limits(const limits::Config& config, bool fault) {
  unit_.limits = config;
  controls_.set_file({limits::for_interval(config, device_.poll_interval_s), {}}, fault);
  device_.configuration_fault = fault;
  shared_.recorder.restate();
}

void Battery::set_sources(Battery* soc, const Battery* current, const Battery* voltage) {
  soc_from_ = soc;
  current_from_ = current;
  voltage_from_ = voltage;
  const auto name = [](const Battery* source) { return source != nullptr ? source->unit_.display_name : ""; };
  const ShuntSources sources{name(soc), name(current), name(voltage)};
  if (sources.any()) merge_.emplace(sources);
}

Reading Battery::with_shunts(const Reading& own) {
  if (!merge_) return own;
  const auto newest = [](const Battery* source) {
    return source != nullptr && source->reading_ ? &*source->reading_ : nullptr;
  };
  ShuntMerged merged = merge_->step(own, {newest(soc_from_), newest(current_from_), newest(voltage_from_)}, own.time);
  soc_on_shunt_ = merged.soc_from_shunt;
  notes_.clear();
  for (const auto& note : merged.notes) notes_.push_back(note.text);
  const std::string notes = fmt::format("{}", fmt::join(notes_, "; "));
  if (log_.changed("shunt", notes, own.time))
    spdlog::warn("{}: {}", unit_.display_name, notes.empty() ? "shunt is used" : notes);
  return std::move(merged.reading);
}

void Battery::take(const Reading& own) {
  const bool first = !reading_;
  reading_ = with_shunts(own);
  recorder::snap(*reading_);
  if (!is_shunt()) recorder::coarsen(*reading_);
  const Reading& reading = *reading_;
  if (first) {
    spdlog::info("{}: {} {} {}", unit_.display_name, reading.model.value_or("battery"), reading.serial.value_or(""),
                 reading.sw.value_or(""));
  }
  commands_.send(reading.time);
  step(&reading, reading.time);
}

void Battery::tick(TimePoint now) {
  commands_.send(now);
  // A battery that is polled once a second is stepped by its Readings alone.
  const auto patience = std::chrono::duration<double>(std::max(1.5, 1.5 * std::min(device_.poll_interval_s, 2.0)));
  if (now - last_step_ >= patience) step(nullptr, now);
}

void Battery::step(const Reading* reading, TimePoint now) {
  now = recorder::to_tick(now);  // to what a recording keeps
  last_step_ = now;
  if (is_shunt()) {
    age_shunt(now);
    if (reading != nullptr) shared_.recorder.observe(channel_, *reading, now);
  } else {
    limits::Input input;
    input.reading = reading;
    controls_.fill(input);
    // A member whose limits nobody obeys is left alone: its bank stops.
    if (shared_.remote.state().off && role_.publish_limits) input.charge_off = input.discharge_off = true;
    shared_.recorder.before(channel_, state_, device_, now);
    limits::step(limits_config(), device_, state_, input, now, limits_);
    shared_.recorder.after(channel_, input, limits_, now);
    if (soc_on_shunt_ && limits_.soc_source == "bms") limits_.soc_source = "shunt";  // exactly one source, and named
  }
  if (limits_.events.new_device) {
    spdlog::warn("{}: another battery answers; state and history start anew", unit_.display_name);
    past_ = {};
  }
  past_.take(reading, is_shunt() ? nullptr : &limits_, limits::capacity(device_, state_), now);
  tell(now);
  publish();
  if (on_step) on_step(now);
}

/// A shunt has no engine that would tell how old its newest Reading is.
void Battery::age_shunt(TimePoint now) {
  if (!reading_) return;
  const double age_s = std::chrono::duration<double>(now - reading_->time).count();
  limits_.started = true;
  limits_.freshness = age_s > limits_config().lost_s    ? limits::Freshness::lost
                      : age_s > limits_config().stale_s ? limits::Freshness::stale
                                                        : limits::Freshness::fresh;
}

/// The log tells changes of what matters, once each.
void Battery::tell(TimePoint now) {
  const auto& name = unit_.display_name;
  if (!limits_.started) return;
  if (log_.changed("freshness", to_string(limits_.freshness), now)) {
    if (limits_.freshness == limits::Freshness::lost) {
      spdlog::error("{}: no longer answers; {}", name, first_reason(limits_.dcl.why));
    } else {
      spdlog::info("{}: link is {}", name, to_string(limits_.freshness));
    }
  }
  if (!is_shunt()) tell_limits(log_, name, limits_, now);
  if (reading_) tell_alarms(log_, name, *reading_, now);
}

std::vector<victron::TimeToSoc> times_to_soc(const limits::Limits& limits) {
  std::vector<victron::TimeToSoc> ways;
  for (std::size_t i = 0; i < limits.time_to_soc_s.size(); ++i) {
    ways.push_back({static_cast<int>(i) * limits::kSocPointStep_pct, limits.time_to_soc_s[i]});
  }
  return ways;
}

void show_remote(const outputs::Remote& remote, victron::BatteryService& service) {
  const auto& position = remote.switch_position();
  if (remote.by_switch())
    service.items().set("/Remote", position ? victron::Value(*position ? 1 : 0) : victron::Value{});
}

victron::WriteResult throw_remote(outputs::Remote& remote, const victron::Value& value) {
  remote.throw_switch(std::get<std::int32_t>(value) != 0);
  return victron::WriteResult::accepted;
}

std::string Battery::position() const {
  return unit_.address ? fmt::format("{} address {}", section_.port, *unit_.address) : section_.port;
}

std::string Battery::claim_device_id() {
  serial_.clear();
  shown_serial_.clear();
  const bool by_section = section_.identity == config::Identity::section || !reading_->serial;
  if (by_section) return "dbusbms_" + unit_.name;
  serial_ = *reading_->serial;
  auto device = shared_.identities.claim({serial_, position(), unit_.display_name, [this](const std::string& serial) {
                                            shown_serial_ = serial;
                                            if (paths_) paths_->show_serial(serial);
                                          }});
  shown_serial_ = std::move(device.serial);
  return "dbusbms_" + device.id;
}

/// Another BMS answers in this one's place: it has an instance and a name of its own. Not at the first word of it:
/// leaving the bus is seen by everybody.
bool Battery::exchanged() {
  constexpr auto kSure = std::chrono::seconds(5);
  if (serial_.empty() || !reading_->serial || *reading_->serial == serial_) {
    other_serial_since_.reset();
    return false;
  }
  if (!other_serial_since_) other_serial_since_ = last_step_;
  return last_step_ - *other_serial_since_ >= kSure;
}

void Battery::publish() {
  if (!role_.publish || !limits_.started || !reading_) return;
  if (!service_) {
    if (!registering_) register_service();
    return;
  }
  if (exchanged()) {
    spdlog::warn("{}: serial number {} instead of {}: another battery", unit_.display_name, *reading_->serial, serial_);
    shared_.identities.release(serial_, position());
    paths_.reset();
    service_.reset();
    return register_service();
  }
  update_items();
  service_->flush();
}

void Battery::register_service() {
  registering_ = true;
  device_id_ = claim_device_id();
  shared_.settings.register_device(device_id_,
                                   [this](const victron::DeviceSettings& settings) { make_service(settings); });
}

std::string Battery::connection_text() const {
  if (section_.driver == "dbus") return fmt::format("D-Bus {}", section_.service);
  std::string text = fmt::format("Serial {}", section_.port);
  if (unit_.address && driver_ != nullptr && driver_->has_address) text += fmt::format(" address {}", *unit_.address);
  return text;
}

void Battery::make_service(const victron::DeviceSettings& settings) {
  name_.begin(device_id_, settings.custom_name, [this](const std::string& name) {
    if (!service_) return;
    service_->items().set("/CustomName", name);
    service_->flush();
  });
  victron::BatteryService::Owner owner;
  owner.write = [this](std::string_view path, const victron::Value& value) { return written(path, value); };
  owner.failed = [this](std::string_view message) { shared_.fatal(fmt::format("{}: {}", unit_.name, message)); };
  owner.published = [this] { spdlog::info("{}: on D-Bus as {}", unit_.display_name, service_->name()); };
  service_ = std::make_unique<victron::BatteryService>(
      shared_.loop, victron::BatteryService::Options{unit_.service_name(), shared_.bus_address, shared_.recording},
      std::move(owner));
  victron::BatteryIdentity identity;
  identity.instance = settings.instance;
  identity.connection = connection_text();
  identity.custom_name = name_.shown();
  identity.process_version = kVersion;
  identity.family = section_.driver;
  identity.serial = shown_serial_;
  paths_ = std::make_unique<victron::BatteryPaths>(
      service_->items(), identity,
      victron::BatteryPaths::Options{.limits = role_.publish_limits && !is_shunt(),
                                     .cell_page = !role_.member && !is_shunt(),
                                     .user_settings = !is_shunt(),
                                     .set_soc = may_set_soc(),
                                     .mode = !is_shunt() && controls_.can_switch(),
                                     .clear_history = !is_shunt(),
                                     .remote = shared_.remote.by_switch() && !is_shunt()});
  update_items();
  if (const auto missing = service_->publish()) {
    spdlog::error("{}: not published: {} is not known", unit_.name, *missing);
  }
}

void Battery::update_items() {
  victron::BatteryView view;
  view.now = last_step_;
  const bool lost_shunt = is_shunt() && limits_.freshness == limits::Freshness::lost;
  view.reading = lost_shunt ? nullptr : &*reading_;
  if (is_shunt()) view.freshness = limits_.freshness;
  view.limits = is_shunt() ? nullptr : &limits_;
  view.history = &past_.state();
  view.link = station_ != nullptr ? &station_->health : nullptr;
  if (!reading_->cells_V.empty()) {
    view.low_voltage_V = limits_config().cell_v_min * static_cast<double>(reading_->cells_V.size());
  }
  std::vector<victron::TimeToSoc> ways;
  if (!is_shunt()) ways = times_to_soc(limits_);
  view.time_to_soc = ways;
  const std::vector<std::string> notes = this->notes();
  view.notes = notes;
  controls_.show(service_->items());
  paths_->update(view);
  show_remote(shared_.remote, *service_);
}

std::vector<std::string> Battery::notes() const {
  std::vector<std::string> notes = notes_;
  controls_.add_notes(notes);
  return notes;
}

void Battery::show_controls() {
  update_items();
  service_->flush();
}

bool Battery::may_switch() const { return shared_.allow_control && driver_ != nullptr && driver_->can_switch_fets; }
bool Battery::may_set_soc() const { return shared_.allow_control && driver_ != nullptr && driver_->can_set_soc; }

victron::WriteAnswer Battery::set_soc(double soc_pct) {
  if (soc_from_ != nullptr) return soc_from_->set_soc(soc_pct);
  const auto& name = unit_.display_name;
  if (!is_shunt() && limits_config().soc_source == limits::SocSource::counter) {
    spdlog::info("{}: state of charge set to {} % by a user", name, soc_pct);
    controls_.request_soc(soc_pct);
    return victron::WriteResult::accepted;
  }
  if (!shared_.allow_control)
    return victron::WriteAnswer::refuse("this SoC is counted by the device; allow_control is no");
  if (!may_set_soc())
    return victron::WriteAnswer::refuse("this SoC is counted by the device, which lets nobody set it");
  commands_.ask(BmsCommands::Kind::soc, soc_pct, Clock::now(), [this, name, soc_pct](bool confirmed) {
    if (!confirmed) return spdlog::warn("{}: the device did not take the state of charge of {} %", name, soc_pct);
    spdlog::info("{}: state of charge set to {} % by a user", name, soc_pct);
    if (service_) service_->items().set("/Settings/ResetSocTo", soc_pct);  // announced with the next poll
  });
  return victron::WriteResult::done;
}

victron::WriteAnswer Battery::written(std::string_view path, const victron::Value& value) {
  if (path == "/CustomName") return name_.write(std::get<std::string>(value));
  const auto reset = [this](std::optional<history::Field> field) { reset_history(field); };
  if (const auto answer = write_history(path, value, reset)) return *answer;
  if (path == "/Battery/Request/Id") return victron::WriteResult::accepted;
  if (path == "/Remote") return throw_remote(shared_.remote, value);
  const auto answer = controls_.written(path, value);
  if (!answer) return victron::WriteResult::refused;
  if (answer->result != victron::WriteResult::refused) show_controls();
  return *answer;
}

}  // namespace bms::daemon
