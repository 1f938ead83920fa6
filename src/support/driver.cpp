#include "bms/driver.hpp"

namespace bms {

Conversation<Outcome<bool>> Driver::switch_charge(bool /*on*/) { co_return fail(Fault::unsupported); }
Conversation<Outcome<bool>> Driver::switch_discharge(bool /*on*/) { co_return fail(Fault::unsupported); }
Conversation<Outcome<bool>> Driver::set_soc(double /*soc_pct*/) { co_return fail(Fault::unsupported); }

Bytes Driver::redacted(ByteView /*request*/, ByteView received) const { return {received.begin(), received.end()}; }

}  // namespace bms
