#pragma once

#include <nlohmann/json.hpp>

#include "bms/outcome.hpp"
#include "bms/reading.hpp"

namespace bms {

/// A Reading in the JSON of the command-line contract. Unknown quantities have no key; absent sensors are left out of
/// `temps_C`, unknown cells are null in `cells_V`. `t_s` is the time to print as "t".
nlohmann::ordered_json to_json(const Reading& reading, double t_s);

/// Changes in the same JSON: keys not named stay, null makes a quantity absent. Unknown keys are ignored. Throws
/// std::invalid_argument naming the key and its value when a type or range is wrong.
void apply_json(const nlohmann::json& changes, Reading& reading);

}  // namespace bms
