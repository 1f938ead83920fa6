#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "daemon/bank.hpp"
#include "daemon/battery.hpp"

namespace bms::daemon {

/// What the status page shows: {"batteries": [{"id", "name", "bank", "connection", "reading", "limits", "alarms",
/// "link"}]}, the bank first.
nlohmann::ordered_json web_status(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank);

/// The last 24 h for the plots, by the same ids: {"dbusbms_rack": {"t": [..], "voltage_V": [..], ..}}, at most 300
/// points each.
nlohmann::ordered_json web_history(const std::vector<std::unique_ptr<Battery>>& batteries, const Bank* bank,
                                   const recorder::Recorder& recorder, TimePoint now);

}  // namespace bms::daemon
