#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "limits/bank.hpp"
#include "limits/state.hpp"
#include "tl/expected.hpp"

namespace bms::limits {

/// The whole state of an engine as a document with a version. Points in time of the system are not part of it.
nlohmann::json to_json(const State& state);
nlohmann::json to_json(const BankState& state);

/// The state that to_json() wrote; every number is checked, the error names the first key that is wrong. The next step
/// counts the time from `last_step`. After a restart of the program, restart() must follow.
tl::expected<State, std::string> state_from_json(const nlohmann::json& document, TimePoint last_step);
tl::expected<BankState, std::string> bank_state_from_json(const nlohmann::json& document, TimePoint last_step);

}  // namespace bms::limits
