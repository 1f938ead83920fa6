#include "limits/shaping.hpp"

#include <algorithm>

namespace bms::limits {

void follow(const Recovery& recovery, Shape& shape, double target_A, bool frozen, const Timing& time) {
  if (!above(target_A, shape.out_A)) {
    shape.out_A = std::min(shape.out_A, target_A);
    shape.shaping = Shaping::direct;
    shape.hold.stop();
    shape.ramping = false;
    return;
  }
  if (frozen) {
    shape.shaping = Shaping::frozen;
    shape.hold.stop();
    shape.ramping = false;
    return;
  }
  if (shape.out_A == 0 && below(target_A, recovery.zero_exit_A)) {
    shape.shaping = Shaping::zero_exit;
    shape.hold.stop();
    shape.ramping = false;
    return;
  }
  if (!shape.ramping && !shape.hold.held(true, time, recovery.hold_s)) {
    shape.shaping = Shaping::hold;
    return;
  }
  shape.ramping = true;
  shape.hold.stop();
  shape.shaping = Shaping::ramp;
  shape.out_A = std::min(target_A, shape.out_A + recovery.rate_A_s * time.dt_s);
  if (!above(target_A, shape.out_A)) {
    shape.ramping = false;
    shape.shaping = Shaping::direct;
  }
}

void start(Shape& shape, double target_A) {
  shape.out_A = shape.stored_A ? std::min(target_A, *shape.stored_A) : target_A;
  shape.stored_A.reset();
  shape.shaping = Shaping::direct;
  shape.hold.stop();
  shape.ramping = false;
}

void order_causes(Shape& shape, double target_A, std::vector<Cause>& causes) {
  std::size_t front = 0;
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (causes[i].value && at_most(*causes[i].value, target_A)) std::swap(causes[front++], causes[i]);
  }
  const bool recovering = above(target_A, shape.out_A);
  if (!recovering) {
    if (!causes.empty()) shape.restriction = causes.front();
    return;
  }
  if (shape.restriction.id.empty()) return;  // started below its target, with what the previous run published
  Cause cause = shape.restriction;
  cause.recovering = true;
  cause.countdown_s = 0;
  causes.insert(causes.begin(), cause);
}

void publish(const Recovery& recovery, const Shape& shape, double target_A, const Timing& time, CurrentLimit& out) {
  out.exact_A = shape.out_A;
  out.value_A = round_current(shape.out_A);
  out.target_A = target_A;
  out.shaping = shape.shaping;
  out.hold_remaining_s = shape.hold.remaining_s(time, recovery.hold_s);
}

}  // namespace bms::limits
