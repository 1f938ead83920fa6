#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace bms::daemon {

/// Which device a serial number stands for. Some makers give all their boards the same one: those are told apart by
/// where they are connected, and stay apart over restarts, whoever answers first. One of them that is moved to another
/// place keeps what it is known by, as long as there is no doubt which one it is.
class Identities {
 public:
  explicit Identities(const std::filesystem::path& folder);

  struct Device {
    std::string id;      ///< key of instance and name
    std::string serial;  ///< as shown where it differs from the BMS's own; empty: it is unique
  };
  struct Claim {
    std::string serial;
    std::string position;  ///< port, and " address N" where the driver has addresses
    std::string name;      ///< for the log
    /// The serial as shown from now on: another battery with the same one has appeared.
    std::function<void(const std::string& serial)> told_apart;
  };
  /// The configuration has a battery at `position`: what is known there is not looked for elsewhere.
  void expect(std::string position) { expected_.insert(std::move(position)); }
  /// A battery of the configuration is on `port`; its address is known when it is identified (`driver = auto`).
  void expect_somewhere_on(std::string port) { unidentified_.insert(std::move(port)); }
  /// The battery of `port` is identified: it is at `position`.
  void found(const std::string& port, std::string position);
  Device claim(Claim claim);
  /// The battery at `position` no longer has this serial number.
  void release(const std::string& serial, const std::string& position);

 private:
  /// Of one serial number that is not unique: where each device was seen last, by id.
  using Twins = std::map<std::string, std::string>;

  void load();
  void save();
  [[nodiscard]] bool absent(const std::string& serial, const std::string& position) const;
  std::string id_at(const Claim& claim, Twins& known);

  Store store_;
  bool loaded_ = false;
  std::set<std::string> expected_;
  std::multiset<std::string> unidentified_;  ///< ports
  std::map<std::string, std::vector<Claim>> live_;
  std::map<std::string, Twins> known_;
};

}  // namespace bms::daemon
