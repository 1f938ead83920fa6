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

}  // namespace bms::daemon
