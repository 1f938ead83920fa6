#include "bms/driver.hpp"

#include <algorithm>

namespace bms {

Conversation<Outcome<bool>> Driver::switch_charge(bool /*on*/) { co_return fail(Fault::unsupported); }
Conversation<Outcome<bool>> Driver::switch_discharge(bool /*on*/) { co_return fail(Fault::unsupported); }
Conversation<Outcome<bool>> Driver::set_soc(double /*soc_pct*/) { co_return fail(Fault::unsupported); }

const DriverInfo* find_driver(std::string_view name) {
  const auto all = drivers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const DriverInfo& info) { return info.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace bms
