#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "limits/config.hpp"
#include "limits/engine.hpp"
#include "limits/output.hpp"

namespace bms::limits {

// Values of a line of the replay. All throw std::invalid_argument naming key, value and what is allowed.
[[noreturn]] void refuse(const std::string& what);
std::optional<double> number(const nlohmann::json& object, const char* key, double min, double max);
bool flag(const nlohmann::json& object, const char* key, bool otherwise);
std::string word(const nlohmann::json& object, const char* key, const std::string& otherwise);
/// A list of texts, or one text.
std::vector<std::string> words(const nlohmann::json& object, const char* key);

/// A limit from somebody else with its name, which ExternalLimit only refers to.
struct NamedLimit {
  std::string name;
  ExternalLimit limit;
};
/// "external": one object, or a list of them.
std::vector<NamedLimit> external_limits(const nlohmann::json& object);
std::vector<ExternalLimit> referring(const std::vector<NamedLimit>& limits);

/// One battery of a replay: what it reports, and its engine.
class Player {
 public:
  Player(std::string name, const Config& config);

  /// Takes a line's changes. Throws std::invalid_argument naming key and value.
  void apply(const nlohmann::json& changes);
  /// Takes "device" and "engine" of a recording: the state that its engine had then.
  void restore(const nlohmann::json& line);
  /// `arrives`: a Reading arrives in this step, if the link is there.
  const Limits& step(TimePoint now, bool arrives);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Device& device() const { return device_; }
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  void restore_device(const nlohmann::json& entry);
  void configure(const nlohmann::json& settings);

  std::string name_;
  Config file_;    ///< what config.ini says
  Config config_;  ///< with what a user had changed
  Device device_;
  bool device_known_ = false;  ///< told by a recording: what appears later changes nothing
  State state_;
  Limits limits_;
  Reading reading_;
  bool link_ = true;
  bool has_shunt_ = false;
  ShuntValues shunt_;
  bool charge_off_ = false, discharge_off_ = false, rebulk_ = false, top_balance_ = false, acknowledge_ = false;
  std::optional<double> set_soc_pct_;
  std::vector<NamedLimit> external_;
};

/// "settings" of a recording: keys of config.ini that a user had changed, with their values, on top of the file.
void apply_settings(const nlohmann::json& settings, Config& config, BankConfig* bank);

/// Seconds of a replay as a point in time of whole milliseconds.
TimePoint time_point(double t_s);

}  // namespace bms::limits
