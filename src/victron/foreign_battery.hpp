#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bms/reading.hpp"

namespace boost::asio {
class io_context;
}

namespace bms::victron {

/// A battery service of another program (`driver = dbus`) as a source of Readings: a SmartShunt that Venus OS owns, a
/// BMS on CAN. It is only read, never written to.
///
/// The service may come, go and change its owner at any time. Only what its present owner says counts. A program that
/// hangs keeps its name: one that neither announces anything nor answers gives no Readings.
class ForeignBattery {
 public:
  struct Options {
    std::string service;  ///< "com.victronenergy.battery.ttyS5"
    std::string address;  ///< D-Bus address, see bus_address()
    /// Time between two Readings; as long may a service be quiet until it is asked whether it still answers.
    std::chrono::milliseconds period = std::chrono::seconds(1);
  };
  /// Called from the loop, once per period, while the service lives and says that its device is there (/Connected).
  using OnReading = std::function<void(const Reading&)>;

  ForeignBattery(boost::asio::io_context& loop, Options options, OnReading on_reading);
  ForeignBattery(const ForeignBattery&) = delete;
  ForeignBattery& operator=(const ForeignBattery&) = delete;
  ~ForeignBattery();

  /// Begins to watch; nullopt, or why this service is never read: it is none of batteries, or one of ours, which would
  /// feed us our own values.
  std::optional<std::string> start();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bms::victron
