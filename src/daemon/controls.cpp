#include "daemon/controls.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "limits/parameters.hpp"
#include "victron/setting_paths.hpp"

namespace bms::daemon {
namespace {

using victron::Value;
using victron::WriteAnswer;
using victron::WriteResult;

constexpr int kOn = 3;
constexpr int kOff = 4;
constexpr int kStandby = 252;

bool is_set(const Value& value) {
  const auto* flag = std::get_if<std::int32_t>(&value);
  return flag != nullptr && *flag != 0;
}

}  // namespace

Controls::Controls(Setup setup, UserSettings& settings)
    : setup_(std::move(setup)),
      settings_(settings),
      overrides_(setup_.file, victron::setting_keys(setup_.bank), setup_.locked) {
  look_up();
}

void Controls::restore() {
  const UserChoice& choice = settings_.of(setup_.name);
  for (const auto& note : overrides_.restore(choice.limits)) spdlog::warn("{}: kept setting: {}", setup_.name, note);
  for (const auto& difference : overrides_.differences()) {
    spdlog::warn("{}: changed on the GX: {}", setup_.name, difference);
  }
  if (choice.charge_off) spdlog::warn("{}: charging is switched off by a user", setup_.name);
  if (choice.discharge_off) spdlog::warn("{}: discharging is switched off by a user", setup_.name);
  keep();
}

void Controls::set_file(const config::Tunable& file, bool locked) {
  for (const auto& note : overrides_.set_file(file, locked)) spdlog::warn("{}: {}", setup_.name, note);
  keep();
}

/// What is shown with every poll and changes with what users do.
void Controls::look_up() {
  values_.clear();
  for (const auto& setting : victron::setting_paths()) {
    values_.push_back(config::number_of(in_force(), victron::key_of(setting, setup_.bank)));
  }
  differences_ = overrides_.differences();
}

/// After every change.
void Controls::keep() {
  look_up();
  if (on_values) on_values(overrides_.values());
  UserChoice& choice = settings_.of(setup_.name);
  if (choice.limits == overrides_.values()) return;
  choice.limits = overrides_.values();
  settings_.changed();
}

/// What users do is worth a line, a client that does it a thousand times is not worth a thousand.
void Controls::log(const std::string& subject, const std::string& text) {
  if (log_.changed(subject, text, Clock::now())) spdlog::info("{}: {}", setup_.name, text);
}

/// A key that a bank has for its batteries.
bool Controls::shared(std::string_view key) const {
  return setup_.bank && limits::find_parameter(key) != nullptr && key != "cell_v_max" && key != "cell_v_float";
}

std::optional<WriteAnswer> Controls::written(std::string_view path, const Value& value) {
  if (const auto* setting = victron::setting_path(path)) {
    return change_limit(victron::key_of(*setting, setup_.bank), std::get<double>(value));
  }
  const bool set = is_set(value);
  if (path == "/Settings/ForceChargingOff") return turn(charge_, set);
  if (path == "/Settings/ForceDischargingOff") return turn(discharge_, set);
  if (path == "/Mode") return set_mode(std::get<std::int32_t>(value));
  if (path == "/Settings/ResetSocTo") return change_soc(std::get<double>(value));
  constexpr std::string_view kRequests[] = {"/Settings/SyncSoc", "/Settings/RestoreDefaults", "/Settings/Rebulk",
                                            "/Settings/TopBalance", "/Settings/ClearAlarms"};
  if (std::find(std::begin(kRequests), std::end(kRequests), path) == std::end(kRequests)) return std::nullopt;
  if (!set) return WriteResult::done;  // a button that is let go
  if (path == "/Settings/SyncSoc") {
    const WriteAnswer answer = change_soc(100);
    return answer.result == WriteResult::refused ? answer : WriteResult::done;
  }
  if (path == "/Settings/RestoreDefaults") return restore_file();
  log(std::string(path), fmt::format("{} asked for", path.substr(path.rfind('/') + 1)));
  if (path == "/Settings/Rebulk") rebulk_ = true;
  if (path == "/Settings/TopBalance") top_balance_ = true;
  if (path == "/Settings/ClearAlarms") acknowledge();
  return WriteResult::done;
}

WriteAnswer Controls::change_limit(std::string_view key, double value) {
  if (!shared(key) && config::number_of(in_force(), key) == value) return WriteResult::accepted;
  if (const auto allowed = change_all(key, value)) return WriteAnswer::refuse(*allowed);
  log(std::string(key), fmt::format("{} = {} on the GX", key, value));
  return WriteResult::accepted;
}

/// Here and, where the bank has it for its batteries, there; or nowhere.
std::optional<std::string> Controls::change_all(std::string_view key, double value) {
  std::vector<Controls*> all;
  if (shared(key)) all = members_;
  all.push_back(this);
  std::vector<config::Overrides> before;
  for (Controls* each : all) {
    before.push_back(each->overrides_);
    auto allowed = each->overrides_.set(key, value);
    if (!allowed) continue;
    for (std::size_t i = 0; i < before.size(); ++i) all[i]->overrides_ = before[i];
    return each == this ? *allowed : fmt::format("{} ({})", *allowed, each->setup_.name);
  }
  for (Controls* each : all) each->keep();
  return std::nullopt;
}

WriteAnswer Controls::restore_file() {
  overrides_.clear();
  keep();
  for (Controls* member : members_) {
    for (const auto key : victron::setting_keys(true)) {
      if (shared(key)) member->overrides_.take_back(key);
    }
    member->keep();
  }
  log("file", "limits of the file are in force again");
  return WriteResult::done;
}

void Controls::acknowledge() {
  acknowledge_ = true;
  for (Controls* member : members_) member->acknowledge();
}

WriteAnswer Controls::change_soc(double soc_pct) {
  if (set_soc) return set_soc(soc_pct);
  for (Controls* member : members_) {
    WriteAnswer answer = member->change_soc(soc_pct);
    if (answer.result == WriteResult::refused) return answer;
  }
  return members_.empty() ? WriteResult::refused : WriteResult::accepted;
}

bool Controls::can_switch() const {
  if (members_.empty()) return commands_ != nullptr;
  return std::all_of(members_.begin(), members_.end(), [](const Controls* member) { return member->can_switch(); });
}

/// Off takes effect on the limits at once and is shown when the BMS has answered; on takes effect when the BMS says
/// that it is on.
WriteAnswer Controls::turn(Switch& which, bool off) {
  if (!members_.empty()) {
    for (Controls* member : members_) member->turn(&which == &charge_ ? member->charge_ : member->discharge_, off);
    return WriteResult::done;
  }
  UserChoice& choice = settings_.of(setup_.name);
  if (choice.*which.off != off)
    spdlog::info("{}: {} switched {} by a user", setup_.name, which.what, off ? "off" : "on");
  if (commands_ == nullptr) {
    choice.*which.off = off;
    settings_.changed();
    return WriteResult::accepted;
  }
  if (off && !(choice.*which.off)) {
    choice.*which.off = true;
    settings_.changed();
  }
  which.pending = true;
  which.wanted_off = off;
  commands_->ask(which.kind, off ? 0 : 1, Clock::now(),
                 [this, &which, off](bool confirmed) { turned(which, off, confirmed); });
  return WriteResult::done;
}

void Controls::turned(Switch& which, bool off, bool confirmed) {
  which.pending = false;
  which.failure.clear();
  if (confirmed) {
    spdlog::info("{}: the BMS has switched {} {}", setup_.name, which.what, off ? "off" : "on");
    settings_.of(setup_.name).*which.off = off;
    settings_.changed();
    return;
  }
  which.failure = off ? fmt::format("the BMS did not switch {} off: only the limit is 0", which.what)
                      : fmt::format("the BMS did not switch {} on: the limit stays 0", which.what);
  spdlog::warn("{}: {}", setup_.name, which.failure);
}

WriteAnswer Controls::set_mode(int mode) {
  if (mode != kOn && mode != kOff && mode != kStandby) {
    return WriteAnswer::refuse("must be 3 (on), 252 (standby) or 4 (off, as standby)");
  }
  turn(charge_, mode != kOn);
  turn(discharge_, mode != kOn);
  return WriteResult::done;
}

bool Controls::shown(const Switch& which) const {
  if (!members_.empty()) {
    const bool charging = &which == &charge_;
    return std::all_of(members_.begin(), members_.end(), [&](const Controls* member) {
      return member->shown(charging ? member->charge_ : member->discharge_);
    });
  }
  return settings_.of(setup_.name).*which.off && !(which.pending && which.wanted_off);
}

void Controls::fill(limits::Input& input) {
  const UserChoice& choice = settings_.of(setup_.name);
  input.charge_off = choice.charge_off;
  input.discharge_off = choice.discharge_off;
  input.rebulk = std::exchange(rebulk_, false);
  input.top_balance = std::exchange(top_balance_, false);
  input.acknowledge = std::exchange(acknowledge_, false);
  input.set_soc_pct = std::exchange(soc_pct_, std::nullopt);
}

void Controls::fill(limits::BankInput& input) {
  // Where all batteries are off the bank is, without the time a shaped sum would take.
  const auto all_off = [&](bool UserChoice::*off) {
    return !members_.empty() && std::all_of(members_.begin(), members_.end(), [&](const Controls* member) {
      return settings_.of(member->setup_.name).*off;
    });
  };
  input.charge_off = all_off(&UserChoice::charge_off);
  input.discharge_off = all_off(&UserChoice::discharge_off);
  input.rebulk = std::exchange(rebulk_, false);
  input.top_balance = std::exchange(top_balance_, false);
  input.acknowledge = std::exchange(acknowledge_, false);
}

void Controls::show(victron::ItemTree& tree) const {
  const auto settings = victron::setting_paths();
  for (std::size_t i = 0; i < settings.size(); ++i) {
    tree.set(settings[i].path, values_[i] ? Value(*values_[i]) : Value{});
  }
  const bool charge_off = shown(charge_);
  const bool discharge_off = shown(discharge_);
  tree.set("/Settings/ForceChargingOff", charge_off ? 1 : 0);
  tree.set("/Settings/ForceDischargingOff", discharge_off ? 1 : 0);
  tree.set("/Mode", charge_off && discharge_off ? kStandby : kOn);
  tree.set("/Settings/ChangedFromFile", differences_.empty() ? "" : fmt::format("{}", fmt::join(differences_, "; ")));
}

void Controls::add_notes(std::vector<std::string>& notes) const {
  if (!differences_.empty()) notes.push_back(fmt::format("changed on the GX: {}", fmt::join(differences_, ", ")));
  for (const Switch* which : {&charge_, &discharge_}) {
    if (shown(*which)) notes.push_back(fmt::format("{} is switched off by a user", which->what));
    if (!which->failure.empty()) notes.push_back(which->failure);
  }
}

}  // namespace bms::daemon
