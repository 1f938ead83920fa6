#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "history/history.hpp"

namespace bms::history {

/// The whole history as a document with a version.
nlohmann::json to_json(const State& state);

/// What to_json() wrote. Whoever wrote the file: every value is checked; the error names the first key that is wrong.
tl::expected<State, std::string> from_json(const nlohmann::json& document);

}  // namespace bms::history
