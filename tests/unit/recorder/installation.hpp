#pragma once

#include <fmt/format.h>

#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "limits/bank.hpp"
#include "limits/engine.hpp"
#include "limits/replay.hpp"
#include "recorder/archive.hpp"
#include "recorder/recorder.hpp"

namespace bms::recorder {

inline std::string archived(const Recorder& recorder, TimePoint now = {}) {
  std::string bytes;
  recorder.archive(now, 1800000000, [&bytes](std::string_view part) { bytes += part; });
  return bytes;
}

/// What the daemon is to the recorder: two batteries with their engines, a bank of them, and a shunt. Everything that
/// happens comes from one seed.
class Installation {
 public:
  struct Output {
    std::int64_t ms;
    std::string battery;
    std::string text;
  };

  /// All that an output says, to the last digit.
  static std::string text_of(const limits::Limits& out) {
    std::string text = fmt::format("{} {} {} {} ", out.started, out.cvl.exact_V, out.ccl.exact_A, out.dcl.exact_A);
    text += fmt::format("{} {} {} {} {} {} ", out.ccl.target_A, out.dcl.target_A, out.ccl.hold_remaining_s,
                        out.dcl.hold_remaining_s, out.soc_pct.value_or(-1), out.ttg_s.value_or(-1));
    text +=
        fmt::format("{}{}{} {} {} {} {} {}", out.allow_charge, out.allow_discharge, out.pre_alarm, to_string(out.phase),
                    to_string(out.top_balance), to_string(out.freshness), to_string(out.balancer), out.discards.jump);
    for (const auto* why : {&out.cvl.why, &out.ccl.why, &out.dcl.why}) {
      for (const auto& cause : *why) text += fmt::format(" {} {}", cause.id, cause.value.value_or(-1));
      text += ';';
    }
    for (const auto& note : out.notes) text += note.text();
    return text;
  }

  explicit Installation(Options options, unsigned seed = 1) : recorder(options), random_(seed) {
    for (const char* name : {"bow", "stern_2"}) {
      auto& pack = packs_.emplace_back();
      pack.name = name;
      pack.channel = recorder.add(name);
      pack.reading.serial = name;
      pack.reading.capacity_Ah = 280;
      pack.reading.cells_V.assign(8, 3.30);
      pack.reading.temps_C = {21.0, std::nullopt};
      pack.reading.alarms.emplace();
      pack.device.unavailable.mos_temperature = true;
    }
    packs_[1].file.soc_source = limits::SocSource::counter;
    for (auto& pack : packs_) pack.config = pack.file;
    bank_channel_ = recorder.add_bank("bank", {packs_[0].channel, packs_[1].channel});
    shunt_channel_ = recorder.add("shunt");
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) one();
  }

  /// The options that `dbus-bms limits --config` would make of the configuration.
  [[nodiscard]] limits::ReplayOptions replay_options() const {
    limits::ReplayOptions options;
    options.configs = {{"bow", packs_[0].file}, {"stern", packs_[1].file}};
    options.bank_limits = limits::Config{};
    return options;
  }

  [[nodiscard]] std::string lines(const std::string& battery = "") const {
    std::ostringstream out;
    const std::string problem = export_lines(archived(recorder, now_), battery, out);
    return problem.empty() ? out.str() : problem;
  }

  /// The same outputs from the exported lines.
  [[nodiscard]] std::vector<Output> replayed(const std::string& battery = "") const {
    std::istringstream in(lines(battery));
    std::vector<Output> outputs_again;
    const auto problems =
        limits::replay(in, replay_options(), [&](double t_s, const std::string& name, const limits::Limits& limits) {
          outputs_again.push_back({std::llround(t_s * 1000), name, text_of(limits)});
        });
    for (const auto& problem : problems)
      outputs_again.push_back({static_cast<std::int64_t>(problem.line), "problem", problem.message});
    return outputs_again;
  }

  [[nodiscard]] const limits::Limits& last_of_bow() const { return packs_.front().limits; }

  Recorder recorder;
  std::vector<Output> outputs;
  int longest_step_ms = 4000;

 private:
  struct Pack {
    std::string name;
    std::size_t channel = 0;
    limits::Config file;    ///< what config.ini says
    limits::Config config;  ///< and what users made of it
    limits::Device device;
    limits::State state;
    limits::Limits limits;
    Reading reading;
    int silent = 0;
  };

  double noise(double width) { return std::uniform_real_distribution<double>(-width, width)(random_); }
  bool chance(int one_in) { return std::uniform_int_distribution<int>(1, one_in)(random_) == 1; }

  void live(Pack& pack) {
    Reading& reading = pack.reading;
    const double level = 3.3 + 0.22 * std::sin(static_cast<double>(ms_) / 1.1e6);
    for (auto& cell : reading.cells_V) {
      cell = snapped(std::round((level + noise(0.004)) * 1000) * 0.001);
      if (chance(3000)) cell.reset();
    }
    reading.current_A = snapped(std::round((60 * std::cos(static_cast<double>(ms_) / 1.1e6) + noise(3)) * 10) * 0.1);
    if (chance(400)) reading.current_A.reset();
    reading.voltage_V = level * 8 + noise(0.01);  // on no grid
    reading.soc_pct = snapped(50 + 40 * std::sin(static_cast<double>(ms_) / 2.2e6));
    if (chance(200)) reading.temps_C[0] = std::round(noise(20) * 10) / 10 + 15;
    if (chance(300)) reading.temps_C.push_back(11.0);
    if (reading.temps_C.size() > 4) reading.temps_C.resize(1);
    if (chance(500)) reading.charge_fet = chance(2);
    if (chance(500)) reading.max_charge_current_A = 20 + noise(10);
    if (chance(900)) reading.max_charge_current_A.reset();
    reading.balancing = chance(5);
    reading.balancing_cells = *reading.balancing ? std::vector<int>{1, 7} : std::vector<int>{};
    if (chance(600)) reading.alarms = {{Condition::charge_undertemperature, AlarmLevel::alarm}};
    if (chance(100)) reading.alarms.emplace();
    if (chance(100)) reading.alarms.reset();
    if (chance(4000)) reading.serial = "other";
    if (chance(2000)) pack.silent = std::uniform_int_distribution<int>(5, 400)(random_);
  }

  /// A user changes the limits of a battery, or gives them back to the file.
  void tune(Pack& pack) {
    pack.config = pack.file;
    std::map<std::string, double, std::less<>> values;
    if (!chance(4)) {
      pack.config.max_charge_a = values["max_charge_a"] = std::round(30 + noise(20));
      pack.config.cell_v_float = values["cell_v_float"] = snapped(3.375 + std::round(noise(5)) / 100);
      pack.config.soc_low_warning = values["soc_low_warning"] = std::round(30 + noise(10));
    }
    recorder.settings(pack.channel, values, now_);
  }

  void tune_bank() {
    bank_limits_ = {};
    bank_config_ = {};
    std::map<std::string, double, std::less<>> values;
    if (!chance(4)) {
      bank_limits_.cell_v_max = values["cell_v_max"] = snapped(3.45 + std::round(noise(3)) / 100);
      bank_config_.bank_max_charge_a = values["bank_max_charge_a"] = std::round(50 + noise(40));
    }
    recorder.settings(bank_channel_, values, now_);
  }

  void step(Pack& pack) {
    live(pack);
    if (chance(150)) tune(pack);
    limits::Input input;
    if (pack.silent > 0) --pack.silent;
    if (pack.silent == 0 && !chance(50)) input.reading = &pack.reading;
    limits::ShuntValues shunt{snapped(40 + noise(1)), 5.5};
    if (&pack == &packs_[0] && ms_ / 600000 % 2 == 0) input.shunt = &shunt;
    const limits::ExternalLimit external[] = {
        {"generator", limits::ExternalLimit::Source::external, 12.5, std::nullopt, std::nullopt, 30.0},
        {"user", limits::ExternalLimit::Source::user, std::nullopt, 33.0, std::nullopt, std::nullopt}};
    if (chance(300)) input.external = external;
    if (chance(700)) input.set_soc_pct = 70.5;
    input.rebulk = chance(900);
    input.acknowledge = chance(300);
    input.top_balance = chance(2000);
    input.charge_off = ms_ / 900000 % 3 == 1;
    recorder.before(pack.channel, pack.state, pack.device, now_);
    limits::step(pack.config, pack.device, pack.state, input, now_, pack.limits);
    recorder.after(pack.channel, input, pack.limits, now_);
    outputs.push_back({ms_, pack.name, text_of(pack.limits)});
  }

  void step_bank() {
    std::vector<limits::Member> members;
    for (const Pack& pack : packs_) {
      members.push_back({pack.name, &pack.config, &pack.device, &pack.state, &pack.limits});
    }
    if (chance(150)) tune_bank();
    limits::BankInput input;
    if (ms_ / 300000 % 2 == 0) input.soc_pct = snapped(std::round(noise(10) + 60));
    input.rebulk = chance(2000);
    recorder.before_bank(bank_channel_, bank_, now_);
    limits::step(bank_limits_, bank_config_, bank_, members, input, now_, bank_out_);
    recorder.after_bank(bank_channel_, input, packs_[0].reading, bank_out_, now_);
    outputs.push_back({ms_, "bank", text_of(bank_out_)});
  }

  void one() {
    for (Pack& pack : packs_) {
      advance(chance(2000) ? 700000 : std::uniform_int_distribution<int>(0, longest_step_ms / 10)(random_) * 10);
      step(pack);
      if (&pack != &packs_.front() && chance(2)) step_bank();
    }
    advance(30);
    recorder.observe(shunt_channel_, packs_[1].reading, now_);
    step_bank();
  }

  void advance(std::int64_t ms) {
    ms_ += ms;
    now_ += std::chrono::milliseconds(ms);
  }

  std::mt19937 random_;
  std::vector<Pack> packs_;
  std::size_t bank_channel_ = 0;
  std::size_t shunt_channel_ = 0;
  limits::Config bank_limits_;
  limits::BankConfig bank_config_;
  limits::BankState bank_;
  limits::Limits bank_out_;
  std::int64_t ms_ = 0;
  TimePoint now_{std::chrono::milliseconds(7123450)};
};

}  // namespace bms::recorder
