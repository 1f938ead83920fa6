#include "daemon/bank.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "bank/merge.hpp"
#include "daemon/limits_log.hpp"
#include "limits/state_json.hpp"
#include "version.hpp"

namespace bms::daemon {
namespace {

constexpr const char* kServiceName = "com.victronenergy.battery.dbusbms_bank";
constexpr const char* kDeviceId = "dbusbms_bank";
constexpr auto kStartGrace = std::chrono::seconds(3);

std::vector<std::size_t> channels_of(const std::vector<Battery*>& batteries) {
  std::vector<std::size_t> channels;
  channels.reserve(batteries.size());
  for (const Battery* battery : batteries) channels.push_back(battery->channel());
  return channels;
}

}  // namespace

Bank::Bank(Shared& shared, const config::Bank& config, std::vector<Battery*> members)
    : shared_(shared),
      config_(config),
      members_(std::move(members)),
      channel_(shared.recorder.add_bank("bank", channels_of(members_))),
      controls_({"bank", true, {config.limits, config.engine}, config.limits_fallback}, shared.user),
      name_(shared.settings, "bank", config.name) {
  controls_.on_values = [this](const auto& values) {
    shared_.recorder.settings(channel_, values, recorder::to_tick(Clock::now()));
  };
  std::vector<Controls*> controls;
  for (Battery* member : members_) controls.push_back(&member->controls());
  controls_.set_members(std::move(controls));
}

void Bank::set_soc_source(Battery* source) {
  soc_from_ = source;
  // A shunt that knows the SoC of the whole bank is the one to be told.
  if (source != nullptr && source->is_shunt()) {
    controls_.set_soc = [source](double soc_pct) { return source->set_soc(soc_pct); };
  }
}

void Bank::set_limits(const config::Bank& bank) {
  config_.limits = bank.limits;
  controls_.set_file({bank.limits, config_.engine}, bank.limits_fallback);
  shared_.recorder.restate();
}

void Bank::member_stepped(TimePoint now) {
  const limits::Limits before = limits_;
  step(now);
  const bool restricted = limits_.ccl.value_A < before.ccl.value_A || limits_.dcl.value_A < before.dcl.value_A ||
                          limits_.cvl.value_V < before.cvl.value_V || limits_.started != before.started ||
                          limits_.alarms != before.alarms;
  if (restricted) publish();
}

void Bank::tick(TimePoint now) {
  step(now);
  publish();
}

/// At start the packs come one after the other: a bank of the first alone would hold its limit for the recovery time
/// when the others join a moment later. So all are waited for, a moment only.
bool Bank::complete(TimePoint now) {
  if (limits_.started) return true;
  const auto started = [](const Battery* battery) { return battery->limits().started; };
  if (std::none_of(members_.begin(), members_.end(), started)) return false;
  if (!first_heard_) first_heard_ = now;
  return std::all_of(members_.begin(), members_.end(), started) || now - *first_heard_ >= kStartGrace;
}

void Bank::step(TimePoint now) {
  if (!complete(now)) return;
  now = recorder::to_tick(now);  // to what a recording keeps
  now_ = now;
  std::vector<limits::Member> members;
  std::vector<const Reading*> readings;
  limits::BankInput input;
  for (const Battery* battery : members_) {
    members.push_back(
        {battery->name(), &battery->limits_config(), &battery->device(), &battery->state(), &battery->limits()});
    if (battery->reading() && battery->limits().freshness != limits::Freshness::lost) {
      readings.push_back(&*battery->reading());
    }
  }
  if (soc_from_ != nullptr && soc_from_->limits().freshness == limits::Freshness::fresh && soc_from_->reading()) {
    input.soc_pct = soc_from_->is_shunt() ? soc_from_->reading()->soc_pct : soc_from_->limits().soc_pct;
  }
  controls_.fill(input);
  if (shared_.remote.state().off) input.charge_off = input.discharge_off = true;
  const auto& [limits, engine] = controls_.in_force();
  shared_.recorder.before_bank(channel_, state_, now);
  limits::step(limits, engine, state_, members, input, now, limits_);
  reading_ = merge(readings, config_.engine.series);
  shared_.recorder.after_bank(channel_, input, reading_, limits_, now);
  past_.take(readings.empty() ? nullptr : &reading_, &limits_, std::nullopt, now);
  tell_limits(log_, "bank", limits_, now);
}

void Bank::reset_history(std::optional<history::Field> field) {
  past_.reset(field);
  spdlog::info("bank: history reset: {}", field ? history::to_string(*field) : "all of it");
  if (!paths_) return;
  paths_->show_history_now();
  publish();
}

nlohmann::json Bank::save() const {
  if (!limits_.started) return {};
  nlohmann::json saved = limits::to_json(state_);
  saved["history"] = past_.save();
  return saved;
}

void Bank::restore(const nlohmann::json& saved, std::optional<double> seconds_ago) {
  if (saved.is_object() && saved.contains("history")) past_.restore(saved.at("history"), seconds_ago, "bank");
  auto state = limits::bank_state_from_json(saved, Clock::now());
  if (!state) {
    spdlog::warn("bank: saved state not used: {}", state.error());
    return;
  }
  state_ = std::move(*state);
  limits::restart(state_, seconds_ago);
}

void Bank::publish() {
  if (!limits_.started) return;
  if (!service_) {
    if (registering_) return;
    registering_ = true;
    shared_.settings.register_device(kDeviceId,
                                     [this](const victron::DeviceSettings& settings) { make_service(settings); });
    return;
  }
  update_items();
  service_->flush();
}

void Bank::make_service(const victron::DeviceSettings& settings) {
  name_.begin(kDeviceId, settings.custom_name, [this](const std::string& name) {
    if (!service_) return;
    service_->items().set("/CustomName", name);
    service_->flush();
  });
  victron::BatteryService::Owner owner;
  owner.write = [this](std::string_view path, const victron::Value& value) { return written(path, value); };
  owner.failed = [this](std::string_view message) { shared_.fatal(fmt::format("bank: {}", message)); };
  owner.published = [this] { spdlog::info("bank: on D-Bus as {}", service_->name()); };
  service_ = std::make_unique<victron::BatteryService>(
      shared_.loop, victron::BatteryService::Options{kServiceName, shared_.bus_address, shared_.recording},
      std::move(owner));
  victron::BatteryIdentity identity;
  identity.instance = settings.instance;
  identity.connection = fmt::format("Bank of {} batteries", members_.size());
  identity.custom_name = name_.shown();
  identity.product_name = "Battery bank";
  identity.process_version = kVersion;
  identity.family = "bank";
  identity.serial = kDeviceId;
  paths_ =
      std::make_unique<victron::BatteryPaths>(service_->items(), identity,
                                              victron::BatteryPaths::Options{.bank = true,
                                                                             .user_settings = true,
                                                                             .mode = controls_.can_switch(),
                                                                             .clear_history = true,
                                                                             .remote = shared_.remote.by_switch()});
  update_items();
  if (const auto missing = service_->publish()) spdlog::error("bank: not published: {} is not known", *missing);
}

void Bank::update_items() {
  std::vector<victron::MemberView> members;
  double low_V = 0;
  for (const Battery* battery : members_) {
    members.push_back({battery->shown_name(), battery->reading() ? &*battery->reading() : nullptr, &battery->limits()});
    const double cells = battery->reading() ? static_cast<double>(battery->reading()->cells_V.size()) : 0;
    low_V = std::max(low_V, battery->limits_config().cell_v_min * cells * config_.engine.series);
  }
  victron::BatteryView view;
  view.now = now_;
  view.reading = &reading_;
  view.limits = &limits_;
  view.history = &past_.state();
  if (low_V > 0) view.low_voltage_V = low_V;
  view.members = members;
  view.in_series = config_.engine.series;
  std::vector<std::string> notes;
  controls_.add_notes(notes);
  for (const Battery* battery : members_) {
    for (const auto& note : battery->notes()) notes.push_back(battery->shown_name() + ": " + note);
  }
  view.notes = notes;
  const auto ways = times_to_soc(limits_);
  view.time_to_soc = ways;
  controls_.show(service_->items());
  paths_->update(view);
  show_remote(shared_.remote, *service_);
}

void Bank::show_controls() {
  update_items();
  service_->flush();
}

victron::WriteAnswer Bank::written(std::string_view path, const victron::Value& value) {
  if (path == "/CustomName") return name_.write(std::get<std::string>(value));
  if (path == "/Battery/Request/Id") return victron::WriteResult::accepted;
  if (path == "/Remote") return throw_remote(shared_.remote, value);
  const auto reset = [this](std::optional<history::Field> field) { reset_history(field); };
  if (const auto answer = write_history(path, value, reset)) return *answer;
  const auto answer = controls_.written(path, value);
  if (!answer) return victron::WriteResult::refused;
  if (answer->result != victron::WriteResult::refused) show_controls();
  return *answer;
}

}  // namespace bms::daemon
