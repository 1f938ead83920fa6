#include "limits/output.hpp"

#include <array>
#include <cmath>

namespace bms::limits {
namespace {

template <class Enum, std::size_t Size>
std::string_view name(const std::array<std::string_view, Size>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view to_string(Phase phase) {
  constexpr std::array<std::string_view, 4> kNames = {"start", "bulk", "absorption", "float"};
  return name(kNames, phase);
}

std::string_view to_string(TopBalance top_balance) {
  constexpr std::array<std::string_view, 5> kNames = {"off", "pending", "active", "done", "failed"};
  return name(kNames, top_balance);
}

std::string_view to_string(Freshness freshness) {
  constexpr std::array<std::string_view, 4> kNames = {"none", "fresh", "stale", "lost"};
  return name(kNames, freshness);
}

std::string_view to_string(Shaping shaping) {
  constexpr std::array<std::string_view, 5> kNames = {"direct", "hold", "ramp", "zero_exit", "frozen"};
  return name(kNames, shaping);
}

std::string_view to_string(BalancerState balancer) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "balanced", "balancing", "imbalanced"};
  return name(kNames, balancer);
}

void reset(Limits& out) {
  Limits empty;
  for (auto [from, to] :
       {std::pair{&out.cvl.why, &empty.cvl.why}, {&out.ccl.why, &empty.ccl.why}, {&out.dcl.why, &empty.dcl.why}}) {
    from->clear();
    to->swap(*from);
  }
  out.notes.clear();
  empty.notes.swap(out.notes);
  out = std::move(empty);
}

double round_current(double current_A) { return std::floor(current_A * 10 + 1e-6) / 10; }

double round_voltage(double voltage_V) { return std::round(voltage_V * 100) / 100; }

}  // namespace bms::limits
