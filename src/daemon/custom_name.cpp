#include "daemon/custom_name.hpp"

#include <spdlog/spdlog.h>

#include "config/overrides.hpp"

namespace bms::daemon {

void CustomName::begin(const std::string& device_id, const std::string& kept, Show show) {
  device_id_ = device_id;
  given_ = kept;
  show_ = std::move(show);
  settings_.watch_custom_name(device_id, [this, device_id](const std::string& name) {
    // Another battery may have taken the place of the one whose name this is.
    if (device_id == device_id_) take(name);
  });
}

void CustomName::take(const std::string& name) {
  given_ = name;
  show_(shown());
}

victron::WriteAnswer CustomName::write(const std::string& name) {
  if (const auto allowed = config::check_name(name); allowed && !name.empty()) {
    return victron::WriteAnswer::refuse(*allowed);
  }
  settings_.store_custom_name(device_id_, name);
  take(name);
  if (log_.changed("name", shown(), Clock::now())) spdlog::info("{}: renamed to \"{}\"", label_, shown());
  return victron::WriteResult::done;
}

}  // namespace bms::daemon
