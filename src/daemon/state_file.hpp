#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/bank.hpp"
#include "daemon/battery.hpp"
#include "outputs/outputs.hpp"
#include "store/store.hpp"

namespace bms::daemon {

/// What batteries and bank keep over a restart, in the store of `folder`.
class StateFile {
 public:
  explicit StateFile(const std::string& folder) : store_(folder, "state") {}

  /// The position of the remote switch on D-Bus is kept too.
  void keep(outputs::Remote& remote) { remote_ = &remote; }
  /// Gives each battery and the bank (nullptr: there is none) its part of what was saved.
  void restore(const std::vector<std::unique_ptr<Battery>>& batteries, Bank* bank);
  /// Saves when the last save is long enough ago (flash wears).
  void save_when_due(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank, TimePoint now);
  /// Saves now. `durable` waits for the flash: only on the way out.
  void save(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank, TimePoint now, bool durable);

  [[nodiscard]] const std::filesystem::path& folder() const { return store_.folder(); }

 private:
  Store store_;
  outputs::Remote* remote_ = nullptr;
  TimePoint saved_{};
  std::string problem_;
};

}  // namespace bms::daemon
