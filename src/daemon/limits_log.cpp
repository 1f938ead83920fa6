#include "daemon/limits_log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace bms::daemon {
namespace {

struct Line {
  const char* name;
  const char* unit;
  double value;
  const std::vector<limits::Cause>& why;
};

std::string seen(const limits::Limits& limits) {
  const auto& events = limits.events;
  std::string text = fmt::format("pack {:.2f} V, highest cell {:.3f} V, spread {:.0f} mV", events.pack_V,
                                 events.highest_cell_V, events.spread_V * 1000);
  if (limits.soc_pct) text += fmt::format(", SoC {:.1f} %", *limits.soc_pct);
  return text;
}

}  // namespace

void tell_limits(LogFilter& filter, std::string_view name, const limits::Limits& limits, TimePoint now) {
  if (!limits.started) return;
  if (filter.changed("phase", to_string(limits.phase), now)) {
    spdlog::info("{}: {} at CVL {:.2f} V: {}", name, to_string(limits.phase), limits.cvl.value_V, seen(limits));
  }
  for (const Line& line :
       {Line{"CVL", "V", limits.cvl.value_V, limits.cvl.why}, Line{"CCL", "A", limits.ccl.value_A, limits.ccl.why},
        Line{"DCL", "A", limits.dcl.value_A, limits.dcl.why}}) {
    if (line.why.empty() || !filter.entered(line.name, line.why.front().id, now)) continue;
    spdlog::info("{}: {} {:.{}f} {}: {}", name, line.name, line.value, *line.unit == 'V' ? 2 : 1, line.unit,
                 line.why.front().text());
  }
}

}  // namespace bms::daemon
