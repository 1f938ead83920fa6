#pragma once

#include <boost/asio/io_context.hpp>
#include <string>

#include "config/config.hpp"
#include "daemon/identities.hpp"
#include "daemon/user_settings.hpp"
#include "outputs/outputs.hpp"
#include "recorder/recorder.hpp"
#include "victron/settings_client.hpp"

namespace bms::daemon {

/// What all parts of the daemon use.
struct Shared {
  boost::asio::io_context& loop;
  std::string bus_address;
  victron::SettingsClient& settings;
  outputs::Remote& remote;  ///< remote on/off, for all services
  UserSettings& user;
  Identities& identities;
  recorder::Recorder& recorder;
  /// A file with all that was recorded, to be read by whoever asks a service for it; -1: there is none.
  std::function<int()> recording;
  bool allow_control = false;
  /// Something that no retry mends (a bus name that belongs to another program): the daemon ends with exit code 3.
  std::function<void(const std::string& reason)> fatal;
};

}  // namespace bms::daemon
