#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>

#include "bms/reading.hpp"
#include "config/overrides.hpp"
#include "store/store.hpp"

namespace bms::daemon {

/// What users changed on the GX of one battery or of the bank.
struct UserChoice {
  config::Overrides::Values limits;  ///< by key of config.ini, see config::Overrides
  bool charge_off = false;
  bool discharge_off = false;
  friend bool operator==(const UserChoice&, const UserChoice&) = default;
};

/// The choices of all batteries by name, in a store of their own beside the state: they must survive a restart, and a
/// damaged state must not take them along. A change is on the disk a second later, a flood of them once a minute.
class UserSettings {
 public:
  UserSettings(boost::asio::io_context& loop, const std::filesystem::path& folder);

  /// Reads what was kept; what makes no sense is left out. The choices are checked again by who uses them.
  void load();
  /// To be changed in place, then changed().
  UserChoice& of(const std::string& name) { return choices_[name]; }
  void changed();
  /// Saves what is not saved yet; on the way out.
  void flush();

 private:
  void save();

  Store store_;
  boost::asio::steady_timer due_;
  std::map<std::string, UserChoice> choices_;
  TimePoint saved_{};
  bool waiting_ = false;
  std::string problem_;
};

}  // namespace bms::daemon
