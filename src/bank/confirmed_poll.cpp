#include "bank/confirmed_poll.hpp"

namespace bms {

Conversation<Outcome<Reading>> confirmed_poll(PollContext context) {
  for (;;) {
    Outcome<Reading> reading = co_await context.driver.poll(context.now());
    if (!reading) {
      context.gate.abandon();
      co_return reading;
    }
    reading->time = context.now();
    std::string doubt;
    JumpGate::Verdict verdict = JumpGate::Verdict::reject;
    if (auto wrong = impossible(*reading)) {
      doubt = *wrong;
      context.gate.abandon();
    } else {
      verdict = context.gate.judge(*reading);
      doubt = context.gate.reason();
    }
    if (verdict == JumpGate::Verdict::accept) co_return reading;
    if (context.on_doubt) context.on_doubt(doubt);
    if (verdict == JumpGate::Verdict::reject) {
      context.health.add(Fault::implausible);
      co_return fail(Fault::implausible);
    }
    ++context.health.repeated;
    if (context.gate.slow_facts()) context.driver.refresh();
  }
}

}  // namespace bms
