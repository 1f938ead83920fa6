#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace bms::daemon {

/// Which device a serial number stands for. Some makers give all their boards the same one: those are told apart by
/// where they are connected, and stay apart over restarts, whoever answers first.
class Identities {
 public:
  explicit Identities(const std::filesystem::path& folder);

  struct Device {
    std::string id;      ///< key of instance and name
    std::string serial;  ///< as shown where it differs from the BMS's own; empty: it is unique
  };
  struct Claim {
    std::string serial;
    std::string position;  ///< port and address
    std::string name;      ///< for the log
    /// The serial as shown from now on: another battery with the same one has appeared.
    std::function<void(const std::string& serial)> told_apart;
  };
  Device claim(Claim claim);
  /// The battery at `position` no longer has this serial number.
  void release(const std::string& serial, const std::string& position);

 private:
  void load();

  Store store_;
  bool loaded_ = false;
  std::map<std::string, std::vector<Claim>> live_;
  std::map<std::string, std::string> first_;  ///< of serials that are not unique: position of the one that was first
};

}  // namespace bms::daemon
