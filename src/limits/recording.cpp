#include "limits/recording.hpp"

#include <fmt/format.h>

#include <memory>

#include "limits/bank.hpp"
#include "limits/player.hpp"
#include "limits/state_json.hpp"
#include "limits/timing.hpp"

namespace bms::limits {
namespace {

using nlohmann::json;

/// The bank of a recording.
struct BankPlayer {
  std::vector<std::string> members;
  Config config;
  BankConfig bank_config;
  BankState state;
  Limits limits;
  std::optional<double> soc_pct;
  bool charge_off = false, discharge_off = false;
};

class Recording {
 public:
  Recording(const ReplayOptions& options, const ReplaySink& sink) : options_(options), sink_(sink) {
    configure_bank(json::object());
  }

  /// Throws std::invalid_argument.
  void take(const json& line) {
    const auto t_s = number(line, "t", -kMaxTime_s, kMaxTime_s);
    if (!t_s) refuse("t: missing: every line needs its time in s");
    if (*t_s < last_s_) refuse(fmt::format("t: {:g}: must not be before the line above ({:g})", *t_s, last_s_));
    last_s_ = *t_s;
    if (options_.until && *t_s > *options_.until) return;
    const std::string name = word(line, "battery", "battery");
    if (flag(line, "bank", false)) return take_bank(name, *t_s, line);
    Player& player = player_of(name);
    player.restore(line);
    player.apply(line);
    const std::string step = word(line, "step", "");
    if (step.empty()) return;
    if (step != "reading" && step != "silence") refuse(fmt::format("step: \"{}\": must be reading or silence", step));
    sink_(*t_s, name, player.step(time_point(*t_s), step == "reading"));
  }

 private:
  Player& player_of(const std::string& name) {
    for (const auto& player : players_) {
      if (player->name() == name) return *player;
    }
    return *players_.emplace_back(std::make_unique<Player>(name, config_for(options_, name)));
  }

  void configure_bank(const json& settings) {
    bank_.config = options_.bank_limits.value_or(options_.config);
    bank_.bank_config = options_.bank_config;
    apply_settings(settings, bank_.config, &bank_.bank_config);
  }

  void take_bank(const std::string& name, double t_s, const json& line) {
    if (line.contains("settings") || line.contains("engine")) configure_bank(line.value("settings", json::object()));
    if (line.contains("members")) bank_.members = words(line, "members");
    if (line.contains("engine")) {
      auto state = bank_state_from_json(line["engine"], time_point(number(line, "engine_t", -1e9, 1e9).value_or(0)));
      if (!state) refuse("engine: " + state.error());
      bank_.state = std::move(*state);
    }
    if (line.contains("bank_soc_pct")) bank_.soc_pct = number(line, "bank_soc_pct", 0, 100);
    bank_.charge_off = flag(line, "charge_off", bank_.charge_off);
    bank_.discharge_off = flag(line, "discharge_off", bank_.discharge_off);
    if (!line.contains("step")) return;
    BankInput input;
    input.soc_pct = bank_.soc_pct;
    input.charge_off = bank_.charge_off;
    input.discharge_off = bank_.discharge_off;
    const auto named = external_limits(line);
    const auto external = referring(named);
    input.external = external;
    for (const auto& request : words(line, "request")) {
      input.rebulk = input.rebulk || request == "rebulk";
      input.top_balance = input.top_balance || request == "top_balance";
      input.acknowledge = input.acknowledge || request == "acknowledge";
    }
    std::vector<Member> members;
    for (const auto& member : bank_.members) {
      const Player& player = player_of(member);
      members.push_back({player.name(), &player.config(), &player.device(), &player.state(), &player.limits()});
    }
    limits::step(bank_.config, bank_.bank_config, bank_.state, members, input, time_point(t_s), bank_.limits);
    sink_(t_s, name, bank_.limits);
  }

  const ReplayOptions& options_;
  const ReplaySink& sink_;
  std::vector<std::unique_ptr<Player>> players_;
  BankPlayer bank_;
  double last_s_ = -kMaxTime_s;
};

}  // namespace

const Config& config_for(const ReplayOptions& options, const std::string& battery) {
  for (std::string name = battery;;) {
    if (const auto own = options.configs.find(name); own != options.configs.end()) return own->second;
    const auto underscore = name.rfind('_');
    if (underscore == std::string::npos) return options.config;
    name.resize(underscore);
  }
}

bool begins_recording(const std::string& line) {
  const auto first = json::parse(line, nullptr, false);
  return first.is_object() && first.contains("recording");
}

std::vector<ReplayProblem> replay_recording(std::istream& lines, std::size_t number, const ReplayOptions& options,
                                            const ReplaySink& sink) {
  Recording recording(options, sink);
  std::string text;
  while (std::getline(lines, text)) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const json line = json::parse(text);
      if (!line.is_object()) refuse("must be one JSON object");
      recording.take(line);
    } catch (const json::exception& error) {
      return {{number, fmt::format("not JSON: {}", error.what())}};
    } catch (const std::invalid_argument& error) {
      return {{number, error.what()}};
    }
  }
  return {};
}

}  // namespace bms::limits
