#pragma once

#include <nlohmann/json.hpp>

#include "limits/output.hpp"

namespace bms::limits {

/// Limits in the JSON of the command-line contract, with target, shaping, alarms and notes beside. `t_s`: printed "t".
nlohmann::ordered_json to_json(const Limits& limits, double t_s);
/// Only the reasons: {"cvl": [..], "ccl": [..], "dcl": [..]}, the binding constraint first.
nlohmann::ordered_json why_to_json(const Limits& limits);

}  // namespace bms::limits
